import { expect, it } from 'vitest'
import { adaptiveAverages, askedMargins, marginsOf } from './windows.ts'

// Rows and columns of the outputs are torch.nn.MaxPool2d's for 8 × 7 pixels, with that kernel, stride and padding.
it.each<[string, [number, number], number, unknown, [number, number], number[]]>([
  ['rounding up', [3, 2], 2, 0, [4, 4], [0, 1, 0, 1]],
  ['rounding up, padded', [3, 3], 2, 1, [5, 4], [1, 2, 1, 1]],
  ['rounding up where all but one row is used', [2, 3], 3, 1, [3, 3], [1, 1, 1, 1]],
  ['rounding down, padded', [3, 3], 2, 1, [4, 4], [1, 1, 1, 1]],
  ['rounding down where rows are left over', [3, 2], 4, 0, [2, 2], [0, 0, 0, 0]],
  [
    'another padding on each side',
    [3, 3],
    2,
    [
      [1, 0],
      [2, 3],
    ],
    [4, 5],
    [1, 0, 2, 3],
  ],
  [
    'another on each side, rounding up',
    [2, 2],
    2,
    [
      [1, 0],
      [3, 0],
    ],
    [5, 5],
    [1, 1, 3, 0],
  ],
])('every window fits: %s', (_, kernel, strides, padding, [rows, columns], sides) => {
  const layer = { config: { strides, padding }, outputShape: [null, rows, columns, 5] }
  const margins = marginsOf(layer, kernel, { height: 8, width: 7 })
  const { top, bottom, left, right } = margins
  expect([top, bottom, left, right]).toEqual(sides)
})

it('names the padding that a layer asks for', () => {
  expect(askedMargins({ padding: 2 })).toEqual({ top: 2, bottom: 2, left: 2, right: 2 })
  const padding = [
    [1, 2],
    [3, 4],
  ]
  expect(askedMargins({ padding })).toEqual({ top: 1, bottom: 2, left: 3, right: 4 })
})

// The rows of torch.nn.functional.adaptive_avg_pool1d of the identity.
it.each([
  [5, 3, [6, 6, 0, 0, 0, 0, 4, 4, 4, 0, 0, 0, 0, 6, 6]],
  [2, 3, [12, 0, 6, 6, 0, 12]],
  [7, 4, [6, 6, 0, 0, 0, 0, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0, 6, 6]],
])('averages %i pixels to %i as PyTorch does', (input, output, twelfths) => {
  const expected = Float32Array.from(twelfths, (part) => part / 12)
  expect(adaptiveAverages(input, output)).toEqual(expected)
})
