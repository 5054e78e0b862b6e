import { expect, it } from 'vitest'
import { fuzz, fuzzSamples } from '../scripts/fuzz.ts'

it('gives tensors or a CheckpointError for 4,000 damaged files of every format, soon', async () => {
  const samples = await fuzzSamples(new URL('../fixtures/', import.meta.url))
  expect(samples.length).toBeGreaterThan(20)
  const report = await fuzz(samples, 4000, 7)
  expect(report.read + report.refused).toBe(4000)
  expect(report.refused).toBeGreaterThan(2000)
  expect(report.slowestMs).toBeLessThan(5000)
})
