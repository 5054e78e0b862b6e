import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { noisePicture, readFixture } from '../testing.ts'
import { cropPicture } from './crop.ts'
import { resize, resizedSize } from './resize.ts'
import { transformPicture } from './transform.ts'

const { resized } = readFixture<{
  resized: { input: [number, number]; size: number; output: [number, number] }[]
}>('transforms.json')

describe('resize', () => {
  it('gives the sizes that torchvision gives', () => {
    for (const { input, size, output } of resized) {
      const result = resizedSize({ width: input[0], height: input[1] }, size)
      expect([result.width, result.height], `${input} to ${size}`).toEqual(output)
    }
  })

  it('keeps the longer side within its limit, as torchvision does', () => {
    // torchvision 0.14.1: Resize(size, max_size=…) on pictures of Pillow's.
    const sizes: [input: [number, number], size: number, most: number, output: number[]][] = [
      [[100, 50], 20, 30, [30, 15]],
      [[50, 100], 20, 30, [15, 30]],
      [[640, 427], 256, 333, [333, 222]],
      [[100, 99], 20, 30, [20, 20]],
      [[300, 100], 32, 40, [40, 13]],
      [[40, 30], 30, 41, [40, 30]],
      [[7, 100], 5, 15, [1, 15]],
    ]
    for (const [[width, height], size, maxSize, output] of sizes) {
      const transform = resize(size, { maxSize })
      const result = transformPicture(transform, noisePicture(width, height), new Random(0))
      expect([result.width, result.height]).toEqual(output)
    }
    // There Pillow refuses a picture without pixels.
    expect(() => resizedSize({ width: 7, height: 100 }, 5, 9)).toThrow(
      'a picture of 7×100 whose longer side has 9 pixels at most has none in the shorter one',
    )
  })

  it('refuses a limit that is not above the size, of a size that is not one number, and filters that there are not', () => {
    expect(() => resize(20, { maxSize: 20 })).toThrow('maxSize must be above the size')
    expect(() => resize(20, { maxSize: 19 })).toThrow('found 19 and 20')
    expect(() => resize([20, 20], { maxSize: 30 })).toThrow('must be one number')
    expect(() => resize(20, { interpolation: 'sinc' as never })).toThrow(/sinc/)
    expect(() => resize(0)).toThrow(RangeError)
  })

  it('tells how a worker makes it again', () => {
    expect(resize(20, { maxSize: 30 }).settings).toEqual([20, { maxSize: 30 }])
  })

  it('changes one side alone', () => {
    for (const [height, width] of [
      [10, 7],
      [7, 10],
    ] as const) {
      const result = transformPicture(resize([height, width]), noisePicture(10, 10), new Random(0))
      expect([result.width, result.height]).toEqual([width, height])
    }
  })

  it('of a window that a later step keeps has the pixels of the whole', () => {
    const box = { left: 1, top: 2, width: 4, height: 3 }
    for (const size of [
      [8, 8],
      [8, 6],
      [6, 8],
      [9, 12],
    ] as [number, number][]) {
      const transform = resize(size)
      const picture = noisePicture(8, 8)
      const parameters = transform.sample(new Random(0), picture)
      const whole = transform.apply(picture, parameters)
      expect(transform.applyWindow!(picture, parameters, box)).toEqual(cropPicture(whole, box))
    }
  })

  it('takes an exact height and width', () => {
    const result = transformPicture(resize([3, 7]), noisePicture(10, 10), new Random(0))
    expect([result.width, result.height]).toEqual([7, 3])
  })

  it('returns a picture that has the size as it is', () => {
    const picture = noisePicture(8, 5)
    expect(transformPicture(resize(5), picture, new Random(0))).toBe(picture)
  })

  it('refuses sizes that are no pixels', () => {
    expect(() => resizedSize({ width: 2, height: 2 }, 0)).toThrow('positive whole numbers, not 0')
    expect(() => resizedSize({ width: 2, height: 2 }, [2, 0.5])).toThrow(RangeError)
  })
})
