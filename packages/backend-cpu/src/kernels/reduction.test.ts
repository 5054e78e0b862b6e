import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectClose, randoms, useCpu } from '../testing/reference.ts'

describe('sum and mean', () => {
  beforeAll(() => useCpu())

  it.each([
    [
      [2, 30, 30, 65],
      [0, 1, 2],
    ],
    [[3000, 7], [0]],
    [[7, 3000], [1]],
    [
      [40, 50, 60],
      [0, 1, 2],
    ],
    [[4, 5, 6], [1]],
    [[4, 1, 6], [1]],
    [
      [1, 5, 6],
      [0, 2],
    ],
    [[5], [0]],
  ])('of %j over axes %j', (shape, axes) => {
    const x = randoms(tf.util.sizeFromShape(shape), 1)
    const [outShape, reduceShape] = tf.backend_util.computeOutAndReduceShapes(shape, axes)
    const expected = new Float64Array(tf.util.sizeFromShape(outShape))
    const strides = tf.util.computeStrides(shape)
    x.forEach((value, flat) => {
      const place = tf.util
        .indexToLoc(flat, shape.length, strides)
        .filter((_, a) => !axes.includes(a))
      const at = place.reduce((sum, position, a) => sum * outShape[a]! + position, 0)
      expected[at]! += value
    })
    const terms = tf.util.sizeFromShape(reduceShape)
    tf.tidy(() => {
      const X = tf.tensor(x, shape)
      expectClose(tf.sum(X, axes).dataSync(), expected, terms)
      expectClose(
        tf.mean(X, axes).dataSync(),
        expected.map((v) => v / terms),
        terms,
      )
      const kept = tf.sum(X, axes, true)
      expect(kept.shape).toEqual(shape.map((n, a) => (axes.includes(a) ? 1 : n)))
    })
  })
})
