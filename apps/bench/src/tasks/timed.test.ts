import { expect, it } from 'vitest'
import type { Engine } from '../engine-process.ts'
import type { Absent } from '../results.ts'
import { gradientDifference, judge, outputDifference, type Right } from './timed.ts'

async function judged(difference: number | Error) {
  const absent: Absent[] = []
  const right: Right[] = []
  const engine = { ask: async () => {}, stop: async () => {} } as unknown as Engine
  const candidate = { name: 'peer', engine, info: { build: '1.0', threads: 1 } }
  await judge(candidate, absent, right, async () => {
    if (difference instanceof Error) throw difference
    return difference
  })
  return { absent, right }
}

it('times what is right and reports what is wrong in its place', async () => {
  expect((await judged(1e-6)).right).toHaveLength(1)
  for (const difference of [0.5, Number.NaN]) {
    const { right, absent } = await judged(difference)
    expect(right).toEqual([])
    expect(absent).toMatchObject([{ engine: 'peer', why: 'wrong' }])
  }
  expect((await judged(new Error('broke'))).absent).toMatchObject([
    { why: 'failed', reason: 'broke' },
  ])
})

it('compares every row of a batch with the pictures that repeat', () => {
  expect(outputDifference([1, 2, 3, 4, 1, 2], [1, 2, 3, 4], 3, 2)).toBe(0)
  expect(outputDifference([1, 2, 3, 4, 1, 6], [1, 2, 3, 4], 3, 2)).toBe(1)
  expect(outputDifference([1, 2, 3, 4], [1, 2, 3, 4], 3, 2)).toBeNaN()
})

it('takes the worst of the loss and every gradient', () => {
  const expected = { loss: 2, samples: { a: [1, -2], b: [4] } }
  expect(gradientDifference(expected, expected)).toBe(0)
  expect(gradientDifference({ loss: 2, samples: { a: [1, -1], b: [4] } }, expected)).toBe(0.5)
  expect(gradientDifference({ loss: 3, samples: { a: [1, -2], b: [4] } }, expected)).toBe(0.5)
  expect(gradientDifference({ loss: 2, samples: { a: [1, -2] } }, expected)).toBeNaN()
})
