// A backend that starts may still compute garbage: a GPU driver with half-precision floats, a compiler
// that got SIMD wrong. The self-check runs a small network forward and backward on the current tfjs
// backend and compares logits and every gradient with stored answers (see scripts/make-self-check.py).

import * as tf from '@tensorflow/tfjs'
import { answers } from './self-check-answers.ts'

export interface SelfCheckResult {
  /** What was compared, e.g. 'filterGradient'. */
  name: string
  /** Largest difference, relative to the largest value of the answer. NaN if a value was not finite. */
  error: number
}

export interface SelfCheckReport {
  passed: boolean
  /** Largest relative error that passes. */
  tolerance: number
  results: SelfCheckResult[]
}

/** Float32 sums of a few hundred terms stay near 1e-6; half precision starts at 1e-3. */
const tolerances = { float32: 1e-4, float16: 1e-2 }

/** Numbers in [-0.5, 0.5) that float32 holds exactly, the same in the script that made the answers. */
function pattern(shape: number[], seed: number): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++)
    values[i] = ((i * 7919 + seed * 104729) % 1021) / 1024 - 0.5
  return tf.tensor(values, shape)
}

function loss(
  picture: tf.Tensor,
  filters: tf.Tensor,
  bias: tf.Tensor,
  matrix: tf.Tensor,
): tf.Tensor {
  const padding: [[0, 0], [number, number], [number, number], [0, 0]] = [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]
  const maps = tf.conv2d(
    picture as tf.Tensor4D,
    filters as tf.Tensor4D,
    2,
    padding,
    'NHWC',
    1,
    'floor',
  )
  const pooled = tf.maxPool(tf.relu(tf.add(maps, bias)) as tf.Tensor4D, 3, 1, 'valid')
  return tf.matMul(tf.reshape(pooled, [2, 60]), matrix as tf.Tensor2D)
}

/**
 * Checks the current tfjs backend. Disposes all that it makes.
 *
 * @param options.precision 'float16' checks the logits alone, to 1e-2: for a device that is used for
 *   inference only. Default 'float32': logits and gradients to 1e-4.
 */
export async function selfCheck({
  precision = 'float32',
}: {
  precision?: 'float32' | 'float16'
} = {}): Promise<SelfCheckReport> {
  const tolerance = tolerances[precision]
  const tensors = tf.tidy(() => {
    const inputs = [
      pattern([2, 9, 8, 3], 1),
      pattern([3, 3, 3, 10], 2),
      pattern([10], 3),
      pattern([60, 4], 4),
    ]
    const sumWeights = pattern([2, 4], 5)
    const logits = loss(inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!)
    if (precision === 'float16') return { logits }
    const gradients = tf.grads((picture, filters, bias, matrix) =>
      tf.sum(tf.mul(loss(picture!, filters!, bias!, matrix!), sumWeights)),
    )(inputs)
    return {
      logits,
      pictureGradient: gradients[0]!,
      filterGradient: gradients[1]!,
      biasGradient: gradients[2]!,
      matrixGradient: gradients[3]!,
    }
  })
  const results: SelfCheckResult[] = []
  try {
    for (const [name, tensor] of Object.entries(tensors)) {
      results.push({ name, error: relativeError(await tensor!.data(), answers[name]!) })
    }
  } finally {
    tf.dispose(tensors)
  }
  return { passed: results.every(({ error }) => error <= tolerance), tolerance, results }
}

function relativeError(found: ArrayLike<number>, expected: number[]): number {
  if (found.length !== expected.length) return Number.NaN
  let largest = 0
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isFinite(found[i]!)) return Number.NaN
    largest = Math.max(largest, Math.abs(expected[i]!))
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!))
  }
  return difference / largest
}
