import { Dropout } from '@alexnet/core/layers'
import { crossEntropy } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped } from './compare.ts'

/** Mean of −Σ share · log softmax(logits) and its gradient by the logits, in float64. */
function softmaxLoss(logits: Float32Array, shares: Float32Array, classes: number) {
  const rows = logits.length / classes
  const gradient = new Float64Array(logits.length)
  let loss = 0
  for (let row = 0; row < rows; row++) {
    const x = logits.subarray(row * classes, (row + 1) * classes)
    const t = shares.subarray(row * classes, (row + 1) * classes)
    const largest = Math.max(...x)
    const exponentials = Float64Array.from(x, (value) => Math.exp(value - largest))
    const total = exponentials.reduce((sum, e) => sum + e, 0)
    const share = t.reduce((sum, part) => sum + part, 0)
    for (let i = 0; i < classes; i++) {
      loss += (t[i]! * (Math.log(total) - (x[i]! - largest))) / rows
      gradient[row * classes + i] = ((exponentials[i]! / total) * share - t[i]!) / rows
    }
  }
  return { loss, gradient }
}

export const training: Suite = (backend) => {
  it('cross-entropy and its gradient on 100 random shapes', async () => {
    const draw = drawer(21)
    for (let n = 0; n < drawn(backend, 100); n++) {
      const [rows, classes] = [draw(1, 40), draw(2, n % 10 === 0 ? 1500 : 90)]
      // From nearly equal logits to those that leave nothing of all but one class.
      const scale = [0.1, 1, 10, 80][n % 4]!
      const logits = randoms(rows * classes, n).map((value) => value * scale)
      const shares = randoms(rows * classes, n + 500).map(Math.abs)
      for (let row = 0; row < rows; row++) {
        const own = shares.subarray(row * classes, (row + 1) * classes)
        const total = own.reduce((sum, part) => sum + part, 0)
        own.forEach((part, i) => {
          own[i] = part / total
        })
      }
      const { loss, gradient } = softmaxLoss(logits, shares, classes)
      const what = `${rows} × ${classes}, logits to ${scale}`
      await scoped(async () => {
        const x = tf.tensor2d(logits, [rows, classes])
        const { value, grad } = tf.valueAndGrad((given: tf.Tensor) =>
          crossEntropy(given as tf.Tensor2D, shares),
        )(x)
        await expectClose(value, [loss], 1e-5, `loss ${what}`)
        await expectClose(grad, gradient, 1e-5, `gradient ${what}`)
      })
    }
  })

  it('dropout keeps and drops the same elements on every backend, forward and backward', async () => {
    const draw = drawer(22)
    const current = tf.getBackend()
    for (let n = 0; n < drawn(backend, 20); n++) {
      const shape = [draw(1, 9), draw(1, 70), draw(1, 20)]
      const [rate, step, firstRow] = [draw(1, 19) / 20, draw(0, 1000), draw(0, 5)]
      const count = shape.reduce((product, length) => product * length, 1)
      const numbers = randoms(count, n)
      const run = () =>
        scoped(async () => {
          const layer = new Dropout({ rate, seed: n, inverted: n % 2 === 0 })
          const output = (x: tf.Tensor) => {
            layer.setTrainingStep(step, firstRow)
            return layer.call(x, { training: true })
          }
          const { value, grad } = tf.valueAndGrad(output)(
            tf.tensor(numbers, shape),
            tf.tensor(numbers, shape),
          )
          return [await value.data(), await grad.data()]
        })
      const found = await run()
      await tf.setBackend('cpu')
      const [expected] = await run()
      await tf.setBackend(current)
      await expectClose(found[0]!, expected!, 1e-7, `${shape}, rate ${rate}`)
      await expectClose(found[1]!, expected!, 1e-7, `gradient of ${shape}, rate ${rate}`)
      const kept = (values: ArrayLike<number>) => Array.from(values, (value) => value !== 0)
      expect(kept(found[0]!)).toEqual(kept(expected!))
    }
  })
}
