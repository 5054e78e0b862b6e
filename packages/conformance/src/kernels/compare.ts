// What the kernel tests share: seeded numbers, and a comparison whose bound is what sums in float32
// allow. Values are always waited for: a WebGPU device outside of a browser cannot be read otherwise.

import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { generate } from '../pytorch/generate.ts'

/** Numbers in (-1, 1) from a seed. */
export function randoms(count: number, seed: number): Float32Array {
  return generate({ name: `kernels ${seed}`, shape: [1, count], bound: 1 })
}

/** How many of so many random shapes a backend gets. */
export const drawn = ({ share = 1 }: { share?: number }, count: number) => Math.ceil(count * share)

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

/** The largest relative error that the running test's comparisons found. */
let worst = 0

/** Begins a test: no comparison so far. */
export function beginComparisons(): void {
  worst = 0
}

/** Counts an error among those of the running test; what is no number counts as infinite. */
export function noteError(error: number): void {
  worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)
}

/** The worst of the running test. */
export const worstError = () => worst

/** Compares with a float64 answer: the largest difference, relative to the answer's largest value. */
export async function expectClose(
  found: tf.Tensor | ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
  what: string,
): Promise<void> {
  const numbers = found instanceof tf.Tensor ? await found.data() : found
  expect(numbers.length, what).toBe(expected.length)
  let largest = 0
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    const magnitude = Math.abs(expected[i]!)
    if (magnitude > largest) largest = magnitude
    const d = Math.abs(numbers[i]! - expected[i]!)
    // Written so that a NaN stays.
    if (!(d <= difference)) difference = d
  }
  const error = difference / Math.max(largest, 1e-30)
  noteError(error)
  expect(error, what).toBeLessThanOrEqual(bound)
}

/** tf.tidy for a function that waits. */
export async function scoped<T>(f: () => Promise<T>): Promise<T> {
  tf.engine().startScope()
  try {
    return await f()
  } finally {
    tf.engine().endScope()
  }
}

/** Runs f in a tidy and returns its tensor's values. */
export async function values(f: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(f)
  try {
    return (await tensor.data()) as Float32Array
  } finally {
    tensor.dispose()
  }
}
