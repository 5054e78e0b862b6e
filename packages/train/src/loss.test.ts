import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { crossEntropy } from './loss.ts'

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
