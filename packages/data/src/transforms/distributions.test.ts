// Drawn numbers beside the distributions' own formulas: moments, and for shapes that have one in closed form the whole
// cumulative distribution, by Kolmogorov and Smirnov (1.63 / √n is passed once in a hundred times; the seeds are fixed).

import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { beta, dirichlet, gamma } from './distributions.ts'

const COUNT = 20_000
const drawn = (draw: (random: Random) => number, seed: number) => {
  const random = new Random(seed)
  return Float64Array.from({ length: COUNT }, () => draw(random))
}
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / COUNT
const variance = (values: Float64Array) => {
  const middle = mean(values)
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / COUNT
}

/** Largest distance between the drawn and the true cumulative distribution. */
function distance(values: Float64Array, cumulative: (x: number) => number): number {
  const sorted = values.toSorted()
  return sorted.reduce(
    (most, x, i) => Math.max(most, Math.abs(cumulative(x) - (i + 0.5) / COUNT)),
    0,
  )
}
const BOUND = 1.63 / Math.sqrt(COUNT)

describe('gamma', () => {
  it.each([0.3, 1, 2.5, 9])('of shape %d has its mean and variance, both the shape', (shape) => {
    const values = drawn((random) => gamma(random, shape), 3)
    const error = Math.sqrt(shape / COUNT)
    expect(Math.abs(mean(values) - shape)).toBeLessThan(4 * error)
    // The variance of a sample's variance: (μ₄ − σ⁴) / n, μ₄ = 3 shape² + 6 shape.
    const spread = Math.sqrt((2 * shape ** 2 + 6 * shape) / COUNT)
    expect(Math.abs(variance(values) - shape)).toBeLessThan(4 * spread)
    expect(Math.min(...values)).toBeGreaterThan(0)
  })

  it('of whole shapes is Erlang', () => {
    const of = (shape: number) => drawn((random) => gamma(random, shape), 11)
    expect(distance(of(1), (x) => 1 - Math.exp(-x))).toBeLessThan(BOUND)
    expect(distance(of(2), (x) => 1 - (1 + x) * Math.exp(-x))).toBeLessThan(BOUND)
    const three = (x: number) => 1 - (1 + x + x ** 2 / 2) * Math.exp(-x)
    expect(distance(of(3), three)).toBeLessThan(BOUND)
  })
})

describe('beta and dirichlet', () => {
  it('beta of 1 is uniform, of 2 a parabola, of one half the arcsine', () => {
    const of = (alpha: number) => drawn((random) => beta(random, alpha), 5)
    expect(distance(of(1), (x) => x)).toBeLessThan(BOUND)
    expect(distance(of(2), (x) => 3 * x ** 2 - 2 * x ** 3)).toBeLessThan(BOUND)
    expect(distance(of(0.5), (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x)))).toBeLessThan(BOUND)
  })

  it('shares are of one whole, each the same on the average', () => {
    const random = new Random(7)
    const sums = [0, 0, 0]
    for (let draw = 0; draw < 4000; draw++) {
      const shares = dirichlet(random, 0.8, 3)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
      for (const [at, share] of shares.entries()) sums[at]! += share / 4000
    }
    for (const share of sums) expect(share).toBeCloseTo(1 / 3, 1)
  })

  it('one share takes all where every draw is nothing', () => {
    const shares = dirichlet(new Random(1), 1e-320, 4)
    expect(shares.toSorted()).toEqual([0, 0, 0, 1])
  })
})
