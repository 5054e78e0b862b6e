import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { noisePicture, readFixture } from '../testing.ts'
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
