// What the kernel tests share: seeded numbers, and a comparison whose bound is what sums in float32
// allow.

import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { generate } from '../pytorch/generate.ts'

/** Numbers in (-1, 1) from a seed. */
export function randoms(count: number, seed: number): Float32Array {
  return generate({ name: `kernels ${seed}`, shape: [1, count], bound: 1 })
}

/** Draws whole numbers low..high, both included. */
export function drawer(seed: number): (low: number, high: number) => number {
  const numbers = randoms(4096, seed)
  let at = 0
  return (low, high) =>
    low + Math.min(high - low, Math.floor(((numbers[at++ % 4096]! + 1) / 2) * (high - low + 1)))
}

/**
 * Most that the error of a float32 sum of so many products may be, relative to the largest of the sums.
 * Rounding errors grow with the number of terms as the sums themselves do times √terms, at worst-case
 * constants well above what is found.
 */
export const summationBound = (terms: number) => 3e-7 + 1e-7 * Math.sqrt(terms)

/** Compares with a float64 answer: the largest difference, relative to the answer's largest value. */
export function expectClose(
  found: ArrayLike<number>,
  expected: Float64Array,
  bound: number,
  what: string,
): void {
  expect(found.length, what).toBe(expected.length)
  let largest = 0
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    const magnitude = Math.abs(expected[i]!)
    if (magnitude > largest) largest = magnitude
    const d = Math.abs(found[i]! - expected[i]!)
    // Written so that a NaN stays.
    if (!(d <= difference)) difference = d
  }
  expect(difference / Math.max(largest, 1e-30), what).toBeLessThanOrEqual(bound)
}

/** Runs f in a tidy and returns its tensor's values. */
export function values(f: () => tf.Tensor): Float32Array {
  return tf.tidy(() => f().dataSync() as Float32Array)
}
