// tfjs-core's tests in a page: a bundle of this file is the page's script. It takes a run's options from the page's
// address, tells the window's `tell` of each test, and at the end `finish`.

import { webgpu } from '@alexnet/backend-webgpu'
import { runSuite, type SpecResult } from './run.ts'
import { tfjsWebGPU } from './tfjs-webgpu.ts'

const host = globalThis as unknown as {
  tell(result: SpecResult): Promise<void>
  finish(error?: string): void
}
/** What is still being told: the page is closed once it has finished. */
const told: Promise<void>[] = []
try {
  await runSuite({
    ...JSON.parse(new URLSearchParams(location.search).get('run')!),
    runtime: 'chromium',
    onResult: (result) => void told.push(host.tell(result)),
    webgpu: { adapter: () => webgpu({ software: true }), tfjs: tfjsWebGPU },
  })
  await Promise.all(told)
  host.finish()
} catch (error) {
  host.finish(error instanceof Error ? error.message : String(error))
}
