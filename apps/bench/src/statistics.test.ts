import { describe, expect, it } from 'vitest'
import { quantile, ratios, relativeDifference, summarize } from './statistics.ts'

describe('quantile', () => {
  it('interpolates between neighbours, whatever the order', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([3, 1, 2], 0.5)).toBe(2)
    expect(quantile([10, 20], 0.25)).toBe(12.5)
    expect(quantile([7], 0.9)).toBe(7)
    expect(quantile([], 0.5)).toBeNaN()
  })

  it('summarises by median and the middle half', () => {
    expect(summarize([5, 1, 2, 3, 4])).toEqual({ median: 3, low: 2, high: 4 })
  })
})

it('takes ratios round by round, of the rounds that both have', () => {
  expect(ratios([1, 4, 9], [2, 2])).toEqual([0.5, 2])
})

describe('relativeDifference', () => {
  it('is relative to the largest expected value and repeats what is expected', () => {
    expect(relativeDifference([1, -4, 1.5, -4], [1, -4])).toBe(0.125)
    expect(relativeDifference([0.5], [0])).toBe(0.5)
  })

  it('is NaN where a number is missing or not finite', () => {
    expect(relativeDifference([1, Number.NaN], [1, 2])).toBeNaN()
    expect(relativeDifference([Number.POSITIVE_INFINITY], [1])).toBeNaN()
    expect(relativeDifference([], [1])).toBeNaN()
  })
})
