import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Experiment } from './experiments.ts'
import { recorded, recordedCurve, report, spread, summarize, table } from './report.ts'
import { isDone, runsOf } from './run.ts'

const experiment: Experiment = {
  title: 'Two ways',
  claim: 'one is faster',
  measure: 'training',
  target: 25,
  groups: [
    { name: 'fast way', options: ['--recipe', 'a'] },
    { name: 'slow', options: ['--recipe', 'b', '--freeze', 'features.*'] },
  ],
  seeds: 2,
}

let out: string
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'experiments-'))
})
afterEach(() => rmSync(out, { recursive: true }))

function writeRun(folder: string, accuracies: number[], epochs = accuracies.length) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ recipe: { epochs } }))
  const lines = accuracies.flatMap((top1, index) => [
    { type: 'step', step: index, loss: 1 },
    { type: 'epoch', epoch: index + 1, seconds: 10, train: { loss: 1, top1 } },
  ])
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  // A line that is still being written.
  writeFileSync(join(folder, 'log.jsonl'), `${text}{"type":"epo`)
}

test('runs are named by group and seed, seeds one after the other', () => {
  const runs = runsOf('x', experiment, { out, seeds: undefined })
  expect(runs.map(({ folder }) => folder.slice(out.length))).toEqual([
    '/x/fast-way-0',
    '/x/slow-0',
    '/x/fast-way-1',
    '/x/slow-1',
  ])
})

test('beside errors on other pictures stand those on the training pictures', () => {
  const own: Experiment = { ...experiment, measure: 'test', target: undefined }
  const runs = runsOf('x', own, { out, seeds: 1 })
  for (const { folder } of runs) writeRun(folder, [0.5, 0.875])
  const result = summarize('x', own, runs)
  expect(result.groups[0]!.curves[0]!.training).toBe(12.5)
  expect(table(result)).toContain('| fast way | 1 | 12.50 % | 12.50 % |')
  // Runs of before had none.
  const [first] = result.groups
  delete first!.curves[0]!.training
  expect(table(result)).toContain('| fast way | 1 | 12.50 % | `')
})

test('only finished runs count, and the epoch that reaches the target is found', () => {
  const runs = runsOf('x', experiment, { out, seeds: undefined })
  writeRun(runs[0]!.folder, [0.5, 0.75, 0.8])
  writeRun(runs[2]!.folder, [0.6, 0.7, 0.76])
  writeRun(runs[1]!.folder, [0.3, 0.4, 0.5])
  writeRun(runs[3]!.folder, [0.3], 3)
  expect(runs.map(isDone)).toEqual([true, true, true, false])
  const { groups } = summarize('x', experiment, runs)
  expect(groups[0]!.curves.map(({ reached }) => reached)).toEqual([2, 3])
  expect(groups[0]!.reached?.mean).toBe(2.5)
  expect(groups[0]!.error).toEqual({ mean: 22, deviation: 2.828 })
  expect(groups[1]!.curves).toHaveLength(1)
  expect(groups[1]!.reached).toBeNull()
  writeRun(runs[3]!.folder, [0.3, 0.8])
  expect(table(summarize('x', experiment, runs))).toContain('| 1 of 2, in 2; the rest not in 3 |')
})

test('a run is done where it reaches the target, whatever epochs it was given', () => {
  const runs = runsOf('x', experiment, { out, seeds: 1 })
  writeRun(runs[0]!.folder, [0.5, 0.75], 10)
  writeRun(runs[1]!.folder, [0.5, 0.74], 10)
  expect(runs.map(isDone)).toEqual([true, false])
  const test = runsOf('x', { ...experiment, measure: 'test' }, { out, seeds: 1 })
  expect(test.map(isDone)).toEqual([true, false])
})

test('writes the curves, a drawing and a table with the commands', async () => {
  const runs = runsOf('x', experiment, { out, seeds: undefined })
  writeRun(runs[0]!.folder, [0.5, 0.75])
  writeRun(runs[1]!.folder, [0.3, 0.4])
  const docs = join(out, 'docs')
  await report('x', experiment, runs, docs)
  const read = (name: string) => readFileSync(join(docs, name), 'utf8')
  const result = JSON.parse(read('x.json'))
  expect(result.groups[0].curves[0].errors).toEqual([50, 25])
  expect(read('x.md')).toBe(table(result))
  expect(read('x.md')).toContain('| slow | 1 | 60.00 % | not in 2 (least 60.0 %) |')
  expect(read('x.md')).toContain('`alexnet train DATA --recipe a`')
  expect(read('x.md')).toContain("--recipe b --freeze 'features.*'`")
  expect(read('x.svg')).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  expect(read('x.svg')).toContain('fast way')
})

test('keeps what is written down, unless its options have changed', async () => {
  const runs = runsOf('x', experiment, { out, seeds: undefined })
  writeRun(runs[0]!.folder, [0.5, 0.75])
  const docs = join(out, 'docs')
  const read = (name: string) => readFileSync(join(docs, name), 'utf8')
  await report('x', experiment, runs, docs)
  rmSync(runs[0]!.folder, { recursive: true })
  writeRun(runs[2]!.folder, [0.6, 0.8])
  const before = recorded('x', docs)
  expect(runs.map((run) => recordedCurve(before, run) !== undefined)).toEqual([
    true,
    false,
    false,
    false,
  ])
  await report('x', experiment, runs, docs)
  expect(recorded('x', docs)!.groups[0]!.curves.map(({ errors }) => errors)).toEqual([
    [50, 25],
    [40, 20],
  ])
  expect(recorded('x', docs)!.missing).toEqual({ slow: 2 })
  expect(read('x.md')).toContain('Not run yet: slow, 2 of its runs.')
  // Fewer seeds asked for lose none of those that are there.
  await report('x', experiment, runsOf('x', experiment, { out, seeds: 1 }), docs)
  expect(recorded('x', docs)!.groups[0]!.curves).toHaveLength(2)
  const changed = { ...runs[0]!, options: ['--recipe', 'other'] }
  expect(recordedCurve(before, changed)).toBeUndefined()
  expect(recorded('y', docs)).toBeUndefined()
})

test('spread of one value is zero', () => {
  expect(spread([3])).toEqual({ mean: 3, deviation: 0 })
})
