import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectSameAsReference } from '../testing/compare.ts'
import { at, batchOf, type Forward, someBatch } from '../testing/reference.ts'
import { LocalResponseNormalization, SameMapNormalization } from './local-response-normalization.ts'

interface Numbers {
  size: number
  alpha: number
  beta: number
  bias: number
}

/** The paper's formula, section 3.3, over a window of channels that stays within its group. */
function acrossChannels({ size, alpha, beta, bias }: Numbers, groups = 1): Forward {
  const radius = (size - 1) / 2
  return (input) =>
    batchOf(input.shape, (n, y, x, c) => {
      const perGroup = input.shape[3] / groups
      let sum = 0
      for (let other = c - radius; other <= c + radius; other++) {
        if (Math.floor(other / perGroup) !== Math.floor(c / perGroup)) continue
        sum += (at(input, n, y, x, other) ?? 0) ** 2
      }
      return at(input, n, y, x, c)! * (bias + alpha * sum) ** -beta
    })
}

/** cuda-convnet's rnorm: a square of pixels of one channel, clipped at the border. */
function withinChannel({ size, alpha, beta, bias }: Numbers): Forward {
  const radius = (size - 1) / 2
  return (input) =>
    batchOf(input.shape, (n, y, x, c) => {
      let sum = 0
      for (let i = -radius; i <= radius; i++) {
        for (let j = -radius; j <= radius; j++) sum += (at(input, n, y + i, x + j, c) ?? 0) ** 2
      }
      return at(input, n, y, x, c)! * (bias + alpha * sum) ** -beta
    })
}

// Larger alphas than AlexNet's, so that the sum matters beside the bias.
const numbers = { size: 5, alpha: 0.4, beta: 0.75, bias: 2 }

describe('LocalResponseNormalization', () => {
  beforeAll(() => tf.setBackend('cpu'))

  it("equals float64 loops with the paper's numbers on large activations", () => {
    const x = someBatch([2, 3, 2, 8])
    for (let i = 0; i < x.data.length; i++) x.data[i]! *= 100
    const paper = { size: 5, alpha: 1e-4, beta: 0.75, bias: 2 }
    expectSameAsReference(new LocalResponseNormalization({}), acrossChannels(paper), x)
  })

  it('equals float64 loops with fewer channels than the window', () => {
    const layer = new LocalResponseNormalization(numbers)
    expectSameAsReference(layer, acrossChannels(numbers), someBatch([1, 2, 2, 3]))
  })

  it('keeps groups of channels apart', () => {
    const layer = new LocalResponseNormalization({ ...numbers, groups: 2 })
    expectSameAsReference(layer, acrossChannels(numbers, 2), someBatch([2, 3, 2, 8]))
  })

  it('says what cannot be', () => {
    expect(() => new LocalResponseNormalization({ size: 4 })).toThrow(/size must be odd, found 4/)
    expect(() => new LocalResponseNormalization({ alpha: Number.NaN })).toThrow(
      /alpha must be a number/,
    )
    const layer = new LocalResponseNormalization({ groups: 3, name: 'norm' })
    expect(() => layer.apply(tf.zeros([1, 1, 1, 8]))).toThrow(/layer norm: 8 channels/)
  })
})

describe('SameMapNormalization', () => {
  it('equals float64 loops, borders and corners included', () => {
    const layer = new SameMapNormalization({ ...numbers, bias: 1 })
    expectSameAsReference(layer, withinChannel({ ...numbers, bias: 1 }), someBatch([2, 6, 5, 2]))
  })

  it('equals float64 loops on a picture smaller than the window', () => {
    const layer = new SameMapNormalization({ ...numbers, size: 3, bias: 1 })
    const reference = withinChannel({ ...numbers, size: 3, bias: 1 })
    expectSameAsReference(layer, reference, someBatch([1, 1, 2, 3]))
  })
})
