// The softmax of the last layer's logits, term by term: each less the largest, its exponential, its share of their sum.
import type { SoftmaxTerms } from './protocol.ts'

/** Classes that are listed, where there are more. */
const MOST = 10

/** In double precision; the chosen class is listed wherever it ranks. */
export function softmaxTerms(logits: ArrayLike<number>, chosen?: number): SoftmaxTerms {
  const largest = Array.from(logits).reduce((most, logit) => Math.max(most, logit))
  const all = Array.from(logits, (logit, index) => ({
    index,
    logit,
    exp: Math.exp(logit - largest),
  }))
  const sum = all.reduce((total, { exp }) => total + exp, 0)
  const terms = all
    .sort((a, b) => b.logit - a.logit || a.index - b.index)
    .filter(({ index }, rank) => rank < MOST || index === chosen)
    .map((term) => ({ ...term, share: term.exp / sum }))
  const listed = terms.reduce((total, { exp }) => total + exp, 0)
  return { terms, largest, sum, others: sum - listed, unlisted: logits.length - terms.length }
}
