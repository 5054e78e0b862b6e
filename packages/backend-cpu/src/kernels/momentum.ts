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
export function writable(
  backend: AlexNetCpuBackend,
  tensor: tf.TensorInfo,
  operation: string,
): tf.TensorInfo {
  const from = backend.address(tensor)
  if (backend.refCount(tensor.dataId) === 1) {
    backend.changed(tensor)
    return backend.share(tensor, tensor.shape)
  }
  const { info, address } = backend.allocate(tensor.shape, operation)
  const { memory } = backend.engine
  const count = tf.util.sizeFromShape(tensor.shape)
  memory.floats(address, count).set(memory.floats(from, count))
  return info
}

/** Rows of a gradient that waits which are computed, and used, at a time: a few MB, which stay in the cache. */
const PART_ROWS = 504

/**
 * Takes a step by a gradient: at once, or, where it is not yet computed, in parts, each used while it is cached, so
 * that it is never there as a whole.
 *
 * @param step of `count` weights from number `first` on, by the gradient's numbers for them at an address
 */
export function inParts(
  backend: AlexNetCpuBackend,
  gradient: tf.TensorInfo,
  step: (address: number, first: number, count: number) => void,
): void {
  const parts = backend.notYet(gradient)?.parts
  if (!parts) {
    step(backend.address(gradient), 0, tf.util.sizeFromShape(gradient.shape))
    return
  }
  const { rows, columns } = parts
  const { memory } = backend.engine
  const partRows = Math.min(rows, PART_ROWS)
  const part = memory.allocate(partRows * columns * 4, () => 'part of a gradient')
  try {
    for (let first = 0; first < rows; first += partRows) {
      const count = Math.min(partRows, rows - first)
      parts.compute(part, first, count)
      step(part, first * columns, count * columns)
    }
  } finally {
    memory.free(part)
  }
}

/** Where nothing shares the values of weight and velocity they are overwritten and returned. */
export const momentumStepKernel = customKernel<'MomentumStep', AlexNetCpuBackend>(
  'MomentumStep',
  ({ inputs, attrs, backend }) => {
    const weight = writable(backend, inputs.weight, 'MomentumStep')
    const velocity = writable(backend, inputs.velocity, 'MomentumStep')
    const addresses = { weight: backend.address(weight), velocity: backend.address(velocity) }
    inParts(backend, inputs.gradient, (gradient, first, count) =>
      backend.engine.run(
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
      ),
    )
    return [weight, velocity]
  },
)
