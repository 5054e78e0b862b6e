// A running mean of the weights over the steps (Polyak averaging, EMA): often better than the last
// weights, since it lies in the middle of where the noise of the steps throws them. It is kept beside
// the weights and put in their place to evaluate and to save.

import * as tf from '@tensorflow/tfjs'

/**
 * After step n (from 1): average ← d · average + (1 − d) · weight, with d = min(decay, n / (9 + n)): the
 * first average is mostly the first weights, not where they started (the warm-up of
 * tf.train.ExponentialMovingAverage).
 */
export class WeightAverage {
  readonly decay: number
  #averages = new Map<string, tf.Variable>()
  #isSwapped = false

  /** @throws RangeError unless 0 < decay < 1 */
  constructor(decay: number) {
    if (!(decay > 0 && decay < 1)) {
      throw new RangeError(`the decay of the weights' average must be in (0, 1), not ${decay}`)
    }
    this.decay = decay
  }

  /** Takes in the weights after a step. */
  update(weights: ReadonlyMap<string, tf.Variable>, step: number): void {
    const decay = Math.min(this.decay, step / (9 + step))
    for (const [name, weight] of weights) {
      const average = this.#averages.get(name)
      if (!average) this.#averages.set(name, tf.variable(weight, false))
      else tf.tidy(() => average.assign(tf.add(tf.mul(average, decay), tf.mul(weight, 1 - decay))))
    }
  }

  /** The averages by weight name, empty before the first step; they stay its own. */
  get tensors(): ReadonlyMap<string, tf.Tensor> {
    return this.#averages
  }

  /** Puts back averages, copying them. */
  restore(tensors: ReadonlyMap<string, tf.Tensor>): void {
    this.dispose()
    for (const [name, value] of tensors) this.#averages.set(name, tf.variable(value, false))
  }

  /** Runs something with the averages in the weights' places, and puts the weights back. */
  async inPlaceOf<T>(
    weights: ReadonlyMap<string, tf.Variable>,
    work: () => Promise<T>,
  ): Promise<T> {
    if (this.#isSwapped) return work()
    this.#swap(weights)
    this.#isSwapped = true
    try {
      return await work()
    } finally {
      this.#swap(weights)
      this.#isSwapped = false
    }
  }

  #swap(weights: ReadonlyMap<string, tf.Variable>): void {
    for (const [name, weight] of weights) {
      const average = this.#averages.get(name)
      if (!average) continue
      tf.tidy(() => {
        const held = tf.clone(weight)
        weight.assign(tf.clone(average))
        average.assign(held)
      })
    }
  }

  dispose(): void {
    tf.dispose([...this.#averages.values()])
    this.#averages.clear()
  }
}
