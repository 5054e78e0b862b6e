// Kernels that tfjs does not have and the network's layers find by name; those that are reached through
// layers on every backend are held to float64 loops in the conformance package.

import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { randoms, useCpu } from '../testing/start.ts'

const run = (name: string, inputs: tf.NamedTensorMap, attributes = {}) =>
  tf.engine().runKernel(name, inputs, attributes)

describe('kernels of training', () => {
  beforeAll(() => useCpu())

  it('ReluGradient lets through what is above zero', () => {
    for (const count of [1, 3, 4097, 100_001]) {
      const y = Float32Array.from(randoms(count, 1), (value) => Math.max(0, value))
      const dy = randoms(count, 2)
      const found = tf.tidy(() =>
        (run('ReluGradient', { y: tf.tensor1d(y), dy: tf.tensor1d(dy) }) as tf.Tensor).dataSync(),
      )
      expect(found).toEqual(dy.map((value, i) => (y[i]! > 0 ? value : 0)))
    }
  })

  it('SoftmaxCrossEntropy gives NaN for NaN and names shapes that do not fit', () => {
    const logits = tf.tensor2d([[1, Number.NaN, 2]])
    const shares = tf.tensor2d([[0, 0, 1]])
    const [loss, gradient] = run('SoftmaxCrossEntropy', { logits, shares }) as tf.Tensor[]
    expect(loss!.dataSync()[0]).toBeNaN()
    expect([...gradient!.dataSync()].every(Number.isNaN)).toBe(true)
    expect(() => run('SoftmaxCrossEntropy', { logits, shares: tf.tensor2d([[1, 0]]) })).toThrow(
      /logits \[1,3\] and shares \[1,2\] must have one shape/,
    )
    tf.dispose([logits, shares, loss!, gradient!])
  })

  it('GroupedConv2D names groups that do not fit', () => {
    const x = tf.zeros([1, 4, 4, 6])
    const filter = tf.zeros([3, 3, 2, 4])
    const window = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] }
    expect(() => run('GroupedConv2D', { x, filter }, { ...window, groups: 2 })).toThrow(
      /6 channels in 2 groups do not fit a filter \[3,3,2,4\]/,
    )
    tf.dispose([x, filter])
  })
})
