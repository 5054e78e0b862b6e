import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { checksum, noisePicture, readFixture } from '../testing.ts'
import { createTransform } from './create-transform.ts'
import { centerCrop, cropPicture, type PaddingMode, pad, randomCrop } from './crop.ts'
import { type TransformRecipe, transformPicture } from './transform.ts'

type Pair = [number, number]
type Four = [number, number, number, number]
const { cropped, padded } = readFixture<{
  cropped: { input: Pair; size: Pair; crc: number }[]
  padded: {
    input: Pair
    padding: Four
    mode: PaddingMode
    fill: number | [number, number, number]
    box: Four
    crc: number
  }[]
}>('transforms.json')

describe('centerCrop', () => {
  it.each(cropped)('equals torchvision: $input to height and width $size', (fixture) => {
    const picture = noisePicture(...fixture.input)
    const result = transformPicture(centerCrop(fixture.size), picture, new Random(0))
    expect([result.height, result.width]).toEqual(fixture.size)
    expect(checksum(result.data)).toBe(fixture.crc)
  })
})

describe('randomCrop', () => {
  it.each(padded)('equals torchvision, $mode padding $padding of $input', (fixture) => {
    const { padding, mode, fill, box } = fixture
    const transform = randomCrop({ size: [box[3], box[2]], padding, paddingMode: mode, fill })
    // torchvision counts a crop's place from the corner of the padded picture.
    const [left, top, width, height] = box
    const parameters = { left: left - padding[0], top: top - padding[1], width, height }
    const result = transform.apply(noisePicture(...fixture.input), parameters)
    expect([result.width, result.height]).toEqual([width, height])
    expect(checksum(result.data)).toBe(fixture.crc)
  })

  it('draws every place there is, equally often', () => {
    const transform = randomCrop({ size: 4, padding: 1 })
    const random = new Random(1)
    const counts = new Map<string, number>()
    for (let draw = 0; draw < 9000; draw++) {
      const { left, top } = transform.sample(random, { width: 4, height: 4 })
      counts.set(`${left},${top}`, (counts.get(`${left},${top}`) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual(
      ['-1,-1', '-1,0', '-1,1', '0,-1', '0,0', '0,1', '1,-1', '1,0', '1,1'].sort(),
    )
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  it('takes padding for all sides, for pairs of sides and for each', () => {
    const size = { width: 2, height: 2 }
    const place = (padding: number | Pair | Four, crop: Pair) =>
      randomCrop({ size: crop, padding }).sample(new Random(0), size)
    expect(place(3, [8, 8])).toMatchObject({ left: -3, top: -3 })
    expect(place([3, 1], [4, 8])).toMatchObject({ left: -3, top: -1 })
    expect(place([1, 2, 3, 4], [8, 6])).toMatchObject({ left: -1, top: -2 })
  })

  it('pads a picture that is too small by all that is missing, on both sides, where asked', () => {
    const transform = randomCrop({ size: [6, 5], padIfNeeded: true })
    const places = (width: number, height: number) => {
      const random = new Random(2)
      const drawn = Array.from({ length: 200 }, () => transform.sample(random, { width, height }))
      const range = (side: 'left' | 'top') => {
        const values = drawn.map((box) => box[side])
        return [Math.min(...values), Math.max(...values)]
      }
      expect(transform.outputSize({ width, height }, drawn[0]!)).toEqual({ width: 5, height: 6 })
      return { left: range('left'), top: range('top') }
    }
    expect(places(3, 4)).toEqual({ left: [-2, 0], top: [-2, 0] })
    expect(places(7, 4)).toEqual({ left: [0, 2], top: [-2, 0] })
    expect(places(5, 8)).toEqual({ left: [0, 0], top: [0, 2] })
    const [padded, picture] = [
      { size: 4, padding: 1, padIfNeeded: true },
      { width: 1, height: 2 },
    ]
    const box = randomCrop(padded).sample(new Random(0), picture)
    // With borders of 1 and 3 the 2 columns lack 2 of 8: 2 more on each side.
    const uneven = randomCrop({ size: [1, 8], padding: [1, 0, 3, 0], padIfNeeded: true })
    const random = new Random(3)
    const lefts = Array.from(
      { length: 100 },
      () => uneven.sample(random, { width: 2, height: 1 }).left,
    )
    expect([Math.min(...lefts), Math.max(...lefts)]).toEqual([-3, -1])
    // 1 + 2 columns lack 1, 2 + 2 rows none.
    expect(box.left).toBeGreaterThanOrEqual(-2)
    expect(box.top).toBe(-1)
    expect(() => randomCrop({ size: 4 }).sample(new Random(0), { width: 4, height: 3 })).toThrow(
      'cannot cut 4×4 from 4×3',
    )
  })

  it('draws the row before the column, and nothing for an exact fit', () => {
    const drawn = (width: number, height: number) => {
      const [random, other] = [new Random(5), new Random(5)]
      const box = randomCrop({ size: 4 }).sample(random, { width, height })
      return { box, random, other }
    }
    const { box, random, other } = drawn(9, 14)
    expect([box.top, box.left]).toEqual([other.integer(11), other.integer(6)])
    expect(random.integer(1000)).toBe(other.integer(1000))
    const exact = drawn(4, 4)
    expect(exact.random.integer(1000)).toBe(exact.other.integer(1000))
    // Where one side is free both are drawn.
    const rows = drawn(4, 6)
    expect([rows.box.top, rows.box.left]).toEqual([rows.other.integer(3), rows.other.integer(1)])
    expect(rows.random.integer(1000)).toBe(rows.other.integer(1000))
    const columns = drawn(6, 4)
    expect([columns.box.top, columns.box.left]).toEqual([
      columns.other.integer(1),
      columns.other.integer(3),
    ])
  })

  it('refuses a picture that is too small and padding that is no pixels', () => {
    const draw = () =>
      randomCrop({ size: 9, padding: 1 }).sample(new Random(0), { width: 4, height: 9 })
    expect(draw).toThrow('cannot cut 9×9 from 4×9 with its padding')
    expect(() => randomCrop({ size: 9, padding: -1 })).toThrow('padding must be whole numbers')
    expect(() => randomCrop({ size: 0 })).toThrow('positive whole numbers, not 0')
  })
})

describe('cropPicture', () => {
  it('returns the picture itself where nothing is cut', () => {
    const picture = noisePicture(3, 2)
    expect(cropPicture(picture, { left: 0, top: 0, width: 3, height: 2 })).toBe(picture)
  })

  it('takes what lies in the picture and fills the rest, wherever the box is', () => {
    const picture = noisePicture(3, 2)
    for (let left = -4; left <= 4; left++) {
      for (let top = -3; top <= 3; top++) {
        for (const [width, height] of [
          [2, 2],
          [3, 2],
          [5, 4],
          [1, 1],
        ] as const) {
          const { data } = cropPicture(picture, { left, top, width, height }, { fill: 9 })
          const expected = Array.from({ length: width * height * 3 }, (_, at) => {
            const [x, y] = [(Math.floor(at / 3) % width) + left, Math.floor(at / 3 / width) + top]
            const isInside = x >= 0 && x < 3 && y >= 0 && y < 2
            return isInside ? picture.data[(y * 3 + x) * 3 + (at % 3)] : 9
          })
          expect([...data], JSON.stringify({ left, top, width, height })).toEqual(expected)
        }
      }
    }
  })

  it('is all fill beyond the picture', () => {
    const far = { left: 10, top: -10, width: 2, height: 2 }
    const result = cropPicture(noisePicture(3, 3), far, { fill: [1, 2, 3] })
    expect([...result.data]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
  })
})

describe('pad', () => {
  it('adds a border of its own width on each side', () => {
    const picture = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }
    const transform = pad([1, 0, 2, 1], { fill: [7, 8, 9] })
    expect(transform.outputSize({ width: 1, height: 1 }, null)).toEqual({ width: 4, height: 2 })
    const { width, height, data } = transformPicture(transform, picture, new Random(0))
    expect([width, height]).toEqual([4, 2])
    const [pixel, fill] = [
      [1, 2, 3],
      [7, 8, 9],
    ]
    expect([...data]).toEqual([fill, pixel, fill, fill, fill, fill, fill, fill].flat())
    expect(pad([2, 3]).outputSize({ width: 1, height: 1 }, null)).toEqual({ width: 5, height: 7 })
    expect(pad(2).outputSize({ width: 1, height: 1 }, null)).toEqual({ width: 5, height: 5 })
  })

  it('refuses a border, a colour and a mode that make no sense', () => {
    for (const padding of [-1, 1.5, [1, -1], [0, 0, 0, 0.5]] as (number | Pair | Four)[]) {
      expect(() => pad(padding)).toThrow('pad: padding must be whole numbers')
    }
    expect(() => pad(1, { fill: 256 })).toThrow('pad: fill must be')
    expect(() => pad(1, { paddingMode: 'wrap' as PaddingMode })).toThrow('pad: paddingMode must be')
    expect(() => randomCrop({ size: 1, fill: -1 })).toThrow('randomCrop: fill must be')
    const box = { left: 0, top: 0, width: 1, height: 1 }
    expect(() => cropPicture(noisePicture(1, 1), box, { fill: -1 })).toThrow('cropPicture: fill')
  })
})

it('crops and borders say what makes them anew in a worker, and crops which part they need', () => {
  const options = { size: 2, padding: 1, fill: 9 }
  const box = { left: 1, top: 0, width: 2, height: 2 }
  for (const [transform, parameters] of [
    [centerCrop(2), box],
    [randomCrop(options), box],
    [pad([1, 2], { fill: 9 }), null],
  ] as const) {
    const { name, settings } = structuredClone({
      name: transform.name,
      settings: transform.settings,
    })
    const anew = createTransform({ name, settings } as TransformRecipe)
    const picture = noisePicture(4, 3)
    expect(anew.apply(picture, parameters)).toEqual(transform.apply(picture, parameters as never))
  }
  expect(centerCrop(2).window!(box)).toBe(box)
  expect(randomCrop(options).window!(box)).toBe(box)
})
