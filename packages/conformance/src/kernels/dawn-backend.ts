// WebGPU in Node over Dawn: on a GPU where there is one, otherwise on the software driver of Chromium, which
// gets a share of the random shapes, and AlexNet's own and large networks when asked for
// (`npm run -s conformance -- --thorough`).

import process from 'node:process'
import { inspectWebGPU, webgpu } from '@alexnet/backend-webgpu/node'
import { describe, it, vi } from 'vitest'
import type { Suite, TestedBackend } from './backends.ts'
import { holdTo } from './suites.ts'

const report = await inspectWebGPU({ software: true })

/** Whether to take the minutes that a software driver needs for everything. */
export const thorough = !report.software || process.env.CONFORMANCE === 'thorough'

export const dawnBackend: TestedBackend = {
  name: 'alexnet-webgpu',
  adapter: () => webgpu({ software: true }),
  fast: thorough,
  share: thorough ? 1 : 0.15,
}

/** Runs suites on it, or one that says why they are skipped. */
export function holdDawnTo(suites: Record<string, Suite>): void {
  // A software driver on a machine that does other things too.
  vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })
  if (report.available) holdTo(dawnBackend, suites)
  else describe(dawnBackend.name, () => it.skip(report.reason ?? 'no WebGPU', () => {}))
}
