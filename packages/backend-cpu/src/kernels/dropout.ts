// HashedDropout, a kernel that tfjs does not have: a mask that is a pure function of keys and the element's
// index, applied in one pass. The network's dropout layer finds it by name; the mask is that of its
// fillMask, bit for bit, so that a run is the same on every backend.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { dropoutParameters } from '../generated/layout.ts'

const TASK_COUNT = 32768

export const hashedDropout = customKernel<'HashedDropout', AlexNetCpuBackend>(
  'HashedDropout',
  ({ inputs: { x: input }, attrs, backend }) => {
    const { first, second, threshold, scale, firstElement } = attrs
    const x = backend.address(input)
    const { info, address } = backend.allocate(input.shape, 'dropout')
    const count = tf.util.sizeFromShape(input.shape)
    backend.engine.run(
      'dropout',
      dropoutParameters,
      {
        x,
        result: address,
        count,
        taskCount: TASK_COUNT,
        first,
        second,
        threshold,
        scale,
        firstElement,
      },
      Math.ceil(count / TASK_COUNT),
    )
    return info
  },
)
