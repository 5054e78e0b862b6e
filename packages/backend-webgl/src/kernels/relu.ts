// ReLU and ReLU6. tfjs multiplies by a mask, so that minus infinity times zero becomes NaN; here the negative
// elements are replaced, and what is no number stays none.

import type * as tf from '@tensorflow/tfjs'
import { elementwise } from './elementwise.ts'
import type { Kernel } from './kernel.ts'

/** `mix` with a mask of truth values selects, it does not multiply. */
const clamped = (most: number | undefined) => (type: 'vec4' | 'float') => {
  const below = type === 'vec4' ? 'lessThan(x, vec4(0.0))' : 'x < 0.0'
  const above = type === 'vec4' ? `greaterThan(x, vec4(${most}.0))` : `x > ${most}.0`
  const positive = `mix(x, ${type}(0.0), ${below})`
  return most === undefined ? positive : `mix(${positive}, ${type}(${most}.0), ${above})`
}

const kernel = (name: string, most?: number): Kernel => ({
  name,
  run({ inputs, backend }) {
    const { x } = inputs as { x: tf.TensorInfo }
    return backend.runWebGLProgram(elementwise(x.shape, ['x'], clamped(most)), [x], x.dtype)
  },
})

export const relu = kernel('Relu')
export const relu6 = kernel('Relu6', 6)
