import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { randoms, useCpu, values } from '../testing/reference.ts'

const binary = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  squaredDifference: (a: number, b: number) => Math.fround(a - b) ** 2,
}

const unary = {
  relu: (x: number) => Math.max(0, x),
  relu6: (x: number) => Math.min(6, Math.max(0, x)),
  neg: (x: number) => -x,
  square: (x: number) => x * x,
  sqrt: Math.sqrt,
  abs: Math.abs,
  step: (x: number) => (x > 0 ? 1 : Number.isNaN(x) ? x : 0),
}

const binaryOperations = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
}

const unaryOperations = {
  relu: tf.relu,
  relu6: tf.relu6,
  neg: tf.neg,
  square: tf.square,
  sqrt: tf.sqrt,
  abs: tf.abs,
  step: tf.step,
}

describe('elementwise', () => {
  beforeAll(() => useCpu())

  it.each(Object.keys(binary) as (keyof typeof binary)[])('%s with every broadcast', (name) => {
    const shapes: [number[], number[]][] = [
      [
        [3, 5, 7],
        [3, 5, 7],
      ],
      [[50000], [50000]],
      [[3, 5, 7], []],
      [[1], [9001]],
      [[6, 4, 10], [10]],
      [
        [6, 4, 10],
        [1, 4, 10],
      ],
      [[64], [3, 40, 64]],
      [
        [3, 1, 4],
        [3, 5, 1],
      ],
      [
        [2, 1],
        [2, 3],
      ],
    ]
    for (const [aShape, bShape] of shapes) {
      const a = randoms(tf.util.sizeFromShape(aShape), 1)
      const b = randoms(tf.util.sizeFromShape(bShape), 2)
      const out = tf.backend_util.assertAndGetBroadcastShape(aShape, bShape)
      const index = (flat: number, shape: number[]) => {
        let at = 0
        let rest = flat
        let step = 1
        for (let axis = 1; axis <= out.length; axis++) {
          const length = shape.at(-axis) ?? 1
          const position = rest % out.at(-axis)!
          rest = Math.floor(rest / out.at(-axis)!)
          if (axis <= shape.length && length > 1) at += position * step
          if (axis <= shape.length) step *= length
        }
        return at
      }
      const found = values(() => binaryOperations[name](tf.tensor(a, aShape), tf.tensor(b, bShape)))
      const expected = Float32Array.from({ length: found.length }, (_, i) =>
        binary[name](a[index(i, aShape)]!, b[index(i, bShape)]!),
      )
      // tfjs's own kernels, which take what broadcasts otherwise, round the square once and not twice.
      found.forEach((value, i) => {
        const difference = Math.abs(value - expected[i]!)
        expect(difference, `${aShape} and ${bShape}`).toBeLessThanOrEqual(
          2e-7 * Math.abs(expected[i]!),
        )
      })
    }
  })

  it.each(Object.keys(unary) as (keyof typeof unary)[])('%s, with NaN and infinities', (name) => {
    const x = randoms(40003, 3).map((v) => v * 9)
    x.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0], 17)
    const found = values(() => unaryOperations[name](tf.tensor1d(x)))
    expect(found).toEqual(x.map((v) => unary[name](v)))
  })

  it('leaves other types to tfjs', () => {
    const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2], 'int32'), tf.scalar(3, 'int32')))
    expect(sum.dtype).toBe('int32')
    expect([...sum.dataSync()]).toEqual([4, 5])
  })
})
