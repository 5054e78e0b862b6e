import { describe, expect, it } from 'vitest'
import {
  createMeanPictureNormalizer,
  createNormalizer,
  imagenetMean,
  imagenetStd,
} from './normalize.ts'
import { Random } from './random.ts'
import { noisePicture } from './testing.ts'

const mean = {
  width: 6,
  height: 5,
  data: Float32Array.from(noisePicture(6, 5).data, (byte) => (255 - byte) / 255),
}

describe('createMeanPictureNormalizer', () => {
  it("subtracts the mean's middle, in levels of 0 to 255 by default", () => {
    const picture = noisePicture(4, 2)
    const out = new Float32Array(30).fill(7)
    createMeanPictureNormalizer(mean).write(picture, out, 5)
    expect([...out.slice(0, 5)]).toEqual([7, 7, 7, 7, 7])
    expect(out[29]).toBe(7)
    for (const [x, y, channel] of [
      [0, 0, 0],
      [3, 1, 2],
      [2, 1, 1],
    ] as const) {
      const at = (y * 4 + x) * 3 + channel
      // (6 − 4) / 2 columns and (5 − 2) / 2 rows, rounded down, lie before the middle.
      const level = picture.data[at]! - 255 * mean.data[((y + 1) * 6 + x + 1) * 3 + channel]!
      expect(out[at + 5]).toBeCloseTo(level, 3)
    }
  })

  it('adds what was drawn before it scales, and scales only then', () => {
    const normalizer = createMeanPictureNormalizer(mean, {
      std: [0.5, 0.25, 1],
      drawShift: (random) => [random.uniform(10, 20), 0, -30],
      scale: 1 / 1.1,
    })
    const parameters = normalizer.sample!(new Random(3))!
    expect(normalizer.sample!(new Random(3))).toEqual(parameters)
    const picture = noisePicture(6, 5)
    const plain = new Float32Array(90)
    const shifted = new Float32Array(90)
    normalizer.write(picture, plain)
    normalizer.write(picture, shifted, 0, parameters)
    const std = [0.5, 0.25, 1]
    for (let at = 0; at < 90; at++) {
      const expected = (plain[at]! + parameters.shift[at % 3]! / 255 / std[at % 3]!) / 1.1
      expect(shifted[at]).toBeCloseTo(expected, 5)
    }
  })

  it('is the plain normaliser where the mean is one colour', () => {
    const plain = { width: 9, height: 8, data: new Float32Array(216) }
    plain.data.forEach((_, at) => {
      plain.data[at] = imagenetMean[at % 3]!
    })
    const picture = noisePicture(9, 8)
    const [one, other] = [new Float32Array(216), new Float32Array(216)]
    createMeanPictureNormalizer(plain, { std: imagenetStd }).write(picture, one)
    createNormalizer(imagenetMean, imagenetStd).write(picture, other)
    one.forEach((value, at) => void expect(value).toBeCloseTo(other[at]!, 5))
  })

  it('refuses what does not fit', () => {
    const out = new Float32Array(300)
    expect(() => createMeanPictureNormalizer(mean).write(noisePicture(7, 5), out)).toThrow(
      'the mean picture is 6×5, smaller than a picture of 7×5',
    )
    expect(() => createMeanPictureNormalizer(mean).write(noisePicture(6, 5), out, 211)).toThrow(
      '90 values do not fit 300 from offset 211',
    )
    expect(() => createMeanPictureNormalizer(mean, { std: [1, 0, 1] })).toThrow('above 0')
  })
})
