// Functions of one operand. ReLU6 by comparisons, so that a NaN stays one: tfjs's clamps, and what that makes
// of a NaN is the driver's choice; so with the sigmoid. Tanh near zero by a polynomial: tfjs's (1 − e^−2x) / (1 + e^−2x) takes the
// difference of two numbers that are almost equal there, and loses the digits that they share.

import * as tf from '@tensorflow/tfjs'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'
import type { Kernel } from './kernel.ts'

/** @param body WGSL that writes `y[i]` from `x[i]`; `T` stands for the element's type */
const kernel = (name: string, body: string): Kernel => ({
  name,
  run(call, fallback) {
    const { backend } = call
    const x = call.inputs.x!
    const count = tf.util.sizeFromShape(x.shape)
    if (x.dtype !== 'float32' || count === 0) return fallback(call)
    const vectors = count % 4 === 0
    const size = count / (vectors ? 4 : 1)
    const y = backend.makeTensorInfo(x.shape, 'float32')
    run(backend, elementwise(name, ['x', 'y'], {}, { body, vectors }), {
      buffers: [x, y],
      parameters: { size },
      workgroups: workgroupsOf(size),
    })
    return y
  },
})

export const relu6 = kernel(
  'Relu6',
  'y[i] = select(select(x[i], T(6.0), x[i] > T(6.0)), T(), x[i] < T());',
)

/**
 * Cephes' tanhf: a polynomial below 0.625, elsewhere 1 − 2 / (e^2|x| + 1) with the sign of x. The exponent is
 * held where it is finite, and the branch chosen so that a NaN goes through the polynomial, which keeps it.
 */
export const tanh = kernel(
  'Tanh',
  `
  let size = abs(x[i]);
  let square = x[i] * x[i];
  var sum = square * T(-5.70498872745e-3) + T(2.06390887954e-2);
  sum = sum * square + T(-5.37397155531e-2);
  sum = sum * square + T(1.33314422036e-1);
  sum = sum * square + T(-3.33332819422e-1);
  // So that -0 stays -0.
  let near = (sum * square + T(1.0)) * x[i];
  let far = sign(x[i]) * (T(1.0) - T(2.0) / (exp(min(size + size, T(40.0))) + T(1.0)));
  y[i] = select(near, far, size >= T(0.625));`,
)

/**
 * e^x / (1 + e^x) below zero, 1 / (1 + e^−x) above: the exponential stays in range. What it makes of a NaN is the
 * driver's choice, so that one is kept as it came.
 */
export const sigmoid = kernel(
  'Sigmoid',
  `
  let size = abs(x[i]);
  let bounded = select(size, T(104.0), size > T(104.0));
  let power = exp(-bounded);
  let share = select(T(1.0), power, x[i] < T()) / (T(1.0) + power);
  y[i] = select(x[i], share, bounded <= T(104.0));`,
)
