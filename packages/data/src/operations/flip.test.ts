import { expect, it } from 'vitest'
import type { Picture } from '../picture.ts'
import { noisePicture } from '../testing.ts'
import { flipHorizontally } from './flip.ts'

/** The definition, pixel by pixel. */
function mirrored({ width, data }: Picture): number[] {
  return Array.from({ length: data.length }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)]
    return data[(y * width + width - 1 - x) * 3 + (at % 3)]!
  })
}

it.each([1, 2, 3, 4, 5, 8, 12, 30, 64])('flipHorizontally mirrors rows of %i pixels', (width) => {
  const picture = noisePicture(width, 3)
  expect([...flipHorizontally(picture).data]).toEqual(mirrored(picture))
  expect(flipHorizontally(noisePicture(width, 0)).data.length).toBe(0)
})

it('flipHorizontally takes a picture anywhere in a buffer', () => {
  const picture = noisePicture(8, 5)
  for (const offset of [1, 2, 3, 4]) {
    const data = new Uint8Array(200).subarray(offset, offset + 120)
    data.set(picture.data)
    expect([...flipHorizontally({ ...picture, data }).data]).toEqual(mirrored(picture))
  }
})
