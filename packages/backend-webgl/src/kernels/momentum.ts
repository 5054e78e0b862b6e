// MomentumStep, a kernel that tfjs does not have: a step of stochastic gradient descent with momentum and
// weight decay in two programs, one for each tensor it changes, where the same by tfjs's operations takes
// six and four temporaries as large as the weights. Semantics of torch.optim.SGD:
//
//     g ← g + weightDecay · w;  v ← momentum · v + g;  w ← w − learningRate · (nesterov ? g + momentum · v : v)

import * as tf from '@tensorflow/tfjs'
import { elementwise } from './elementwise.ts'
import type { Kernel } from './kernel.ts'

interface Attributes {
  learningRate: number
  momentum: number
  weightDecay: number
  nesterov: boolean
}

/** They change between steps without a new program. */
const uniforms = ['learningRate', 'momentum', 'weightDecay']

/** Inputs weight, velocity, gradient of one shape; returns the new [weight, velocity]. */
export const momentumStep: Kernel = {
  name: 'MomentumStep',
  run({ inputs, attrs, backend }) {
    const { weight, velocity, gradient } = inputs as Record<string, tf.TensorInfo>
    const { learningRate, momentum, weightDecay, nesterov } = attrs as unknown as Attributes
    const { shape } = weight!
    for (const tensor of [velocity!, gradient!]) {
      if (tf.util.arraysEqual(tensor.shape, shape)) continue
      throw new Error(`MomentumStep: shapes differ: weight [${shape}], found [${tensor.shape}]`)
    }
    const values = [[learningRate], [momentum], [weightDecay]]
    const newVelocity = backend.runWebGLProgram(
      elementwise(
        shape,
        ['weight', 'velocity', 'gradient'],
        () => 'momentum * velocity + gradient + weightDecay * weight',
        uniforms,
      ),
      [weight!, velocity!, gradient!],
      'float32',
      values,
    )
    const direction = nesterov
      ? 'gradient + weightDecay * weight + momentum * velocity'
      : 'velocity'
    const newWeight = backend.runWebGLProgram(
      elementwise(
        shape,
        ['weight', 'velocity', ...(nesterov ? ['gradient'] : [])],
        () => `weight - learningRate * (${direction})`,
        uniforms,
      ),
      [weight!, newVelocity, ...(nesterov ? [gradient!] : [])],
      'float32',
      values,
    )
    return [newWeight, newVelocity]
  },
}
