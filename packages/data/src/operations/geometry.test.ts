import { expect, it } from 'vitest'
import { noisePicture } from '../testing.ts'
import { affine, type Corners, perspectiveCoefficients, rotate, rotatedSize } from './geometry.ts'

// Pillow's Image.rotate(angle, expand=True) of 24 × 17 pixels, about the middle and about (3, 4).
it.each<[number, [number, number], [number, number]]>([
  [0, [24, 17], [24, 17]],
  [30, [30, 27], [31, 27]],
  [45, [30, 29], [30, 30]],
  [90, [17, 24], [17, 24]],
  [100, [22, 27], [22, 28]],
  [180, [24, 17], [24, 17]],
  [200, [30, 25], [30, 25]],
  [270, [17, 24], [17, 24]],
  [300, [28, 31], [27, 31]],
  [360, [24, 17], [24, 17]],
  [-90, [17, 24], [17, 24]],
  [450, [17, 24], [17, 24]],
])('a turn by %i degrees takes %j pixels, about another point %j', (angle, middle, other) => {
  const picture = noisePicture(24, 17)
  for (const [center, [width, height]] of [
    [undefined, middle],
    [[3, 4], other],
  ] as const) {
    const options = { expand: true, center }
    expect(rotatedSize(picture, angle, options)).toEqual({ width, height })
    const turned = rotate(picture, angle, options)
    expect([turned.width, turned.height]).toEqual([width, height])
    expect(rotatedSize(picture, angle, { center })).toEqual({ width: 24, height: 17 })
    const kept = rotate(picture, angle, { center })
    expect([kept.width, kept.height]).toEqual([24, 17])
  }
})

it('whole turns give the picture itself, and quarters of a square its pixels', () => {
  const picture = noisePicture(5, 5)
  for (const angle of [0, 360, -720]) expect(rotate(picture, angle)).toBe(picture)
  const once = rotate(picture, 90)
  expect(once.data.slice(0, 3)).toEqual(picture.data.slice(12, 15))
  expect(rotate(once, 90)).toEqual(rotate(picture, 180))
  expect(rotate(rotate(once, 90), 90)).toEqual(rotate(picture, 270))
  expect(rotate(picture, -90)).toEqual(rotate(picture, 270))
})

it('an affine map of nothing is the picture, and its centre is the middle', () => {
  const picture = noisePicture(7, 6)
  expect(affine(picture, {}).data).toEqual(picture.data)
  const parameters = { angle: 20, scale: 1.2, shear: [5, -3], translate: [1, 2] } as const
  const about = affine(picture, parameters, { center: [3.5, 3] })
  expect(affine(picture, parameters).data).toEqual(about.data)
  expect(affine(picture, parameters, { center: [0, 0] }).data).not.toEqual(about.data)
  const moved = affine(picture, { translate: [2, 1] })
  // Row 1 from column 2 on is row 0 from its start.
  expect(moved.data.slice(3 * (7 + 2), 3 * 14)).toEqual(picture.data.slice(0, 15))
  for (const scale of [0, -1, Number.NaN]) expect(() => affine(picture, { scale })).toThrow('scale')
})

it('a perspective is what numpy.linalg.solve finds for its eight equations', () => {
  const start: Corners = [
    [0, 0],
    [9, 0],
    [9, 7],
    [0, 7],
  ]
  const end: Corners = [
    [1, 2],
    [8, 0],
    [9, 6],
    [2, 7],
  ]
  const expected = [
    1.4613800205973222, -0.2922760041194644, -0.8768280123583935, 0.3719876416065912,
    1.301956745623069, -2.975901132852729, 0.025197391005835915, -0.00961208376244421,
  ]
  const found = perspectiveCoefficients(start, end)
  expect(found).toHaveLength(8)
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at]!, 12)
  expect(perspectiveCoefficients(start, start).map((value) => Math.round(value * 1e9) + 0)).toEqual(
    [1e9, 0, 0, 0, 1e9, 0, 0, 0],
  )
})
