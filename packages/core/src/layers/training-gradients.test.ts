import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { convolveWithBias, reluKeepingOutput } from './training-gradients.ts'

const window = {
  strides: 2,
  pad: [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 0],
  ] as [[0, 0], [1, 0], [1, 1], [0, 0]],
}

function operands() {
  return [
    tf.randomUniform<tf.Rank.R4>([2, 7, 6, 3], -1, 1, 'float32', 1),
    tf.randomUniform<tf.Rank.R4>([3, 2, 3, 4], -1, 1, 'float32', 2),
    tf.randomUniform<tf.Rank.R1>([4], -1, 1, 'float32', 3),
  ] as const
}

/** TensorFlow.js's own operations. */
const plain = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
  tf.relu(
    tf.add(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, window.strides, window.pad), bias),
  )

const ours = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) =>
  reluKeepingOutput(
    convolveWithBias(x as tf.Tensor4D, filter as tf.Tensor4D, bias as tf.Tensor1D, window),
  )

/** Names of the kernels that run during a function. */
async function kernelsOf(f: () => tf.TensorContainer): Promise<string[]> {
  const profile = await tf.profile(f)
  return profile.kernelNames
}

describe('convolution with bias and ReLU for training', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu')
  })

  it('are what tfjs computes, with the same gradients', () => {
    tf.tidy(() => {
      const inputs = [...operands()]
      expect([...ours(...operands()).dataSync()]).toHaveLength(2 * 3 * 4 * 4)
      const run = (f: typeof ours) => {
        const y = f(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor]))
        const dy = tf.randomUniform(y.shape, -1, 1, 'float32', 4)
        return [y, ...tf.grads((a, b, c) => f(a!, b!, c!))(inputs, dy)]
      }
      const [found, expected] = [run(ours), run(plain)]
      for (const [i, tensor] of found.entries()) {
        const difference = tf.max(tf.abs(tf.sub(tensor, expected[i]!))).dataSync()[0]
        expect(difference).toBeLessThan(1e-5)
      }
    })
  })

  it("do not compute a picture's gradient that nobody asks for", async () => {
    const [x, filter, bias] = operands()
    const weightsOnly = await kernelsOf(() => tf.grads((b, c) => ours(x, b!, c!))([filter, bias]))
    expect(weightsOnly).toContain('Conv2DBackpropFilter')
    expect(weightsOnly).not.toContain('Conv2DBackpropInput')
    const all = await kernelsOf(() => tf.grads((a, b) => ours(a!, b!, bias))([x, filter]))
    expect(all).toContain('Conv2DBackpropInput')
    tf.dispose([x, filter, bias])
  })
})
