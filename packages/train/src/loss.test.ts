import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { countRight, crossEntropy, meansOf } from './loss.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const logits = [
  [1, 2, -1],
  [0.3, -0.2, 4],
]
const labels = Int32Array.of(1, 0)

it('is torch.nn.functional.cross_entropy, label smoothing included', () => {
  // PyTorch 1.13, float64: cross_entropy(logits, labels), and with label_smoothing=0.1.
  expect(crossEntropy(tf.tensor2d(logits), labels).dataSync()[0]).toBeCloseTo(2.0439814, 6)
  expect(crossEntropy(tf.tensor2d(logits), labels, 0.1).dataSync()[0]).toBeCloseTo(2.0573147, 6)
})

it('has the gradient (softmax − target) / batch', () => {
  const gradient = tf.grad((x) => crossEntropy(x as tf.Tensor2D, labels))(tf.tensor2d(logits))
  const values = [...gradient.dataSync()]
  const expected = logits.flatMap((row, index) => {
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0)
    return row.map((value, place) => (Math.exp(value) / total - +(place === labels[index])) / 2)
  })
  for (const [place, value] of expected.entries()) expect(values[place]).toBeCloseTo(value, 6)
})

it('counts right answers among the best one and five, ties against the picture', () => {
  const row = (...values: number[]) => values
  const scores = [
    ...row(0, 1, 2, 3, 4, 5, 6),
    ...row(9, 1, 2, 3, 4, 5, 6),
    ...row(0, 0, 0, 0, 0, 0, 0),
    ...row(3, 1, 2, 4, 5, 6, 7),
  ]
  expect(countRight(scores, Int32Array.of(6, 0, 3, 0))).toEqual({ top1: 2, top5: 3 })
  expect(countRight(scores, Int32Array.of(0, 1, 0, 1))).toEqual({ top1: 0, top5: 0 })
  expect(countRight([Number.NaN, 1], Int32Array.of(0))).toEqual({ top1: 0, top5: 1 })
})

it('means are over pictures, and of nothing zero', () => {
  expect(meansOf({ pictures: 4, loss: 6, top1: 1, top5: 3 })).toEqual({
    pictures: 4,
    loss: 1.5,
    top1: 0.25,
    top5: 0.75,
  })
  expect(meansOf({ pictures: 0, loss: 0, top1: 0, top5: 0 }).loss).toBe(0)
})
