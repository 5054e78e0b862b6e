// tfjs-core's tests in Node: a bundle of this file is a program that takes a run's options as JSON and prints a
// line of JSON for each test.

import process from 'node:process'
import { webgpu } from '@alexnet/backend-webgpu/node'
import { runSuite } from './run.ts'
import { tfjsWebGPU } from './tfjs-webgpu.ts'

const options = JSON.parse(process.argv[2]!)
try {
  await runSuite({
    ...options,
    runtime: 'node',
    onResult: (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
    webgpu: {
      adapter: () => webgpu({ software: true }),
      async tfjs() {
        // Ours finds the driver; its device is its own.
        const adapter = webgpu({ software: true })
        const supported = await adapter.isSupported()
        if (supported !== true) throw new Error(supported)
        return tfjsWebGPU()
      },
    },
  })
  process.exit()
} catch (error) {
  // Jasmine takes what nobody catches.
  console.error(error)
  process.exit(1)
}
