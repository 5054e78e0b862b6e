// From logits to what is said of a picture: softmax in double precision, the mean over views, classes in order.

import { OptionError } from '@alexnet/core'
import { ModelError } from './errors.ts'

/** One of the classes that a picture may belong to. */
export interface Prediction {
  /** Number of the class, from 0. */
  index: number
  /** Name of the class; its number as text where the model has no labels. */
  label: string
  /** Softmax of the logits, of several views its mean: 0…1, summing to 1 over all classes. */
  probability: number
}

/**
 * The `topK` likeliest classes of a picture, likeliest first. One view ranks by its logits, which tell apart what
 * rounds to the same probability; several by their mean probabilities. Equal ones come in the order of their numbers.
 *
 * @param views logits of each view
 * @param picture its number, for the message
 * @throws OptionError on a bad `topK`; ModelError on a logit that is not finite
 */
export function likeliest(
  views: readonly Float32Array[],
  labels: readonly string[],
  topK: number,
  picture: number,
): Prediction[] {
  if (!Number.isInteger(topK) || topK < 1) {
    throw new OptionError(`topK must be a whole number of at least 1, found ${topK}`)
  }
  for (const logits of views) requireFinite(logits, picture)
  const probabilities = new Float64Array(labels.length)
  for (const logits of views) {
    for (const [index, share] of softmax(logits).entries()) {
      probabilities[index]! += share / views.length
    }
  }
  const order: ArrayLike<number> = views.length === 1 ? views[0]! : probabilities
  return Array.from(probabilities, (probability, index) => ({
    index,
    label: labels[index]!,
    probability,
  }))
    .sort((a, b) => order[b.index]! - order[a.index]! || a.index - b.index)
    .slice(0, topK)
}

/** Shares of the exponentials, less the largest logit, so that none overflows. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  let largest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < logits.length; index++) largest = Math.max(largest, logits[index]!)
  const shares = Float64Array.from(logits, (logit) => Math.exp(logit - largest))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return shares.map((share) => share / total)
}

function requireFinite(logits: Float32Array, picture: number): void {
  const index = logits.findIndex((logit) => !Number.isFinite(logit))
  if (index < 0) return
  throw new ModelError(
    `the model gave ${logits[index]} for class ${index} of picture ${picture}: its weights or the prepared picture are not finite or too large`,
  )
}
