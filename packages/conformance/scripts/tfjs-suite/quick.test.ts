// A quick share of tfjs-core's own tests on the CPU backend; `npm run -s conformance -- --tfjs` runs them all on
// every backend.

import { expect, it } from 'vitest'
import { suiteBackends } from './bundled/backends.ts'
import { compareRuns } from './compare.ts'
import { launch } from './launch.ts'

it("tfjs-core's tests of what this backend computes itself", async () => {
  const backend = suiteBackends.find(({ name }) => name.endsWith('relaxed-simd, 2 threads'))!
  const only =
    '^(conv2d|pool|maxPool|avgPool|matmul|fused|sum|mean|pow|sigmoid|relu|pad|slice|concat)'
  const run = await launch({ backend, runtime: 'node', only })
  // tfjs's cpu passes all of them.
  const row = compareRuns(backend, 'node', run, { results: [] })
  expect(row.error).toBeUndefined()
  expect(row.tests).toBeGreaterThan(300)
  expect(row.faults).toEqual([])
  expect(row.passedAfterAll).toEqual([])
  expect(row.different.length).toBeGreaterThanOrEqual(5)
})
