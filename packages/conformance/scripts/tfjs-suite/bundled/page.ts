// tfjs-core's tests in a page: a bundle of this file is the page's script. It takes a run's options from the page's
// address, tells the window's `tell` of each test, and at the end `finish`.

import { webgpu } from '@alexnet/backend-webgpu'
import { runSuite, type SpecResult } from './run.ts'
import { tfjsWebGPU } from './tfjs-webgpu.ts'

const host = globalThis as unknown as {
  tell(result: SpecResult): void
  finish(error?: string): void
}
try {
  await runSuite({
    ...JSON.parse(new URLSearchParams(location.search).get('run')!),
    runtime: 'chromium',
    onResult: (result) => host.tell(result),
    webgpu: { adapter: () => webgpu({ software: true }), tfjs: tfjsWebGPU },
  })
  host.finish()
} catch (error) {
  host.finish(error instanceof Error ? error.message : String(error))
}
