// MomentumStep, a kernel that tfjs does not have: a step of stochastic gradient descent with momentum and
// weight decay in two programs, one for each tensor it changes, where the same by tfjs's operations takes
// six and four temporaries as large as the weights. Semantics of torch.optim.SGD:
//
//     g ← g + weightDecay · w;  v ← momentum · v + g;  w ← w − learningRate · (nesterov ? g + momentum · v : v)

import { customKernel } from '@alexnet/backend/kernels'
import type { AlexNetWebGLBackend } from '../backend.ts'
import { elementwise } from './elementwise.glsl.ts'

/** They change between steps without a new program. */
const uniforms = ['learningRate', 'momentum', 'weightDecay']

export const momentumStep = customKernel<'MomentumStep', AlexNetWebGLBackend>(
  'MomentumStep',
  ({ inputs: { weight, velocity, gradient }, attrs, backend }) => {
    const { learningRate, momentum, weightDecay, nesterov } = attrs
    const { shape } = weight
    const values = [[learningRate], [momentum], [weightDecay]]
    const newVelocity = backend.runWebGLProgram(
      elementwise(
        shape,
        ['weight', 'velocity', 'gradient'],
        () => 'momentum * velocity + gradient + weightDecay * weight',
        uniforms,
      ),
      [weight, velocity, gradient],
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
      [weight, newVelocity, ...(nesterov ? [gradient] : [])],
      'float32',
      values,
    )
    return [newWeight, newVelocity]
  },
)
