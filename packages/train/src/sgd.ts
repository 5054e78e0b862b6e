// Stochastic gradient descent as torch.optim.SGD computes it, or by the paper's own rule, which keeps
// the learning rate inside the velocity: the two differ only from the moment the rate changes, when the
// paper's velocity keeps the step size it was built with.

import type { CustomKernels } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from './custom-kernels.ts'
import { Optimizer, type OptimizerOptions } from './optimizer.ts'
import type { WeightTreatment } from './weight-rules.ts'

/** Default learning rate 0.01; weight decay is an L2 penalty, added to the gradient as `weightDecay · w`. */
export interface SgdOptions extends OptimizerOptions {
  /** Share of the last velocity that is kept, in [0, 1). Default 0. */
  momentum?: number
  /** Nesterov momentum, as PyTorch defines it. Default false. */
  nesterov?: boolean
  /** The learning rate inside the velocity, as the paper and cuda-convnet have it. Default false. */
  rateInVelocity?: boolean
}

/**
 * SGD with momentum and weight decay, PyTorch's update for each weight w with gradient g:
 *
 *     g ← g + weightDecay · w
 *     v ← momentum · v + g        (v ← g at the first step)
 *     w ← w − learningRate · v    (nesterov: w − learningRate · (g + momentum · v))
 *
 * https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 *
 * With `rateInVelocity`, section 5 of the paper, the velocity's sign turned round:
 *
 *     v ← momentum · v + learningRate · (g + weightDecay · w)
 *     w ← w − v
 */
export class Sgd extends Optimizer {
  readonly momentum: number
  readonly nesterov: boolean
  readonly rateInVelocity: boolean

  /** @throws RangeError when a value is out of its range. */
  constructor(options: SgdOptions = {}) {
    super(options)
    const { momentum = 0, nesterov = false, rateInVelocity = false } = options
    if (!(momentum >= 0 && momentum < 1)) {
      throw new RangeError(`momentum must be in [0, 1), not ${momentum}`)
    }
    if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0')
    if (nesterov && rateInVelocity) {
      throw new RangeError('nesterov and rateInVelocity cannot be used together')
    }
    this.momentum = momentum
    this.nesterov = nesterov
    this.rateInVelocity = rateInVelocity
  }

  protected override stepOne(
    name: string,
    weight: tf.Variable,
    gradient: tf.Tensor,
    { learningRate, weightDecay }: WeightTreatment,
  ): void {
    if (this.momentum === 0) {
      weight.assign(tf.sub(weight, tf.mul(penalised(weight, gradient, weightDecay), learningRate)))
      return
    }
    const velocity = this.slot('velocity', name, weight)
    const step = hasKernel('MomentumStep') ? inOnePass : composed
    const { momentum, nesterov } = this
    const [newWeight, newVelocity] = this.rateInVelocity
      ? step(weight, velocity, tf.mul(gradient, learningRate), {
          learningRate: 1,
          weightDecay: learningRate * weightDecay,
          momentum,
          nesterov,
        })
      : step(weight, velocity, gradient, { learningRate, weightDecay, momentum, nesterov })
    weight.assign(newWeight)
    velocity.assign(newVelocity)
  }
}

type Step = CustomKernels['MomentumStep']['attributes']

/** The backend's own kernel: no temporary as large as the weights. */
const inOnePass = (
  weight: tf.Tensor,
  velocity: tf.Tensor,
  gradient: tf.Tensor,
  step: Step,
): [tf.Tensor, tf.Tensor] => runKernel('MomentumStep', { weight, velocity, gradient }, step)

function composed(
  weight: tf.Tensor,
  velocity: tf.Tensor,
  gradient: tf.Tensor,
  { learningRate, weightDecay, momentum, nesterov }: Step,
): [tf.Tensor, tf.Tensor] {
  const total = penalised(weight, gradient, weightDecay)
  const newVelocity = tf.add(tf.mul(velocity, momentum), total)
  const direction = nesterov ? tf.add(total, tf.mul(newVelocity, momentum)) : newVelocity
  return [tf.sub(weight, tf.mul(direction, learningRate)), newVelocity]
}

const penalised = (weight: tf.Tensor, gradient: tf.Tensor, weightDecay: number): tf.Tensor =>
  weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay))
