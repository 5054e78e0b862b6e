import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { checksum, noisePicture, readFixture } from '../testing.ts'
import { centerCrop, cropPicture, type PaddingMode, randomCrop } from './crop.ts'
import { transformPicture } from './transform.ts'

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

  it('is all fill beyond the picture', () => {
    const far = { left: 10, top: -10, width: 2, height: 2 }
    const result = cropPicture(noisePicture(3, 3), far, { fill: [1, 2, 3] })
    expect([...result.data]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])
  })
})
