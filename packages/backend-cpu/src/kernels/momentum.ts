// MomentumStep, a kernel that tfjs does not have: one step of stochastic gradient descent with momentum
// and weight decay in one pass, where tfjs's optimiser makes four tensors as large as the weights. A
// training loop finds it by name (tf.getKernel('MomentumStep', tf.getBackend())), so it needs no import
// of this package.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { momentumParameters } from '../generated/layout.ts'

const TASK_COUNT = 65536

export interface MomentumStepOptions {
  /** Updated. */
  weight: tf.Variable
  /** Updated; all zeros before the first step. */
  velocity: tf.Variable
  gradient: tf.Tensor
  learningRate: number
  /** 0 is plain gradient descent. */
  momentum: number
  /** Default 0. */
  weightDecay?: number
  /** Default false. */
  nesterov?: boolean
}

/**
 * Runs the kernel on variables of the current backend, with the semantics of torch.optim.SGD:
 * g ← g + weightDecay · w; v ← momentum · v + g; w ← w − learningRate · (nesterov ? g + momentum · v : v).
 */
export function momentumStep({
  weight,
  velocity,
  gradient,
  ...options
}: MomentumStepOptions): void {
  const { learningRate, momentum, weightDecay = 0, nesterov = false } = options
  tf.tidy(() => {
    const [newWeight, newVelocity] = tf
      .engine()
      .runKernel(
        'MomentumStep',
        { weight, velocity, gradient },
        { learningRate, momentum, weightDecay, nesterov },
      ) as tf.Tensor[]
    weight.assign(newWeight!)
    velocity.assign(newVelocity!)
  })
}

/** The tensor itself if nothing else shares its values, otherwise a copy. */
function writable(backend: AlexNetCpuBackend, tensor: tf.TensorInfo): tf.TensorInfo {
  const from = backend.address(tensor)
  if (backend.refCount(tensor.dataId) === 1) {
    backend.changed(tensor)
    return backend.share(tensor, tensor.shape)
  }
  const { info, address } = backend.allocate(tensor.shape, 'MomentumStep')
  const { memory } = backend.engine
  const count = tf.util.sizeFromShape(tensor.shape)
  memory.floats(address, count).set(memory.floats(from, count))
  return info
}

/** Rows of a gradient that waits which are computed, and used, at a time: a few MB, which stay in the cache. */
const PART_ROWS = 504

/**
 * Where nothing shares the values of weight and velocity they are overwritten and returned. A gradient that is not
 * yet computed is made in parts, each used while it is cached, and is never there as a whole.
 */
export const momentumStepKernel = customKernel<'MomentumStep', AlexNetCpuBackend>(
  'MomentumStep',
  ({ inputs, attrs, backend }) => {
    const weight = writable(backend, inputs.weight)
    const velocity = writable(backend, inputs.velocity)
    const addresses = { weight: backend.address(weight), velocity: backend.address(velocity) }
    const { engine } = backend
    /** A step of `count` weights from number `first` on. */
    const step = (gradient: number, first: number, count: number) =>
      engine.run(
        'momentumStep',
        momentumParameters,
        {
          weight: addresses.weight + first * 4,
          velocity: addresses.velocity + first * 4,
          gradient,
          count,
          taskCount: TASK_COUNT,
          learningRate: attrs.learningRate,
          momentum: attrs.momentum,
          weightDecay: attrs.weightDecay,
          nesterov: attrs.nesterov ? 1 : 0,
        },
        Math.ceil(count / TASK_COUNT),
      )
    const later = backend.notYet(inputs.gradient)
    if (!later) {
      step(backend.address(inputs.gradient), 0, tf.util.sizeFromShape(inputs.weight.shape))
      return [weight, velocity]
    }
    const { rows, columns } = later
    const partRows = Math.min(rows, PART_ROWS)
    const part = engine.memory.allocate(partRows * columns * 4, () => 'part of a gradient')
    try {
      for (let first = 0; first < rows; first += partRows) {
        const count = Math.min(partRows, rows - first)
        later.compute(part, first, count)
        step(part, first * columns, count * columns)
      }
    } finally {
      engine.memory.free(part)
    }
    return [weight, velocity]
  },
)
