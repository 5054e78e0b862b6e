// WebGPU in Node over Dawn: on a GPU where there is one, otherwise on the software driver of Chromium, which
// gets a share of the random shapes, and large networks when asked for (`npm run -s conformance -- --thorough`).

import process from 'node:process'
import { inspectWebGPU, webgpu } from '@alexnet/backend-webgpu/node'
import { describe, it } from 'vitest'
import { thorough as asked } from '../thorough.ts'
import type { Suite, TestedBackend } from './backends.ts'
import { holdTo } from './suites.ts'

const report = await inspectWebGPU({ software: true })

/** Whether to take the minutes that a software driver needs for everything. */
export const thorough = !report.software || asked

const dawnBackend: TestedBackend = {
  name: 'alexnet-webgpu',
  adapter: () => webgpu({ software: true }),
  fast: true,
  quantized: true,
  share: thorough ? 1 : 0.15,
}

/** Declares tests on it; where there is no driver, one that says so, and that fails where REQUIRE_DEVICES is set. */
export function onDawn(tests: (backend: TestedBackend) => void): void {
  if (report.available) {
    tests(dawnBackend)
    return
  }
  const reason = report.reason ?? 'no WebGPU'
  describe(dawnBackend.name, () => {
    it.skipIf(!process.env.REQUIRE_DEVICES)(`skipped: ${reason}`, () => {
      throw new Error(`REQUIRE_DEVICES tests on every backend: ${reason}`)
    })
  })
}

/** Runs suites on it. */
export const holdDawnTo = (suites: Record<string, Suite>) =>
  onDawn((backend) => holdTo(backend, suites))
