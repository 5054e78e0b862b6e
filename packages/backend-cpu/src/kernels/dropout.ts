// HashedDropout, a kernel that tfjs does not have: a mask that is a pure function of keys and the element's
// index, applied in one pass. The network's dropout layer finds it by name; the mask is that of its
// fillMask, bit for bit, so that a run is the same on every backend.

import * as tf from '@tensorflow/tfjs'
import { dropoutParameters } from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

const TASK_COUNT = 32768

/**
 * Input x, float32 of any shape. Attributes: the hash's keys `first` and `second`, `threshold` (an element is
 * kept if its hash is below; all three from 0 to 2³² − 1), `scale` of kept elements, `firstElement`.
 */
export const hashedDropout: Kernel = {
  name: 'HashedDropout',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const input = inputs.x!
    if (input.dtype !== 'float32') return fallback(call)
    const { first, second, threshold, scale, firstElement } = attrs as Record<string, number>
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
        first: first!,
        second: second!,
        threshold: threshold!,
        scale: scale!,
        firstElement: firstElement!,
      },
      Math.ceil(count / TASK_COUNT),
    )
    return info
  },
}
