// AdamW as torch.optim.AdamW computes it: Adam whose weight decay does not pass through the moments
// (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).

import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from './custom-kernels.ts'
import { Optimizer, type OptimizerOptions } from './optimizer.ts'
import type { WeightTreatment } from './weight-rules.ts'

/** Defaults are PyTorch's: learning rate 0.001, weight decay 0.01. */
export interface AdamWOptions extends OptimizerOptions {
  /** Share of the gradient's running mean that is kept, in [0, 1). Default 0.9. */
  beta1?: number
  /** Share of the running mean of its square that is kept, in [0, 1). Default 0.999. */
  beta2?: number
  /** Added to the root of the latter, above 0. Default 1e-8. */
  epsilon?: number
}

/**
 * For each weight w with gradient g, at its t-th step:
 *
 *     w ← w − learningRate · weightDecay · w
 *     m ← beta1 · m + (1 − beta1) · g
 *     s ← beta2 · s + (1 − beta2) · g²
 *     w ← w − learningRate / (1 − beta1ᵗ) · m / (√s / √(1 − beta2ᵗ) + epsilon)
 *
 * https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends Optimizer {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number

  /** @throws RangeError when a value is out of its range. */
  constructor(options: AdamWOptions = {}) {
    super({
      ...options,
      learningRate: options.learningRate ?? 1e-3,
      weightDecay: options.weightDecay ?? 1e-2,
    })
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
    for (const [name, beta] of Object.entries({ beta1, beta2 })) {
      if (!(beta >= 0 && beta < 1)) throw new RangeError(`${name} must be in [0, 1), not ${beta}`)
    }
    if (!(epsilon > 0)) throw new RangeError(`epsilon must be above 0, not ${epsilon}`)
    this.beta1 = beta1
    this.beta2 = beta2
    this.epsilon = epsilon
  }

  protected override stepOne(
    name: string,
    weight: tf.Variable,
    gradient: tf.Tensor,
    { learningRate, weightDecay }: WeightTreatment,
  ): void {
    const { beta1, beta2, epsilon } = this
    const step = this.count(name)
    const mean = this.slot('mean', name, weight)
    const square = this.slot('square', name, weight)
    if (hasKernel('AdamStep')) {
      const options = { learningRate, beta1, beta2, epsilon, weightDecay, step }
      const inputs = { weight, mean, square, gradient }
      const results: tf.Tensor[] = runKernel('AdamStep', inputs, options)
      for (const [i, variable] of [weight, mean, square].entries()) variable.assign(results[i]!)
      return
    }
    mean.assign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)))
    square.assign(tf.add(tf.mul(square, beta2), tf.mul(tf.square(gradient), 1 - beta2)))
    const root = tf.add(tf.div(tf.sqrt(square), Math.sqrt(1 - beta2 ** step)), epsilon)
    const move = tf.mul(tf.div(mean, root), learningRate / (1 - beta1 ** step))
    const decayed = weightDecay === 0 ? weight : tf.mul(weight, 1 - learningRate * weightDecay)
    weight.assign(tf.sub(decayed, move))
  }
}
