// ReLU6 by comparisons, so that a NaN stays one: tfjs's clamps, and what that makes of a NaN is the driver's
// choice.

import * as tf from '@tensorflow/tfjs'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'
import type { Kernel } from './kernel.ts'

const program = (vectors: boolean) =>
  elementwise(
    'ReLU6',
    ['x', 'y'],
    {},
    { body: 'y[i] = select(select(x[i], T(6.0), x[i] > T(6.0)), T(), x[i] < T());', vectors },
  )

export const relu6: Kernel = {
  name: 'Relu6',
  run(call, fallback) {
    const { backend } = call
    const x = call.inputs.x!
    const count = tf.util.sizeFromShape(x.shape)
    if (x.dtype !== 'float32' || count === 0) return fallback(call)
    const vectors = count % 4 === 0
    const size = count / (vectors ? 4 : 1)
    const y = backend.makeTensorInfo(x.shape, 'float32')
    const workgroups = workgroupsOf(size)
    run(backend, program(vectors), { buffers: [x, y], parameters: { size }, workgroups })
    return y
  },
}
