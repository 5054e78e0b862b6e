// Functions of one operand, and PReLU. The ReLUs: tfjs multiplies by a mask, so that infinity times zero
// becomes NaN; here the negative elements are replaced, and what is no number stays none. Tanh near zero by a
// polynomial: tfjs's (1 − e^−2x) / (1 + e^−2x) takes the difference of two numbers that are almost equal
// there, and loses the digits that they share.

import * as tf from '@tensorflow/tfjs'
import { elementwise } from './elementwise.glsl.ts'
import type { Kernel } from './kernel.ts'

type Expression = (type: 'vec4' | 'float') => string

/** Where `x` has reached a limit, as `mix` takes it: with truth values it selects, it does not multiply. */
const atLeast = (type: 'vec4' | 'float', x: string, limit: string) =>
  type === 'vec4' ? `greaterThanEqual(${x}, vec4(${limit}))` : `${x} >= ${limit}`

/** GLSL: `x` between zero and a most. */
export const clamped =
  (most?: number): Expression =>
  (type) => {
    const positive = `mix(x, ${type}(0.0), ${atLeast(type, '-x', '0.0')})`
    return most === undefined
      ? positive
      : `mix(${positive}, ${type}(${most}.0), ${atLeast(type, 'x', `${most}.0`)})`
  }

/**
 * Cephes' tanhf: a polynomial below 0.625, elsewhere 1 − 2 / (e^2|x| + 1) with the sign of x. The exponent is
 * held where it is finite, and the branch chosen so that a NaN goes through the polynomial, which keeps it.
 */
const hyperbolicTangent: Expression = (type) => {
  const sum = [2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1].reduce(
    (inner, coefficient) => `(${inner} * x * x + ${coefficient})`,
    '-5.70498872745e-3',
  )
  const far = 'sign(x) * (1.0 - 2.0 / (exp(min(2.0 * abs(x), 40.0)) + 1.0))'
  // By a factor of x, so that -0 stays -0.
  return `mix((${sum} * x * x + 1.0) * x, ${far}, ${atLeast(type, 'abs(x)', '0.625')})`
}

const kernel = (name: string, expression: Expression): Kernel => ({
  name,
  run({ inputs, backend }) {
    const { x } = inputs as { x: tf.TensorInfo }
    return backend.runWebGLProgram(elementwise(x.shape, ['x'], expression), [x], x.dtype)
  },
})

export const relu = kernel('Relu', clamped())
export const relu6 = kernel('Relu6', clamped(6))
export const tanh = kernel('Tanh', hyperbolicTangent)

/** `x` times `alpha` where it is below zero. */
const leaking: Expression = (type) =>
  type === 'vec4' ? 'mix(x, alpha * x, lessThan(x, vec4(0.0)))' : 'x < 0.0 ? alpha * x : x'

export const leakyRelu: Kernel = {
  name: 'LeakyRelu',
  run({ inputs, attrs, backend }) {
    const { x } = inputs as { x: tf.TensorInfo }
    const program = elementwise(x.shape, ['x'], leaking, ['alpha'])
    return backend.runWebGLProgram(program, [x], 'float32', [[attrs.alpha as number]])
  },
}

export const prelu: Kernel = {
  name: 'Prelu',
  run({ inputs, backend }) {
    const { x, alpha } = inputs as Record<'x' | 'alpha', tf.TensorInfo>
    const shape = tf.backend_util.assertAndGetBroadcastShape(x.shape, alpha.shape)
    const program = elementwise(shape, ['x', 'alpha'], leaking)
    return backend.runWebGLProgram(program, [x, alpha], 'float32')
  },
}
