// What all optimisers have in common: a learning rate that may change between steps, rules for weights
// that are treated otherwise, and state as large as the weights, kept in slots by weight name so that a
// checkpoint can hold it without knowing which optimiser it is.

import * as tf from '@tensorflow/tfjs'
import { treatmentOf, type WeightRule, type WeightTreatment } from './weight-rules.ts'

/** Options that every optimiser has. */
export interface OptimizerOptions {
  /** Step size; may be set again between steps. */
  learningRate?: number
  /** L2 penalty or decay; each optimiser says which. */
  weightDecay?: number
  /** Weights that are treated otherwise; the first rule that fits counts. Default none. */
  rules?: readonly WeightRule[]
}

/** What an optimiser remembers between steps. */
export interface OptimizerState {
  /** Tensors of the weights' shapes, by slot (`velocity`) and weight name. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, tf.Tensor>>
  /** Steps that each weight has made, where the optimiser counts them. */
  readonly counts: Readonly<Record<string, number>>
}

export abstract class Optimizer {
  learningRate: number
  readonly weightDecay: number
  readonly rules: readonly WeightRule[]
  readonly #slots = new Map<string, Map<string, tf.Variable>>()
  readonly #counts = new Map<string, number>()

  constructor({ learningRate = 0.01, weightDecay = 0, rules = [] }: OptimizerOptions) {
    if (!(learningRate >= 0)) throw new RangeError(`learningRate must be ≥ 0, not ${learningRate}`)
    if (!(weightDecay >= 0)) throw new RangeError(`weightDecay must be ≥ 0, not ${weightDecay}`)
    this.learningRate = learningRate
    this.weightDecay = weightDecay
    this.rules = rules
  }

  /** How the rules have a weight trained. */
  treatment(name: string): WeightTreatment {
    return treatmentOf(name, this.rules, this.weightDecay)
  }

  /**
   * Moves every weight one step down its gradient; frozen ones stay.
   *
   * @param weights the weights by name.
   * @param gradients the loss's gradients under the same names; not disposed.
   * @throws Error when a weight has no gradient.
   */
  step(weights: ReadonlyMap<string, tf.Variable>, gradients: Readonly<tf.NamedTensorMap>): void {
    for (const [name, weight] of weights) {
      const treatment = this.treatment(name)
      if (treatment.frozen) continue
      const gradient = gradients[name]
      if (!gradient) throw new Error(`no gradient for the weight '${name}'`)
      const learningRate = this.learningRate * treatment.learningRate
      tf.tidy(() => this.stepOne(name, weight, gradient, { ...treatment, learningRate }))
    }
  }

  /** Moves one weight, inside a tidy; `treatment.learningRate` is the rate itself. */
  protected abstract stepOne(
    name: string,
    weight: tf.Variable,
    gradient: tf.Tensor,
    treatment: WeightTreatment,
  ): void

  /** A weight's tensor in a slot, zeros at first. */
  protected slot(slot: string, name: string, weight: tf.Tensor): tf.Variable {
    const tensors = this.#slots.get(slot) ?? new Map<string, tf.Variable>()
    this.#slots.set(slot, tensors)
    const known = tensors.get(name)
    if (known) return known
    const variable = tf.variable(tf.zerosLike(weight), false)
    tensors.set(name, variable)
    return variable
  }

  /** Counts a weight's step; the first is 1. */
  protected count(name: string): number {
    const next = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, next)
    return next
  }

  /** What it remembers, empty before the first step; the tensors stay the optimiser's own. */
  get state(): OptimizerState {
    return { slots: this.#slots, counts: Object.fromEntries(this.#counts) }
  }

  /** Puts back what an optimiser of the same kind remembered, copying the tensors. */
  restore({ slots, counts }: OptimizerState): void {
    this.dispose()
    for (const [slot, tensors] of slots) {
      const variables = [...tensors].map(
        ([name, value]) => [name, tf.variable(value, false)] as const,
      )
      this.#slots.set(slot, new Map(variables))
    }
    for (const [name, count] of Object.entries(counts)) this.#counts.set(name, count)
  }

  /** Forgets everything and frees its tensors. */
  dispose(): void {
    for (const tensors of this.#slots.values()) tf.dispose([...tensors.values()])
    this.#slots.clear()
    this.#counts.clear()
  }
}
