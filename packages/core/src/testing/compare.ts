// Holds a layer's outputs and gradients, in TensorFlow.js's float32 on its own cpu backend, against
// a reference in float64. For tests only.
import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { type Batch, type Forward, numericGradient, someNumbers } from './reference.ts'

/** Largest difference, relative to the largest expected number. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  let [difference, scale] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    expect(Number.isFinite(found[i])).toBe(true)
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!))
    scale = Math.max(scale, Math.abs(expected[i]!))
  }
  return scale === 0 ? difference : difference / scale
}

/** A batch as a tensor. */
export function toTensor({ shape, data }: Batch): tf.Tensor4D {
  return tf.tensor4d(Float32Array.from(data), shape)
}

/**
 * Asserts that a layer's output and input gradient equal the reference's to 1e-5 (float32's
 * rounding over a few hundred terms), that its declared output shape is the real one, and that no
 * tensor is left.
 */
export function expectSameAsReference(layer: tf.layers.Layer, reference: Forward, x: Batch): void {
  const expected = reference(x)
  const weights = someNumbers(expected.data.length, 7)
  const expectedGradient = numericGradient(reference, x, weights)
  const before = tf.memory().numTensors
  tf.tidy(() => {
    const input = toTensor(x)
    const output = layer.apply(input) as tf.Tensor
    expect(output.shape).toEqual(expected.shape)
    expect(layer.computeOutputShape(x.shape)).toEqual(expected.shape)
    expect(relativeError(output.dataSync(), expected.data)).toBeLessThan(1e-5)
    for (const training of [false, true]) {
      const loss = (t: tf.Tensor) =>
        tf.sum(
          tf.mul(
            layer.apply(t, { training }) as tf.Tensor,
            tf.tensor(Float32Array.from(weights), expected.shape),
          ),
        )
      const gradient = tf.grad(loss)(input)
      expect(relativeError(gradient.dataSync(), expectedGradient)).toBeLessThan(1e-5)
    }
  })
  expect(tf.memory().numTensors).toBe(before)
}
