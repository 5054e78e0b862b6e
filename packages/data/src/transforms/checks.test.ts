import { expect, it } from 'vitest'
import {
  type Range,
  readRange,
  readSize,
  readSymmetric,
  requireProbability,
  requireWhole,
  type SizeOption,
} from './checks.ts'

it('a size is a side or height and width, in pixels', () => {
  expect(readSize('x', 7)).toEqual([7, 7])
  expect(readSize('x', [1, 2])).toEqual([1, 2])
  const wrong = [0, -1, 1.5, Number.NaN, '7', [0, 1], [1, 0], [1, 1.5], [1.5, 1], [1], []]
  for (const size of wrong as SizeOption[]) {
    expect(() => readSize('x', size), JSON.stringify(size)).toThrow(RangeError)
  }
})

it('a probability is from 0 to 1', () => {
  for (const p of [0, 0.5, 1]) expect(() => requireProbability('x', p)).not.toThrow()
  for (const p of [-0.001, 1.001, Number.NaN]) {
    expect(() => requireProbability('x', p)).toThrow(
      `x: p must be a probability from 0 to 1, not ${p}`,
    )
  }
})

it('one number is a range about 0', () => {
  expect(readSymmetric('x', 'degrees', 5)).toEqual([-5, 5])
  expect(readSymmetric('x', 'degrees', 0)).toEqual([-0, 0])
  expect(readSymmetric('x', 'degrees', [-1, 3])).toEqual([-1, 3])
  for (const value of [-1, Number.NaN]) {
    expect(() => readSymmetric('x', 'degrees', value)).toThrow('degrees as one number must be')
  }
  expect(() => readSymmetric('x', 'degrees', [3, -1])).toThrow('degrees must be [least, greatest]')
})

it('a range goes from least to greatest within its bounds', () => {
  const infinite = Number.POSITIVE_INFINITY
  const cases: [Range, Range | undefined, string?][] = [
    [[1, 1], undefined],
    [[-9, 9], undefined],
    [
      [0, 1],
      [0, 1],
    ],
    [[2, 1], undefined, 'must be [least, greatest], not [2, 1]'],
    [[Number.NaN, 1], undefined, 'must be [least, greatest], not [NaN, 1]'],
    [[-0.1, 1], [0, 1], 'must be [least, greatest], from 0 to 1, not [-0.1, 1]'],
    [[0, 1.1], [0, 1], 'must be [least, greatest], from 0 to 1, not [0, 1.1]'],
    [[-1, 1], [0, infinite], 'must be [least, greatest], from 0 up, not [-1, 1]'],
    [[0, 1], [Number.MIN_VALUE, infinite], 'must be [least, greatest], above 0, not [0, 1]'],
    [[-2, 0], [-1, 1], 'must be [least, greatest], from -1 to 1, not [-2, 0]'],
    [[1, 3], [-infinite, 2], 'must be [least, greatest], not [1, 3]'],
  ]
  for (const [range, bounds, why] of cases) {
    const reading = () => readRange('x', 'scale', range, bounds)
    if (why === undefined) expect(reading()).toBe(range)
    else expect(reading).toThrow(`x: scale ${why}`)
  }
})

it('a whole number is one from the least up', () => {
  for (const value of [2, 3]) expect(() => requireWhole('x', 'count', value, 2)).not.toThrow()
  for (const value of [1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => requireWhole('x', 'count', value, 2)).toThrow(
      `a whole number from 2 up, not ${value}`,
    )
  }
})
