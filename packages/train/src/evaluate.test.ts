import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import type { BatchSource } from './batch.ts'
import { evaluate } from './evaluate.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** A model whose logits are its input: pictures of 1×1 with three channels. */
const passThrough = () =>
  tf.sequential({ layers: [tf.layers.flatten({ inputShape: [1, 1, 3] })] }) as tf.LayersModel

function source(rows: number[][], labels: number[], size: number): BatchSource {
  return {
    length: Math.ceil(rows.length / size),
    async *[Symbol.asyncIterator]() {
      for (let start = 0; start < rows.length; start += size) {
        const part = rows.slice(start, start + size)
        yield {
          images: Float32Array.from(part.flat()),
          shape: [part.length, 1, 1, 3],
          labels: Int32Array.from(labels.slice(start, start + size)),
          indices: Int32Array.from(part, (_, row) => start + row),
        }
      }
    },
  }
}

const rows = [
  [2, 0, 0],
  [0, 5, 0],
  [0, 1, 0],
  [0, 0, 40],
]
const labels = [0, 0, 1, 1]

it('counts who was taken for whom, and keeps the worst mistakes, worst first', async () => {
  const result = await evaluate(passThrough(), source(rows, labels, 3), { mistakes: 5 })
  expect(result).toMatchObject({ pictures: 4, top1: 0.5, top5: 1 })
  expect(result.confusion.rows()).toEqual([
    [1, 1, 0],
    [0, 1, 1],
    [0, 0, 0],
  ])
  expect(result.mistakes.map(({ index, label, predicted }) => [index, label, predicted])).toEqual([
    [3, 1, 2],
    [1, 0, 1],
  ])
  const losses = rows.map((row, at) => {
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0)
    return Math.log(total) - row[labels[at]!]!
  })
  expect(result.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 4, 6)
  const one = await evaluate(passThrough(), source(rows, labels, 4), { mistakes: 1 })
  expect(one.mistakes.map(({ index }) => index)).toEqual([3])
})

it('lets timers and signals have their turn after each batch of what is in memory', async () => {
  let turns = 0
  let isDone = false
  const take = (): unknown => setImmediate(() => !isDone && ++turns && take())
  take()
  await evaluate(passThrough(), source(rows, labels, 1))
  isDone = true
  expect(turns).toBeGreaterThanOrEqual(rows.length)
})

it('takes the mean of the probabilities over the views of a picture', async () => {
  const views = [0, 0, 1, 1, 1, 1]
  const answers = [
    [3, 0, 0],
    [0, 1, 0],
    [0, 0, 9],
    [0, 2, 0],
    [0, 0, 0],
    [1, 2, 3],
  ]
  const result = await evaluate(passThrough(), source(answers, views, 4), {
    views: 2,
    mistakes: 3,
  })
  const share = (row: number[], index: number) =>
    Math.exp(row[index]!) / row.reduce((sum, value) => sum + Math.exp(value), 0)
  const own = [
    (share(answers[0]!, 0) + share(answers[1]!, 0)) / 2,
    (share(answers[2]!, 1) + share(answers[3]!, 1)) / 2,
    (share(answers[4]!, 1) + share(answers[5]!, 1)) / 2,
  ]
  expect(result.pictures).toBe(3)
  expect(result.loss).toBeCloseTo(-own.reduce((sum, value) => sum + Math.log(value), 0) / 3, 6)
  expect(result.mistakes.map(({ index, predicted }) => [index, predicted])).toEqual([
    [2, 2],
    [1, 2],
  ])
})
