// Painting: strokes are read as they were written, and cover what they should and nothing else.
import { gaussianBlur, Random, transformPicture } from '@alexnet/data/transforms'
import { expect, it } from 'vitest'
import {
  between,
  formatStrokes,
  GRID,
  inks,
  MOST_PLACES,
  painted,
  painterOf,
  parseStrokes,
  placesOf,
  type Stroke,
} from './painting.ts'

const strokes: Stroke[] = [
  { ink: 'grey', size: 4, spots: [{ x: 0, y: 63 }] },
  {
    ink: 'blur',
    size: 12,
    spots: [
      { x: 5, y: 6 },
      { x: 62, y: 26 },
    ],
  },
]

it('writes strokes into an address and reads them', () => {
  expect(formatStrokes(strokes)).toBe('g4:A_;f12:FG-a')
  expect(parseStrokes('g4:A_;f12:FG-a')).toEqual(strokes)
  for (const ink of inks) {
    const one = [{ ink, size: 1, spots: [{ x: 1, y: 2 }] }]
    expect(parseStrokes(formatStrokes(one))).toEqual(one)
  }
})

it('leaves out what is no stroke, and what is too much', () => {
  expect(parseStrokes('')).toEqual([])
  expect(parseStrokes('q4:AA;g0:AA;g4:A;g4;:;g4:A*;g4:AB')).toEqual([
    { ink: 'grey', size: 4, spots: [{ x: 0, y: 1 }] },
  ])
  const long = `g1:${'AB'.repeat(MOST_PLACES)}`
  expect(placesOf(parseStrokes(`${long};g1:AB`))).toBe(MOST_PLACES)
})

it('joins places without gaps', () => {
  const found = between({ x: 2, y: 2 }, { x: 12, y: 7 }, 4)
  expect(found.at(-1)).toEqual({ x: 12, y: 7 })
  let before = { x: 2, y: 2 }
  for (const spot of found) {
    expect(Math.hypot(spot.x - before.x, spot.y - before.y)).toBeLessThanOrEqual(3)
    before = spot
  }
  expect(between({ x: 2, y: 2 }, { x: 2, y: 2 }, 4)).toEqual([])
})

/** A picture of noise, which no neighbour repeats. */
function noise(width: number, height: number) {
  const random = new Random(4)
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256))
  return { width, height, data }
}

it('covers the pixels whose middle the brush covers, and no other', () => {
  const picture = noise(40, 32)
  const found = painted(picture, [{ ink: 'red', size: 8, spots: [{ x: 31, y: 15 }] }])
  const [radius, x, y] = [(8 / GRID) * 32, (31.5 / GRID) * 40, (15.5 / GRID) * 32]
  for (let row = 0; row < 32; row++) {
    for (let column = 0; column < 40; column++) {
      const at = (row * 40 + column) * 3
      const isCovered = Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius
      const expected = isCovered ? [200, 40, 40] : [...picture.data.subarray(at, at + 3)]
      expect([...found.data.subarray(at, at + 3)], `${row}, ${column}`).toEqual(expected)
    }
  }
  expect(picture.data).toEqual(noise(40, 32).data)
})

it('blurs, about as a Gaussian of the same variance does', () => {
  // Noise in blocks, which blurring leaves something of.
  const fine = noise(5, 5)
  const picture = noise(60, 60)
  for (let at = 0; at < picture.data.length; at++) {
    const [column, row] = [Math.floor(at / 3) % 60, Math.floor(at / 180)]
    picture.data[at] =
      fine.data[(Math.floor(row / 12) * 5 + Math.floor(column / 12)) * 3 + (at % 3)]!
  }
  const { data } = painted(picture, [{ ink: 'blur', size: 64, spots: [{ x: 32, y: 32 }] }])
  // Two means over 13 pixels: variance 2 × (13² − 1) / 12.
  const sigma = Math.sqrt((2 * (13 ** 2 - 1)) / 12)
  const expected = transformPicture(
    gaussianBlur({ kernelSize: 41, sigma }),
    picture,
    new Random(0),
  ).data
  // Borders differ: there one mirrors, the other goes on.
  let [sum, count] = [0, 0]
  for (let row = 20; row < 40; row++) {
    for (let at = (row * 60 + 20) * 3; at < (row * 60 + 40) * 3; at++) {
      sum += (data[at]! - expected[at]!) ** 2
      count++
    }
  }
  expect(Math.sqrt(sum / count)).toBeLessThan(2)
  const flat = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3).fill(77) }
  const still = painted(flat, [{ ink: 'blur', size: 64, spots: [{ x: 30, y: 30 }] }])
  expect(still.data).toEqual(flat.data)
})

it('paints what is new onto what was painted, with the same result', () => {
  const picture = noise(48, 40)
  const all: Stroke[] = [
    { ink: 'grey', size: 9, spots: [{ x: 20, y: 20 }] },
    { ink: 'blur', size: 9, spots: [{ x: 25, y: 20 }] },
    { ink: 'blur', size: 5, spots: [{ x: 40, y: 50 }] },
  ]
  const paint = painterOf(picture)
  const before = paint(picture, all.slice(0, 1))
  const kept = before.data.slice()
  expect(paint(before, all.slice(1))).toEqual(painted(picture, all))
  expect(before.data).toEqual(kept)
})
