// HashedDropout, a kernel that tfjs does not have: a mask that is a pure function of keys and the element's
// index, applied in one pass where it would be made on the processor and sent. The network's dropout layer
// finds it by name; the mask is that of its fillMask, bit for bit, so that a run is the same on every backend.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'

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

export const hashedDropout = customKernel<'HashedDropout', AlexNetWebGPUBackend>(
  'HashedDropout',
  ({ inputs: { x }, attrs, backend }) => {
    const { first, second, threshold, scale, firstElement } = attrs
    const size = tf.util.sizeFromShape(x.shape)
    const result = backend.makeTensorInfo(x.shape, 'float32')
    run(backend, program, {
      buffers: [x, result],
      parameters: { first, second, threshold, scale, firstElement, size },
      workgroups: workgroupsOf(size),
    })
    return result
  },
)
