// What classifiers end in: softmax, exponentials, the largest number.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { expectClose, randoms, scoped, values } from './compare.ts'

export const softmax: Suite = () => {
  it.each([
    [1, 1],
    [3, 10],
    [50, 7],
    [4, 1000],
    [2, 20_003],
  ])('of %i rows of %i, and its gradient', async (rows, columns) => {
    const x = randoms(rows * columns, 1).map((v) => v * 20)
    const dy = randoms(rows * columns, 2)
    const y = new Float64Array(x.length)
    const dx = new Float64Array(x.length)
    for (let row = 0; row < rows; row++) {
      const at = Array.from({ length: columns }, (_, i) => row * columns + i)
      const largest = at.reduce((most, i) => Math.max(most, x[i]!), Number.NEGATIVE_INFINITY)
      const sum = at.reduce((total, i) => total + Math.exp(x[i]! - largest), 0)
      for (const i of at) y[i] = Math.exp(x[i]! - largest) / sum
      const product = at.reduce((total, i) => total + y[i]! * dy[i]!, 0)
      for (const i of at) dx[i] = y[i]! * (dy[i]! - product)
    }
    await scoped(async () => {
      const X = tf.tensor2d(x, [rows, columns])
      await expectClose(tf.softmax(X), y, 3e-6, 'softmax')
      if (columns === 1) return
      const gradient = tf.grad((input: tf.Tensor) => tf.softmax(input))(
        X,
        tf.tensor2d(dy, [rows, columns]),
      )
      await expectClose(gradient, dx, 6e-6, 'gradient')
    })
  })

  it('of rows with infinities and NaN', async () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high, NaN: none } = Number
    const rows = [
      [1, low, 1, low, low],
      [low, low, low, low, low],
      [0, high, 0, 0, 0],
      [0, 0, 0, 0, none],
      [3e38, 0, 0, 0, -3e38],
    ]
    const found = await values(() => tf.softmax(tf.tensor2d(rows)))
    const nothing = [none, none, none, none, none]
    expect([...found]).toEqual([
      0.5,
      0,
      0.5,
      0,
      0,
      ...nothing,
      ...nothing,
      ...nothing,
      1,
      0,
      0,
      0,
      0,
    ])
  })

  it('exp and rsqrt, with infinities and NaN', async () => {
    const x = randoms(40_003, 3).map((v) => v * 80)
    x.set(
      [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0,
        -0,
        88.7,
        88.8,
        -103,
        -104,
        1e9,
        -1e9,
      ],
      17,
    )
    const found = await values(() => tf.exp(tf.tensor1d(x)))
    const inverse = await values(() => tf.rsqrt(tf.tensor1d(x)))
    for (const [i, v] of x.entries()) {
      for (const [own, expected] of [
        [found[i]!, Math.fround(Math.exp(v))],
        [inverse[i]!, Math.fround(1 / Math.sqrt(v))],
      ] as const) {
        const isClose = Math.abs(own - expected) <= Math.max(2e-45, 4e-7 * Math.abs(expected))
        expect(Object.is(own, expected) || isClose, `${v}: ${own}, expected ${expected}`).toBe(true)
      }
    }
  })

  it('the largest and the smallest, along every run of axes, NaN among them', async () => {
    for (const shape of [[7], [3, 1000], [5, 6, 7], [2, 9, 5, 33], [2, 20_003]]) {
      const x = randoms(tf.util.sizeFromShape(shape), 4)
      x[x.length >> 1] = Number.NaN
      for (let first = 0; first < shape.length; first++) {
        for (let last = first + 1; last <= shape.length; last++) {
          const axes = shape.map((_, axis) => axis).slice(first, last)
          const rows = tf.util.sizeFromShape(shape.slice(first, last))
          const columns = tf.util.sizeFromShape(shape.slice(last))
          const reduced = (pick: (a: number, b: number) => number) =>
            Array.from({ length: x.length / rows }, (_, place) => {
              const start = Math.floor(place / columns) * rows * columns + (place % columns)
              let value = x[start]!
              for (let row = 1; row < rows; row++) value = pick(value, x[start + row * columns]!)
              return value
            })
          await scoped(async () => {
            const X = tf.tensor(x, shape)
            expect([...(await tf.max(X, axes).data())]).toEqual(reduced(Math.max))
            expect([...(await tf.min(X, axes).data())]).toEqual(reduced(Math.min))
            expect(tf.max(X, axes, true).shape).toEqual(
              shape.map((length, axis) => (axes.includes(axis) ? 1 : length)),
            )
          })
        }
      }
    }
  })
}
