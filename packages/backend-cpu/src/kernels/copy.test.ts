import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawer, randoms, useCpu } from '../testing/reference.ts'

/** The same operation by tfjs's own cpu backend: copies must be equal bit for bit. */
async function both(f: () => tf.Tensor[]): Promise<void> {
  const run = () => tf.tidy(() => f().map((t) => [t.shape, [...t.dataSync()]]))
  await tf.setBackend('alexnet-cpu')
  const found = run()
  await tf.setBackend('cpu')
  expect(found).toEqual(run())
}

describe('copies', () => {
  beforeAll(() => useCpu())
  afterAll(() => tf.setBackend('alexnet-cpu'))

  it('slices, splits, concatenates and pads random boxes', async () => {
    const draw = drawer(9)
    for (let n = 0; n < 100; n++) {
      const rank = draw(1, 4)
      const shape = Array.from({ length: rank }, () => draw(1, 9))
      const begin = shape.map((length) => draw(0, length - 1))
      const size = shape.map((length, a) =>
        draw(0, 2) ? draw(1, length - begin[a]!) : length - begin[a]!,
      )
      const paddings = shape.map(() => [draw(0, 2), draw(0, 2)] as [number, number])
      const axis = draw(0, rank - 1)
      const x = randoms(tf.util.sizeFromShape(shape), n)
      await both(() => {
        const X = tf.tensor(x, shape)
        const parts = tf.split(
          X,
          [1, shape[axis]!].map((l, i) => (i ? l - 1 : l)),
          axis,
        )
        return [
          tf.slice(X, begin, size),
          ...parts,
          tf.concat([X, X, parts[0]!], axis),
          tf.pad(X, paddings, 0.5),
        ]
      })
    }
  })

  it('on the halves of a grouped convolution', async () => {
    const x = randoms(2 * 13 * 13 * 384, 1)
    await both(() => {
      const halves = tf.split(tf.tensor4d(x, [2, 13, 13, 384]), 2, 3)
      return [...halves, tf.concat([halves[1]!, halves[0]!], 3)]
    })
  })
})
