// MomentumStep, a kernel that tfjs does not have: one step of stochastic gradient descent with momentum and
// weight decay in one pass and in place, where tfjs's operations make six passes and four tensors as large as
// the weights. A training loop finds it by name (tf.getKernel('MomentumStep', tf.getBackend())). Semantics of
// torch.optim.SGD:
//
//     g ← g + weightDecay · w;  v ← momentum · v + g;  w ← w − learningRate · (nesterov ? g + momentum · v : v)

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'

const program = (vectors: boolean) =>
  elementwise(
    'momentum step',
    ['gradient', 'weight', 'velocity'],
    { learningRate: 'f32', momentum: 'f32', weightDecay: 'f32', nesterov: 'u32' },
    {
      vectors,
      writes: 2,
      body: `
  let w = weight[i];
  let g = gradient[i] + p.weightDecay * w;
  let v = p.momentum * velocity[i] + g;
  velocity[i] = v;
  weight[i] = w - p.learningRate * select(v, g + p.momentum * v, p.nesterov == 1u);`,
    },
  )

/** The tensor itself if nothing else shares its values, otherwise a copy. */
function writable(backend: AlexNetWebGPUBackend, tensor: tf.TensorInfo): tf.TensorInfo {
  const from = backend.buffer(tensor)
  if (backend.refCount(tensor.dataId) === 1) {
    backend.changed(tensor)
    return backend.share(tensor, tensor.shape)
  }
  const copy = backend.makeTensorInfo(tensor.shape, 'float32')
  const to = backend.buffer(copy)
  backend.endComputePassEncoder()
  backend.ensureCommandEncoderReady()
  backend.commandEncoder!.copyBufferToBuffer(from, 0, to, 0, from.size)
  backend.commandQueueOwnedIds.add(tensor.dataId)
  return copy
}

/** Where nothing shares the values of weight and velocity they are overwritten and returned. */
export const momentumStep = customKernel<'MomentumStep', AlexNetWebGPUBackend>(
  'MomentumStep',
  ({ inputs: { weight, velocity, gradient }, attrs, backend }) => {
    const count = tf.util.sizeFromShape(weight.shape)
    const vectors = count % 4 === 0
    const size = count / (vectors ? 4 : 1)
    const { learningRate, momentum, weightDecay, nesterov } = attrs
    const results = [writable(backend, weight), writable(backend, velocity)]
    run(backend, program(vectors), {
      buffers: [gradient, ...results],
      parameters: { size, learningRate, momentum, weightDecay, nesterov: nesterov ? 1 : 0 },
      workgroups: workgroupsOf(size),
    })
    return results
  },
)
