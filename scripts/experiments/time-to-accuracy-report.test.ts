import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type Comparison,
  type Epoch,
  reach,
  report,
  summarize,
  table,
} from './time-to-accuracy-report.ts'

const epochs = (seconds: number, tests: readonly number[]): Epoch[] =>
  tests.map((accuracy, index) => ({
    epoch: index + 1,
    seconds,
    loss: 1,
    training: accuracy,
    test: accuracy,
  }))

const comparison: Comparison = {
  machine: {
    date: '2020-01-01',
    processor: 'A',
    processors: 2,
    node: '24',
    pytorch: '1.13',
  },
  recipe: {},
  options: { recipe: 'cifar-fast', epochs: 4 },
  threads: 2,
  targets: [75, 84],
}
const runs = {
  ours: epochs(8, [0.5, 0.76, 0.84, 0.85]),
  pytorch: epochs(10, [0.5, 0.74, 0.8, 0.83]),
  plain: epochs(9, [0.5]),
}

test('a target is reached by the first epoch at it or above, after all training until then', () => {
  expect(reach(runs.ours, 75)).toEqual({ epoch: 2, seconds: 16 })
  expect(reach(runs.ours, 84)).toEqual({ epoch: 3, seconds: 24 })
  // 0.29 · 100 is 28.999999999999996.
  expect(reach(epochs(1, [0.29]), 29)).toEqual({ epoch: 1, seconds: 1 })
  expect(reach(runs.pytorch, 84)).toBeNull()
})

test('ratios are our time by the time of PyTorch, over what both have', () => {
  const result = summarize(comparison, { ...runs, ours: runs.ours.slice(0, 3) })
  expect(result.reached.map(({ ratio }) => ratio)).toEqual([0.533, null])
  expect(result.secondsAnEpoch).toEqual({ ours: 8, pytorch: 10, ratio: 0.8 })
  expect(result.plain).toEqual({ seconds: 9, ratio: 0.9 })
  expect(summarize(comparison, { ...runs, plain: [] }).plain).toBeNull()
})

test('the table says what was not reached', () => {
  const text = table(summarize(comparison, runs))
  expect(text).toContain('| 75 % of the test pictures | 16 s (epoch 2) | 30 s (epoch 3) | 0.53 |')
  expect(text).toContain('| 84 % of the test pictures | 24 s (epoch 3) | not reached | – |')
  expect(text).toContain('| an epoch of ours without `--widen` | 9.0 s |  | 0.90 |')
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'time-to-accuracy-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('curves, table and plot are written; nothing is while an engine has no epoch', () => {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const { table: text } = report(comparison, runs, folder)
  expect(read('time-to-accuracy.md')).toBe(text)
  const stored = JSON.parse(read('time-to-accuracy.json'))
  expect(stored).toMatchObject({ name: 'time-to-accuracy', runs, threads: 2 })
  const plot = read('time-to-accuracy.svg')
  expect(plot).toMatch(/^<svg [^>]*xmlns=/)
  expect(plot.match(/<circle/g)).toHaveLength(8)
  expect(() => report(comparison, { ...runs, pytorch: [] }, folder)).toThrow(/nothing to report/)
})
