import { expect, it } from 'vitest'
import { blend, blendProducts, clip, grayLevel, requireFactor } from './pixel.ts'

// Pillow's convert('L') of one pixel.
it.each([
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [255, 0, 0, 76],
  [0, 255, 0, 150],
  [0, 0, 255, 29],
  [1, 2, 3, 2],
  [200, 100, 50, 124],
  [3, 3, 4, 3],
  [0, 1, 0, 1],
  [1, 0, 0, 0],
])('the grey of (%i, %i, %i) is %i', (red, green, blue, gray) => {
  expect(grayLevel(red, green, blue)).toBe(gray)
})

// Pillow's Image.blend of one pixel.
it.each([
  [0, 255, 0, 0],
  [0, 255, 1, 255],
  [10, 20, 0.5, 15],
  [10, 21, 0.5, 15],
  [0, 200, 1.5, 255],
  [100, 50, 2.5, 0],
  [100, 200, 0.1, 110],
  [7, 250, 0.7, 177],
  [200, 100, 3, 0],
])('from %i to %i by %f is %i', (from, to, factor, expected) => {
  expect(blend(from, to, factor)).toBe(expected)
  const sum = Math.fround(from + blendProducts(factor)[to - from + 255]!)
  expect(Math.trunc(clip(sum))).toBe(expected)
})

it('a blend has a product for each difference of two bytes', () => {
  const products = blendProducts(0.1)
  expect(products).toHaveLength(511)
  for (const difference of [-255, -1, 0, 1, 255]) {
    expect(products[difference + 255]).toBe(Math.fround(Math.fround(0.1) * difference))
  }
})

it('a factor is a number from 0 up', () => {
  for (const factor of [0, 0.5, 1e30]) expect(() => requireFactor('x', factor)).not.toThrow()
  for (const factor of [-1e-9, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => requireFactor('x', factor)).toThrow(RangeError)
  }
})
