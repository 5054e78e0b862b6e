import { expect, it } from 'vitest'
import { compareAny } from './any.ts'

it('times a network on ours and on plain JavaScript, with the same numbers and nothing left behind', async () => {
  const { rows } = await compareAny({
    peers: ['tfjs-cpu'],
    networks: ['head'],
    works: ['infer', 'train'],
    threads: 1,
    rounds: 1,
  })
  expect(rows.map(({ network, work }) => `${network} ${work}`)).toEqual([
    'head infer',
    'head train',
  ])
  for (const { milliseconds, ratio, difference, held, javascript } of rows) {
    expect(milliseconds.alexnet!.median).toBeGreaterThan(0)
    expect(ratio['tfjs-cpu']!.median).toBeGreaterThan(0)
    expect(difference).toBeLessThan(1e-4)
    expect(held).toEqual({ tensors: 0, bytes: 0 })
    expect(javascript.share).toBeLessThan(1)
  }
  // The logarithm of the loss is tfjs's own.
  expect(rows[1]!.javascript.share).toBeGreaterThan(0)
})
