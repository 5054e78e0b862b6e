// AdamStep, a kernel that tfjs does not have: one step of Adam with decoupled weight decay in one pass, where tfjs's
// operations make a dozen tensors as large as the weights. Found by name, as MomentumStep is.

import { customKernel } from '@alexnet/backend/kernels'
import type { AlexNetCpuBackend } from '../backend.ts'
import { adamParameters } from '../generated/layout.ts'
import { inParts, writable } from './momentum.ts'

const TASK_COUNT = 65536

export const adamStepKernel = customKernel<'AdamStep', AlexNetCpuBackend>(
  'AdamStep',
  ({ inputs, attrs, backend }) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs
    const results = [inputs.weight, inputs.mean, inputs.square].map((tensor) =>
      writable(backend, tensor, 'AdamStep'),
    )
    const [weight, mean, square] = results.map((tensor) => backend.address(tensor)) as [
      number,
      number,
      number,
    ]
    inParts(backend, inputs.gradient, (gradient, first, count) => {
      const values = {
        weight: weight + first * 4,
        mean: mean + first * 4,
        square: square + first * 4,
        gradient,
        count,
        taskCount: TASK_COUNT,
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        rate: learningRate / (1 - beta1 ** step),
        rootScale: 1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        decay: 1 - learningRate * weightDecay,
      }
      backend.engine.run('adamStep', adamParameters, values, Math.ceil(count / TASK_COUNT))
    })
    return results
  },
)
