// HashedDropout, a kernel that tfjs does not have: a mask that is a pure function of keys and the element's
// index, applied in one pass where it would be made on the processor and sent. The network's dropout layer
// finds it by name; the mask is that of its fillMask, bit for bit, so that a run is the same on every backend.

import * as tf from '@tensorflow/tfjs'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'
import type { Kernel } from './kernel.ts'

const program = elementwise(
  'dropout',
  ['x', 'result'],
  { first: 'u32', second: 'u32', threshold: 'u32', scale: 'f32', firstElement: 'u32' },
  {
    vectors: false,
    body: `
  var h = ((p.firstElement + i) ^ p.first) * 0x9e3779b1u;
  h = (h ^ (h >> 15u)) * 0x85ebca6bu;
  h = (h ^ (h >> 13u)) + p.second;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  h = h ^ (h >> 16u);
  result[i] = select(0.0, x[i] * p.scale, h < p.threshold);`,
  },
)

/**
 * Input x, float32 of any shape. Attributes: the hash's keys `first` and `second`, `threshold` (an element is
 * kept if its hash is below; all three from 0 to 2³² − 1), `scale` of kept elements, `firstElement`.
 */
export const hashedDropout: Kernel = {
  name: 'HashedDropout',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const x = inputs.x!
    if (x.dtype !== 'float32') return fallback(call)
    const { first, second, threshold, scale, firstElement } = attrs as Record<string, number>
    const size = tf.util.sizeFromShape(x.shape)
    const result = backend.makeTensorInfo(x.shape, 'float32')
    run(backend, program, {
      buffers: [x, result],
      parameters: {
        first: first!,
        second: second!,
        threshold: threshold!,
        scale: scale!,
        firstElement: firstElement!,
        size,
      },
      workgroups: workgroupsOf(size),
    })
    return result
  },
}
