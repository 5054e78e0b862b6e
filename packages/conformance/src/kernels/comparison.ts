// Comparisons, logic and choices, with NaN and both zeros among the numbers, and the gradients that are made of them.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped } from './compare.ts'

type Relation = (a: number, b: number) => boolean

const relations: Record<string, [(a: tf.Tensor, b: tf.Tensor) => tf.Tensor, Relation]> = {
  greater: [tf.greater, (a, b) => a > b],
  greaterEqual: [tf.greaterEqual, (a, b) => a >= b],
  less: [tf.less, (a, b) => a < b],
  lessEqual: [tf.lessEqual, (a, b) => a <= b],
  equal: [tf.equal, (a, b) => a === b],
  notEqual: [tf.notEqual, (a, b) => a !== b],
}

/** Halves from −2 to 2, so that many are equal, and what compares strangely. */
function numbers(count: number, seed: number): Float32Array {
  const values = randoms(count, seed).map((v) => Math.round(v * 4) / 2)
  for (let i = 3; i < count; i += 7) {
    values[i] = [Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i % 4]!
  }
  return values
}

const bytes = async (x: tf.Tensor) => [...(await x.data())].map(Number)

/** Name, function and derivative at a number. */
const clipped: [string, (x: tf.Tensor) => tf.Tensor, (x: number) => number][] = [
  ['relu6', tf.relu6, (x) => Number(x > 0 && x < 6)],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.25), (x) => (x > 0 ? 1 : 0.25)],
  ['clip', (x) => tf.clipByValue(x, -2, 3), (x) => Number(x >= -2 && x <= 3)],
]

export const comparison: Suite = (backend) => {
  it.each(Object.keys(relations))('%s, with every broadcast', async (name) => {
    const [operation, relation] = relations[name]!
    const draw = drawer(34)
    const shapes: [number[], number[]][] = [
      [[50_001], [50_001]],
      [[50_001], []],
      [[], [101]],
      [
        [4, 1, 33],
        [4, 5, 1],
      ],
    ]
    for (let n = 0; n < drawn(backend, 20); n++) {
      const whole = Array.from({ length: draw(1, 4) }, () => draw(1, 9))
      shapes.push([whole, whole.map((length) => (draw(0, 1) ? length : 1))])
    }
    for (const [aShape, bShape] of shapes) {
      await scoped(async () => {
        const [A, B] = [aShape, bShape].map((shape, i) =>
          tf.tensor(numbers(tf.util.sizeFromShape(shape), i + 1), shape),
        ) as [tf.Tensor, tf.Tensor]
        const found = operation(A, B)
        expect(found.dtype).toBe('bool')
        // Adding zeros of the other's shape is an oracle's way of broadcasting: by tiles.
        const [a, b] = [A, B].map((one) => tf.broadcastTo(one, found.shape as tf.ShapeMap[tf.Rank]))
        const [as, bs] = [await a!.data(), await b!.data()]
        expect(await bytes(found)).toEqual([...as].map((v, i) => Number(relation(v, bs[i]!))))
      })
    }
  })

  it('joins and chooses by booleans, and casts them', () =>
    scoped(async () => {
      for (const count of [1, 15, 16, 17, 70_003]) {
        const [a, b] = [numbers(count, 1), numbers(count, 2)]
        const [A, B] = [tf.tensor1d(a), tf.tensor1d(b)]
        const [above, same] = [tf.greater(A, 0), tf.equal(A, B)]
        const [isAbove, isSame] = [[...a].map((v) => v > 0), [...a].map((v, i) => v === b[i])]
        const both = isAbove.map((v, i) => Number(v && isSame[i]))
        expect(await bytes(tf.logicalAnd(above, same))).toEqual(both)
        const either = isAbove.map((v, i) => Number(v || isSame[i]))
        expect(await bytes(tf.logicalOr(above, same))).toEqual(either)
        expect(await bytes(tf.logicalNot(above))).toEqual(isAbove.map((v) => Number(!v)))
        expect([...(await tf.where(above, A, B).data())]).toEqual(
          [...a].map((v, i) => (isAbove[i] ? v : b[i])),
        )
        const floats = tf.cast(above, 'float32')
        expect([...(await floats.data())]).toEqual(isAbove.map(Number))
        expect(await bytes(tf.cast(above, 'int32'))).toEqual(isAbove.map(Number))
        expect([...(await tf.mul(above, A).data())]).toEqual(
          [...a].map((v, i) => Number(isAbove[i]) * v),
        )
        // Booleans that were given, and those that other operations have made numbers of.
        const given = tf.tensor1d(
          [...a].map((v) => v > 0),
          'bool',
        )
        expect(await bytes(tf.logicalAnd(given, same))).toEqual(both)
        expect([...(await tf.where(given, floats, B).data())]).toEqual(
          [...b].map((v, i) => (isAbove[i] ? 1 : v)),
        )
      }
    }))

  it.each(clipped)("%s's gradient", async (_, operation, derivative) => {
    // Not at the bends.
    const x = randoms(40_003, 5).map((v) => v * 9 + 0.001)
    const dy = randoms(40_003, 6)
    const expected = Float64Array.from(dy, (v, i) => v * derivative(x[i]!))
    await scoped(async () => {
      const gradient = tf.grad(operation)(tf.tensor1d(x), tf.tensor1d(dy))
      await expectClose(gradient, expected, 1e-7, 'gradient')
    })
  })

  it('prelu, and its gradients', async () => {
    const shape = [3, 5, 5, 7]
    const x = randoms(525, 7)
    const slopes = randoms(7, 8)
    const dy = randoms(525, 9).map((v) => v + 1.5)
    const slopeOf = (i: number) => (x[i]! > 0 ? 1 : slopes[i % 7]!)
    const bySlope = new Float64Array(7)
    x.forEach((v, i) => {
      if (v < 0) bySlope[i % 7]! += v * dy[i]!
    })
    await scoped(async () => {
      const [X, S] = [tf.tensor(x, shape), tf.tensor1d(slopes)]
      await expectClose(
        tf.prelu(X, S),
        Float64Array.from(x, (v, i) => v * slopeOf(i)),
        1e-7,
        'prelu',
      )
      const [dx, ds] = tf.grads((a, b) => tf.prelu(a!, b!))([X, S], tf.tensor(dy, shape))
      const expected = Float64Array.from(dy, (v, i) => v * slopeOf(i))
      await expectClose(dx!, expected, 1e-7, 'gradient of the input')
      await expectClose(ds!, bySlope, 2e-6, 'gradient of the slopes')
    })
  })
}
