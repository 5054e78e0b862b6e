import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound } from './compare.ts'

async function check(shape: number[], axes: number[]): Promise<void> {
  const what = `[${shape}] over ${axes}`
  const x = randoms(tf.util.sizeFromShape(shape), 1)
  const [outShape, reduceShape] = tf.backend_util.computeOutAndReduceShapes(shape, axes)
  const expected = new Float64Array(tf.util.sizeFromShape(outShape))
  const strides = tf.util.computeStrides(shape)
  x.forEach((value, flat) => {
    const place = tf.util
      .indexToLoc(flat, shape.length, strides)
      .filter((_, axis) => !axes.includes(axis))
    const at = place.reduce((sum, position, axis) => sum * outShape[axis]! + position, 0)
    expected[at]! += value
  })
  const terms = tf.util.sizeFromShape(reduceShape)
  const means = expected.map((v) => v / terms)
  await scoped(async () => {
    const X = tf.tensor(x, shape)
    await expectClose(tf.sum(X, axes), expected, summationBound(terms), `sum of ${what}`)
    await expectClose(tf.mean(X, axes), means, summationBound(terms), `mean of ${what}`)
    const kept = tf.sum(X, axes, true)
    expect(kept.shape).toEqual(shape.map((n, axis) => (axes.includes(axis) ? 1 : n)))
    const spread = tf.grad((t) => tf.mean(t, axes))(X)
    expect(spread.shape).toEqual(shape)
    const share = new Float64Array(x.length).fill(1 / terms)
    await expectClose(spread, share, 3e-7, `gradient of the mean of ${what}`)
  })
}

export const reduction: Suite = (backend) => {
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
    // Longer than what one workgroup sums, by fours and one by one.
    [[3, 20_000], [1]],
    [[40_003], [0]],
    [
      [500, 3, 4],
      [1, 2],
    ],
    [[4, 5, 6], [1]],
    [[4, 1, 6], [1]],
    [
      [1, 5, 6],
      [0, 2],
    ],
    [[5], [0]],
  ])('of %j over axes %j', (shape, axes) => check(shape, axes))

  it('of 60 random shapes and axes', async () => {
    const draw = drawer(8)
    for (let n = 0; n < drawn(backend, 60); n++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 12))
      const axes = shape.map((_, axis) => axis).filter(() => draw(0, 1) === 1)
      await check(shape, axes.length > 0 ? axes : [shape.length - 1])
    }
  })
}
