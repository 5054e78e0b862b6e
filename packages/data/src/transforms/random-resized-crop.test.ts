import { describe, expect, it, vi } from 'vitest'
import { createNormalizer, imagenetMean, imagenetStd } from '../normalize.ts'
import { Random } from '../random.ts'
import { checksum, noisePicture, readFixture } from '../testing.ts'
import { flipPicture, randomHorizontalFlip } from './random-horizontal-flip.ts'
import { type RandomResizedCropOptions, randomResizedCrop } from './random-resized-crop.ts'
import { compose } from './transform.ts'

const { trained, flipped } = readFixture<{
  trained: {
    input: [number, number]
    box: [number, number, number, number]
    flip: boolean
    crc: number
  }[]
  flipped: { input: [number, number]; crc: number }[]
}>('transforms.json')

describe('randomResizedCrop', () => {
  it.each(trained)('equals torchvision for given draws: $input, $box, flip $flip', (fixture) => {
    const pipeline = compose([randomResizedCrop({ size: 224 }), randomHorizontalFlip()])
    const [left, top, width, height] = fixture.box
    const crop = { left, top, width, height }
    const result = pipeline.apply(noisePicture(...fixture.input), [crop, { flip: fixture.flip }])
    const floats = new Float32Array(224 * 224 * 3)
    createNormalizer(imagenetMean, imagenetStd).write(result, floats)
    expect(checksum(floats)).toBe(fixture.crc)
  })

  it('draws areas and ratios from the given ranges, crops inside the picture', () => {
    const transform = randomResizedCrop({ size: 10, scale: [0.2, 0.5], ratio: [0.5, 2] })
    const random = new Random(3)
    const areas: number[] = []
    for (let draw = 0; draw < 4000; draw++) {
      const { left, top, width, height } = transform.sample(random, { width: 300, height: 200 })
      expect(left >= 0 && top >= 0 && left + width <= 300 && top + height <= 200).toBe(true)
      const area = (width * height) / 60_000
      expect(area).toBeGreaterThan(0.195)
      expect(area).toBeLessThan(0.505)
      expect(width / height).toBeGreaterThan(0.49)
      expect(width / height).toBeLessThan(2.04)
      areas.push(area)
    }
    const mean = areas.reduce((sum, area) => sum + area) / areas.length
    expect(mean).toBeCloseTo(0.35, 1)
  })

  it.each([
    { size: { width: 100, height: 10 }, box: { left: 43, top: 0, width: 13, height: 10 } },
    { size: { width: 10, height: 100 }, box: { left: 0, top: 43, width: 10, height: 13 } },
  ])('falls back to the largest centred crop for $size', ({ size, box }) => {
    // No crop of the whole area with these ratios fits, so all ten tries miss.
    const transform = randomResizedCrop({ size: 4, scale: [1, 1] })
    expect(transform.sample(new Random(0), size)).toEqual(box)
  })

  it('gives up after ten tries, and takes all of a picture whose ratio is allowed', () => {
    const random = new Random(0)
    const uniform = vi.spyOn(random, 'uniform')
    const whole = (width: number, height: number) => ({ left: 0, top: 0, width, height })
    // Areas larger than the picture never fit.
    const larger = randomResizedCrop({ size: 4, scale: [2, 3] })
    expect(larger.sample(random, { width: 9, height: 8 })).toEqual(whole(9, 8))
    expect(uniform).toHaveBeenCalledTimes(2 * 10)
    // One of the picture's own size fits at once.
    uniform.mockClear()
    const all = randomResizedCrop({ size: 4, scale: [1, 1], ratio: [1, 1] })
    expect(all.sample(random, { width: 7, height: 7 })).toEqual(whole(7, 7))
    expect(uniform).toHaveBeenCalledTimes(2)
  })

  it('draws no crop without pixels', () => {
    for (const ratio of [0.1, 1, 10]) {
      const transform = randomResizedCrop({ size: 4, scale: [0.02, 0.02], ratio: [ratio, ratio] })
      const { width, height } = transform.sample(new Random(0), { width: 5, height: 5 })
      expect(Math.min(width, height)).toBeGreaterThan(0)
    }
  })

  it('tells its size, what it reads, and how a worker makes it again', () => {
    const options: RandomResizedCropOptions = { size: [4, 6], scale: [0.5, 1] }
    const transform = randomResizedCrop(options)
    const crop = { left: 1, top: 2, width: 3, height: 4 }
    expect(transform.outputSize({ width: 9, height: 9 }, crop)).toEqual({ width: 6, height: 4 })
    expect(transform.reads!(crop)).toEqual(crop)
    expect(transform.settings).toEqual([options])
  })

  it('refuses filters that there are not', () => {
    expect(() => randomResizedCrop({ size: 4, interpolation: 'sinc' as never })).toThrow(/sinc/)
  })

  it('refuses ranges the wrong way round', () => {
    expect(() => randomResizedCrop({ size: 4, scale: [1, 0.5] })).toThrow(
      'scale must be [least, greatest], above 0, not [1, 0.5]',
    )
    expect(() => randomResizedCrop({ size: 4, ratio: [0, 1] })).toThrow('not [0, 1]')
    expect(() => randomResizedCrop({ size: -4 })).toThrow('not -4')
  })
})

describe('randomHorizontalFlip', () => {
  it.each(flipped)('mirrors as torchvision: $input', ({ input, crc }) => {
    expect(checksum(flipPicture(noisePicture(...input)).data)).toBe(crc)
  })

  it('mirrors as often as asked', () => {
    const share = (p: number) => {
      const random = new Random(2)
      const transform = randomHorizontalFlip({ p })
      let flips = 0
      for (let draw = 0; draw < 4000; draw++) {
        if (transform.sample(random, { width: 1, height: 1 }).flip) flips++
      }
      return flips / 4000
    }
    expect(share(0)).toBe(0)
    expect(share(1)).toBe(1)
    expect(share(0.25)).toBeCloseTo(0.25, 1)
    expect(() => randomHorizontalFlip({ p: 2 })).toThrow('from 0 to 1, not 2')
  })
})
