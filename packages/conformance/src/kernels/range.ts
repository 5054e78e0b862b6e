// The ends of float32's range, on every backend: powers of and by zeros, infinities and NaN, functions far from zero,
// and what a sum and a mean keep of their terms.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { TestedBackend } from './backends.ts'
import { noteError, scoped, summationBound } from './compare.ts'

/** So many numbers that no backend leaves them to its processor. */
const MANY = 2051

const repeated = (values: readonly number[]) =>
  tf.tensor1d(Float32Array.from({ length: MANY }, (_, i) => values[i % values.length]!))

/** Equal, with the sign of zero, or finite and so far apart relative to the larger. */
function isClose(found: number, expected: number, tolerance: number): boolean {
  if (Object.is(found, expected)) return true
  const largest = Math.max(Math.abs(found), Math.abs(expected))
  if (!(largest > 0 && largest < Infinity)) return false
  const error = Math.abs(found - expected) / largest
  noteError(error)
  return error <= tolerance
}

const told = (x: number) => (Object.is(x, -0) ? '-0' : `${x}`)

/** Lines for the numbers that are not what they are to be. */
async function wrong(
  y: tf.Tensor,
  inputs: readonly number[],
  reference: (x: number) => number,
  tolerance: number,
): Promise<string[]> {
  const found = await y.data()
  return inputs.flatMap((x, i) => {
    const expected = Math.fround(reference(x))
    return isClose(found[i]!, expected, tolerance)
      ? []
      : [`${x}: ${told(found[i]!)}, not ${told(expected)}`]
  })
}

const numbers = [-Infinity, -8, -1.5, -1, -0.5, -0, 0, 0.5, 1, 1.5, 8, Infinity, NaN]
const exponents = [-Infinity, -3, -2, -1.3, -1, -0.5, -0, 0, 0.25, 0.5, 1, 1.3, 2, 3, Infinity, NaN]

export function range(backend: TestedBackend): void {
  if (backend.name === 'tfjs-cpu') {
    it.skip('skipped: its mean multiplies by a rounded 1 / n', () => {})
    return
  }

  it('takes powers as Math.pow does', () =>
    scoped(async () => {
      for (const exponent of exponents) {
        const y = tf.pow(repeated(numbers), exponent)
        expect(await wrong(y, numbers, (x) => x ** exponent, 1e-5), `to ${exponent}`).toEqual([])
        const by = tf.pow(exponent, repeated(numbers))
        expect(await wrong(by, numbers, (x) => exponent ** x, 1e-5), `of ${exponent}`).toEqual([])
      }
      const table = tf.pow(tf.tensor2d(numbers, [13, 1]), tf.tensor2d(exponents, [1, 16]))
      const pairs = numbers.flatMap((x) => exponents.map((exponent) => x ** exponent))
      const places = pairs.map((_, i) => i)
      expect(await wrong(table, places, (i) => pairs[i]!, 1e-5), 'all with all').toEqual([])
    }))

  it('has the gradients of powers at zero', () =>
    scoped(async () => {
      for (const exponent of [0.5, 1, 1.5, 2, 3]) {
        const [dx, de] = tf.grads((x, e) => tf.pow(x!, e!))([repeated([0, 4]), tf.scalar(exponent)])
        const slope = (x: number) => exponent * x ** (exponent - 1)
        expect(await wrong(dx!, [0, 4], slope, 1e-5), `of x to ${exponent}`).toEqual([])
        const along = Math.floor(MANY / 2) * 4 ** exponent * Math.log(4)
        expect(await wrong(de!, [0], () => along, 1e-5), `by ${exponent}`).toEqual([])
      }
    }))

  it('has tanh and sigmoid of infinities and far from zero, with their gradients', () =>
    scoped(async () => {
      const far = [-Infinity, -3e38, -80, -20, -0, 0, 20, 80, 3e38, Infinity, NaN]
      const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
      expect(await wrong(tf.tanh(repeated(far)), far, Math.tanh, 1e-6)).toEqual([])
      expect(await wrong(tf.sigmoid(repeated(far)), far, sigmoid, 2e-5)).toEqual([])
      for (const f of [tf.tanh, tf.sigmoid]) {
        const slope = await tf
          .grad(f as (x: tf.Tensor) => tf.Tensor)(repeated(far))
          .data()
        for (const i of [0, 1, 8, 9]) expect(slope[i]).toBe(0)
        expect(slope[10]).toBeNaN()
      }
      // Below float32's normal numbers, which a GPU may take for zero.
      const least = await tf.sigmoid(repeated([-89, -100, -104.5])).data()
      for (const [i, x] of [-89, -100, -104.5].entries()) {
        expect(Math.abs(least[i]! - sigmoid(x))).toBeLessThan(1e-38)
      }
    }))

  it('has the mean of equal numbers', () =>
    scoped(async () => {
      const bound = (terms: number) => (backend.sums === 'float32' ? summationBound(terms) : 0)
      for (const length of backend.share ? [3, 10] : [1, 2, 3, 7, 10, 31, 49, 64, 69]) {
        for (const value of [7, 0.1]) {
          const x = tf.fill([length, MANY], value)
          for (const mean of [tf.mean(x, 0), tf.mean(tf.transpose(x), 1), tf.mean(x)]) {
            const [found] = await mean.data()
            const error = Math.abs(found! / Math.fround(value) - 1)
            noteError(error)
            const terms = x.size / mean.size
            expect(error, `${terms} times ${value}`).toBeLessThanOrEqual(bound(terms))
          }
        }
      }
    }))

  it('normalises a layer of equal features', () =>
    scoped(async () => {
      // tfjs-layers' test of it: the mean's error comes out 1 / √ε = 32 times as large.
      const bound = backend.sums === 'float32' ? 32 * summationBound(10) : 0
      const layer = tf.layers.layerNormalization()
      const rows = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * 1.7))
      const x = tf.tile(tf.tensor2d(rows, [300, 1]), [1, 10])
      const largest = Math.max(...(await (layer.apply(x) as tf.Tensor).data()).map(Math.abs))
      noteError(largest)
      expect(largest).toBeLessThanOrEqual(bound)
    }))

  it('sums what leaves the range on the way', () =>
    scoped(async () => {
      const terms = [3e38, 3e38, -3e38, -3e38, 1e38].flatMap((x) => Array<number>(40).fill(x))
      const [sum] = await tf.sum(tf.tensor1d(terms)).data()
      const [mean] = await tf.mean(tf.tensor1d(terms)).data()
      if (backend.sums === 'float32') {
        // Float32 is all that a GPU's shaders have; WebGL's mean divides before it sums.
        expect(Number.isFinite(sum)).toBe(false)
        expect(!Number.isFinite(mean) || Math.abs(mean! / 2e37 - 1) < 1e-5).toBe(true)
      } else {
        expect([sum, mean]).toEqual([Infinity, Math.fround(2e37)])
      }
    }))
}
