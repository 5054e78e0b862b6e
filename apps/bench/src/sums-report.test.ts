import { expect, it } from 'vitest'
import { formatSums, formatSumsRecord, type SumsResult } from './sums-report.ts'

const around = (median: number) => ({ median, low: median * 0.9, high: median * 1.1 })

const result: SumsResult = {
  task: 'sums',
  rounds: 5,
  device: 'a GPU',
  features: ['subgroups'],
  software: 'Node 24',
  tfjs: '4.1',
  machine: {
    date: '2026-01-31T00:00:00Z',
    processor: 'a processor',
    processors: 2,
    load: 0,
    memoryGigabytes: 8,
    system: 'Linux',
    node: '24',
    v8: '13',
    commit: 'abc',
  },
  sums: [
    {
      name: 'loss, gradient 128 × 1000',
      milliseconds: { subgroups: around(1), alexnet: around(2), tfjs: around(4) },
      ratio: { subgroups: around(0.25), alexnet: around(0.5) },
    },
    {
      name: 'sum of columns',
      milliseconds: { alexnet: around(6), tfjs: around(4) },
      ratio: { alexnet: around(1.5) },
    },
  ],
}

it('shows the three side by side in 80 columns', () => {
  const text = formatSums(result)
  expect(text).toMatch(/loss, gradient 128 × 1000 +1\.00 +2\.00 +4\.00 +0\.250, 0\.500/)
  expect(text).toMatch(/sum of columns +6\.00 +4\.00 +1\.500/)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

it('is a record with the losses first', () => {
  const record = formatSumsRecord(result)
  expect(record).toContain("sum of columns: SLOWER: 1.500 of tfjs's time.")
  expect(record).toContain("0.250 of tfjs's time, 0.50 of what it takes without subgroups.")
  expect(record.indexOf('SLOWER')).toBeLessThan(record.indexOf('0.250 of'))
  expect(record).toContain('npm run -s bench -- sums --rounds 5')
  const heads = ['Question and answer', 'Machine', 'Software', 'Command', 'Table', 'Numbers agree']
  const places = heads.map((head) => record.indexOf(`\n## ${head}\n`))
  expect(places.every((place, at) => place > (places[at - 1] ?? 0))).toBe(true)
})
