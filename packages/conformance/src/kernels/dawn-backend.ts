// WebGPU in Node over Dawn: on a GPU where there is one, otherwise on the software driver of Chromium, which
// gets a share of the random shapes, and large networks when asked for (`npm run -s conformance -- --thorough`).

import process from 'node:process'
import { inspectWebGPU, webgpu } from '@alexnet/backend-webgpu/node'
import { describe, it } from 'vitest'
import { thorough as asked, wide } from '../thorough.ts'
import type { Suite, TestedBackend } from './backends.ts'
import { holdTo } from './suites.ts'

const report = await inspectWebGPU({ software: true })

/** Whether to take the minutes that a software driver needs for everything. */
export const thorough = !report.software || asked

const dawnBackend: TestedBackend = {
  name: 'alexnet-webgpu',
  adapter: () => webgpu({ software: true }),
  fast: true,
  sums: 'float32',
  quantized: true,
  share: thorough ? 1 : wide ? 0.15 : 0.08,
}

/** The same on a device that is taken for one without subgroups. */
export const dawnWithoutSubgroups: TestedBackend = {
  ...dawnBackend,
  name: 'alexnet-webgpu-without-subgroups',
  adapter: () =>
    webgpu({ software: true, name: 'alexnet-webgpu-without-subgroups', subgroups: false }),
}

/** Declares tests on it; where there is no driver, one that says so, and that fails where REQUIRE_DEVICES is set. */
export function onDawn(tests: (backend: TestedBackend) => void, backend = dawnBackend): void {
  if (report.available) {
    tests(backend)
    return
  }
  const reason = report.reason ?? 'no WebGPU'
  describe(backend.name, () => {
    it.skipIf(!process.env.REQUIRE_DEVICES)(`skipped: ${reason}`, () => {
      throw new Error(`REQUIRE_DEVICES tests on every backend: ${reason}`)
    })
  })
}

/** Runs suites on it. */
export const holdDawnTo = (suites: Record<string, Suite>, backend = dawnBackend) =>
  onDawn(() => holdTo(backend, suites), backend)
