// Stochastic gradient descent as torch.optim.SGD computes it, momentum buffers by weight name. The
// paper's own rule keeps the learning rate inside the velocity; PyTorch's, here, does not, and the two
// differ only from the moment the rate changes.

import * as tf from '@tensorflow/tfjs'

/** What a backend registers to do a whole step in place; @alexnet/backend-cpu does. */
const MOMENTUM_KERNEL = 'MomentumStep'

export interface SgdOptions {
  /** Step size; may be set again between steps. Default 0.01. */
  learningRate?: number
  /** Share of the last velocity that is kept, in [0, 1). Default 0. */
  momentum?: number
  /** L2 penalty, added to the gradient as `weightDecay · w`. Default 0. */
  weightDecay?: number
  /** Nesterov momentum, as PyTorch defines it. Default false. */
  nesterov?: boolean
}

/**
 * SGD with momentum and weight decay, PyTorch's update for each weight w with gradient g:
 *
 *     g ← g + weightDecay · w
 *     v ← momentum · v + g        (v ← g at the first step)
 *     w ← w − learningRate · v    (nesterov: w − learningRate · (g + momentum · v))
 *
 * https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export class Sgd {
  learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  readonly nesterov: boolean
  readonly #velocities = new Map<string, tf.Variable>()

  /** @throws RangeError when a value is out of its range. */
  constructor(options: SgdOptions = {}) {
    const { learningRate = 0.01, momentum = 0, weightDecay = 0, nesterov = false } = options
    if (!(learningRate >= 0)) throw new RangeError(`learningRate must be ≥ 0, not ${learningRate}`)
    if (!(momentum >= 0 && momentum < 1)) {
      throw new RangeError(`momentum must be in [0, 1), not ${momentum}`)
    }
    if (!(weightDecay >= 0)) throw new RangeError(`weightDecay must be ≥ 0, not ${weightDecay}`)
    if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0')
    this.learningRate = learningRate
    this.momentum = momentum
    this.weightDecay = weightDecay
    this.nesterov = nesterov
  }

  /**
   * Moves every weight one step down its gradient.
   *
   * @param weights the weights by name.
   * @param gradients the loss's gradients under the same names; not disposed.
   * @throws Error when a weight has no gradient.
   */
  step(weights: ReadonlyMap<string, tf.Variable>, gradients: Readonly<tf.NamedTensorMap>): void {
    for (const [name, weight] of weights) {
      const gradient = gradients[name]
      if (!gradient) throw new Error(`no gradient for the weight '${name}'`)
      tf.tidy(() => this.#stepOne(name, weight, gradient))
    }
  }

  #stepOne(name: string, weight: tf.Variable, gradient: tf.Tensor): void {
    if (this.momentum === 0) {
      weight.assign(tf.sub(weight, tf.mul(this.#penalised(weight, gradient), this.learningRate)))
      return
    }
    let velocity = this.#velocities.get(name)
    if (!velocity) {
      velocity = tf.variable(tf.zerosLike(weight), false)
      this.#velocities.set(name, velocity)
    }
    const hasKernel = tf.getKernel(MOMENTUM_KERNEL, tf.getBackend()) !== undefined
    const [newWeight, newVelocity] = hasKernel
      ? this.#inOnePass(weight, velocity, gradient)
      : this.#composed(weight, velocity, gradient)
    weight.assign(newWeight)
    velocity.assign(newVelocity)
  }

  /** The backend's own kernel: no temporary as large as the weights. */
  #inOnePass(weight: tf.Tensor, velocity: tf.Tensor, gradient: tf.Tensor): [tf.Tensor, tf.Tensor] {
    const { learningRate, momentum, weightDecay, nesterov } = this
    return tf
      .engine()
      .runKernel(
        MOMENTUM_KERNEL,
        { weight, velocity, gradient },
        { learningRate, momentum, weightDecay, nesterov },
      ) as unknown as [tf.Tensor, tf.Tensor]
  }

  #composed(weight: tf.Tensor, velocity: tf.Tensor, gradient: tf.Tensor): [tf.Tensor, tf.Tensor] {
    const penalised = this.#penalised(weight, gradient)
    const newVelocity = tf.add(tf.mul(velocity, this.momentum), penalised)
    const direction = this.nesterov
      ? tf.add(penalised, tf.mul(newVelocity, this.momentum))
      : newVelocity
    return [tf.sub(weight, tf.mul(direction, this.learningRate)), newVelocity]
  }

  #penalised(weight: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
    return this.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, this.weightDecay))
  }

  /** The momentum buffers by weight name, empty before the first step; they stay the optimiser's own. */
  get velocities(): ReadonlyMap<string, tf.Tensor> {
    return this.#velocities
  }

  /** Puts back momentum buffers, copying them, in the place of those there are. */
  restore(velocities: ReadonlyMap<string, tf.Tensor>): void {
    this.dispose()
    for (const [name, value] of velocities) {
      this.#velocities.set(name, tf.variable(value, false))
    }
  }

  /** Frees the momentum buffers. */
  dispose(): void {
    for (const velocity of this.#velocities.values()) velocity.dispose()
    this.#velocities.clear()
  }
}
