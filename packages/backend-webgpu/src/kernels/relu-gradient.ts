// ReluGradient, a kernel that tfjs does not have: the map's gradient where the output of a ReLU is above
// zero. tfjs's operations for it are two passes and a tensor of zeros and ones. @alexnet/core finds it by
// name.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'

const program = (vectors: boolean) =>
  elementwise(
    'gradient of ReLU',
    ['y', 'dy', 'dx'],
    {},
    {
      body: 'dx[i] = select(T(), dy[i], y[i] > T());',
      vectors,
    },
  )

export const reluGradient = customKernel<'ReluGradient', AlexNetWebGPUBackend>(
  'ReluGradient',
  ({ inputs: { y, dy }, backend }) => {
    const count = tf.util.sizeFromShape(y.shape)
    const vectors = count % 4 === 0
    const size = count / (vectors ? 4 : 1)
    const dx = backend.makeTensorInfo(y.shape, 'float32')
    const workgroups = workgroupsOf(size)
    run(backend, program(vectors), { buffers: [y, dy, dx], parameters: { size }, workgroups })
    return dx
  },
)
