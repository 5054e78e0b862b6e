import { describe, expect, it } from 'vitest'
import type { Box } from './picture.ts'
import { resample } from './resample.ts'
import { checksum, noisePicture, readFixture } from './testing.ts'

interface Case {
  input: [width: number, height: number]
  output: [width: number, height: number]
  crop?: [left: number, top: number, width: number, height: number]
  crc: number
  /** The pixels, base64, where they are few. */
  data?: string
}

const { cases } = readFixture<{ cases: Case[] }>('resize.json')

function boxOf([left, top, width, height]: [number, number, number, number]): Box {
  return { left, top, width, height }
}

describe('resample', () => {
  it.each(cases)('equals Pillow on every pixel: $input crop $crop to $output', (fixture) => {
    const [width, height] = fixture.output
    const crop = fixture.crop && boxOf(fixture.crop)
    const result = resample(noisePicture(...fixture.input), {
      width,
      height,
      ...(crop && { crop }),
    })
    expect([result.width, result.height]).toEqual([width, height])
    // The pixels first where they are stored: a difference in them says more than a checksum.
    if (fixture.data) expect([...result.data]).toEqual([...Buffer.from(fixture.data, 'base64')])
    expect(checksum(result.data)).toBe(fixture.crc)
  })

  it.each([
    { input: [50, 37], output: [34, 25], window: [5, 3, 22, 20] },
    { input: [50, 37], output: [80, 60], window: [79, 0, 1, 60] },
    { input: [50, 37], output: [50, 20], window: [1, 2, 48, 17] },
    { input: [50, 37], output: [20, 37], window: [3, 4, 16, 33] },
    { input: [50, 37], output: [50, 37], window: [10, 11, 12, 13] },
  ] as const)('computes the window $window of $output alone, the same pixels', (sizes) => {
    const picture = noisePicture(...sizes.input)
    const [width, height] = sizes.output
    const window = boxOf([...sizes.window])
    const whole = resample(picture, { width, height })
    const part = resample(picture, { width, height, window })
    const cut = resample(whole, { ...window, crop: window })
    expect(part).toEqual(cut)
  })

  it.each(['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const)(
    '%s at once gives the bytes of its passes one after the other',
    (interpolation) => {
      // Large enough for the vector code; black and white, so that sums leave 0 to 255 the most.
      const noise = noisePicture(160, 121)
      const extremes = { ...noise, data: noise.data.map((byte) => (byte & 64 ? 255 : 0)) }
      for (const picture of [noise, extremes]) {
        for (const [width, height] of [
          [61, 47],
          [211, 190],
          [97, 200],
        ] as const) {
          const once = resample(picture, { width, height, interpolation })
          const across = resample(picture, { width, height: 121, interpolation })
          expect(resample(across, { width, height, interpolation })).toEqual(once)
        }
      }
    },
  )

  it('refuses sizes and boxes that make no sense', () => {
    const picture = noisePicture(4, 4)
    const boxed = { left: 2, top: 0, width: 3, height: 1 }
    expect(() => resample(picture, { width: 0, height: 2 })).toThrow('window 0×2')
    expect(() => resample(picture, { width: 1.5, height: 2 })).toThrow(RangeError)
    expect(() => resample(picture, { width: 2, height: 2, crop: boxed })).toThrow(
      'crop 3×1 at (2, 0) must be whole pixels inside 4×4',
    )
  })
})
