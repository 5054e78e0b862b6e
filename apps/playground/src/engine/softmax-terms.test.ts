// The softmax term by term, against TensorFlow.js' own.
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { softmaxTerms } from './softmax-terms.ts'

beforeAll(() => tf.setBackend('cpu'))

/** Logits of which plain exponentials would overflow. */
const logits = (count: number) =>
  Float32Array.from({ length: count }, (_, index) => 100 + 6 * Math.sin(1 + index * index))

it.each([
  [3, undefined],
  [10, 4],
  [1000, 999],
])('gives the shares of %i classes', (count, chosen) => {
  const given = logits(count)
  const expected = tf.tidy(() => tf.softmax(tf.tensor1d(given)).dataSync())
  const { terms, largest, sum, others, unlisted } = softmaxTerms(given, chosen)
  for (const { index, logit, exp, share } of terms) {
    expect(logit).toBe(given[index])
    expect(Math.abs(share - expected[index]!) / expected[index]!).toBeLessThan(1e-5)
    expect(exp / sum).toBeCloseTo(share, 12)
  }
  expect(largest).toBe(tf.tidy(() => tf.max(tf.tensor1d(given)).dataSync()[0]))
  expect(terms[0]!.exp).toBe(1)
  expect(terms.reduce((total, { exp }) => total + exp, 0) + others).toBeCloseTo(sum, 9)
  expect(terms.length + unlisted).toBe(count)
  // The ten largest, and the one that was asked for.
  const byShare = Array.from(expected.keys()).sort((a, b) => expected[b]! - expected[a]!)
  expect(terms.slice(0, 10).map(({ index }) => index)).toEqual(byShare.slice(0, 10))
  if (chosen !== undefined) expect(terms.map(({ index }) => index)).toContain(chosen)
})
