import { describe, expect, it } from 'vitest'
import { batchSheet, contactSheet } from './contact-sheet.ts'
import { show } from './node/decode.ts'
import { decodePicture } from './node/picture-list.ts'
import { createPicture, type Picture } from './picture.ts'

/** A picture of one colour. */
function plain(width: number, height: number, color: readonly [number, number, number]): Picture {
  const picture = createPicture(width, height)
  picture.data.forEach((_, at) => {
    picture.data[at] = color[at % 3]!
  })
  return picture
}

function pixel({ width, data }: Picture, x: number, y: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]
}

/** The dots of the text that is `length` letters long at this place, as rows of `#` and `.`. */
function dots(sheet: Picture, left: number, top: number, length: number): string[] {
  return Array.from({ length: 7 }, (_, y) =>
    Array.from({ length: length * 6 }, (_, x) =>
      pixel(sheet, left + x, top + y)[0] === 0 ? '#' : '.',
    ).join(''),
  )
}

const white = [255, 255, 255]
const red = [200, 0, 0] as const
const blue = [0, 0, 200] as const

describe('contactSheet', () => {
  it('puts pictures into the middle of their cells, small ones in whole steps', () => {
    const sheet = contactSheet(
      [[{ picture: plain(8, 8, red) }, { picture: plain(64, 32, blue) }]],
      {
        cell: 20,
      },
    )
    // Two cells of 20 with 4 pixels around each.
    expect([sheet.width, sheet.height]).toEqual([52, 28])
    // 8×8 doubled to 16×16: from 4 + 2 to 4 + 18.
    expect(pixel(sheet, 6, 6)).toEqual([...red])
    expect(pixel(sheet, 21, 21)).toEqual([...red])
    expect(pixel(sheet, 5, 6)).toEqual(white)
    expect(pixel(sheet, 22, 21)).toEqual(white)
    // 64×32 made 20×10: rows 4 + 5 to 4 + 15 of the second cell.
    expect(pixel(sheet, 28, 9)).toEqual([...blue])
    expect(pixel(sheet, 47, 18)).toEqual([...blue])
    expect(pixel(sheet, 28, 8)).toEqual(white)
    expect(pixel(sheet, 47, 19)).toEqual(white)
  })

  it('writes captions, cut off where they are too long', () => {
    const cell = { picture: plain(16, 16, red), caption: 'Li!' }
    const sheet = contactSheet([[cell]], { cell: 20 })
    expect(sheet.height).toBe(4 + 20 + 4 + 11)
    expect(dots(sheet, 4, 26, 3)).toEqual([
      '#.......#.....#...',
      '#.............#...',
      '#......##.....#...',
      '#.......#.....#...',
      '#.......#.....#...',
      '#.......#.........',
      '#####..###....#...',
    ])
    const long = contactSheet([[{ ...cell, caption: 'Li!?' }]], { cell: 20 })
    expect(long.data).toEqual(sheet.data)
  })

  it('refuses cells too small to see', () => {
    expect(() => contactSheet([], { cell: 15 })).toThrow('a whole number from 16, not 15')
  })
})

describe('batchSheet and show', () => {
  const mean = [0.5, 0.4, 0.3] as const
  const std = [0.2, 0.25, 0.5] as const
  const bytes = Uint8Array.from({ length: 3 * 16 * 16 * 3 }, (_, at) => (at * 7) % 256)
  const batch = {
    images: Float32Array.from(bytes, (byte, at) => (byte / 255 - mean[at % 3]!) / std[at % 3]!),
    shape: [3, 16, 16, 3] as const,
    labels: Int32Array.of(1, 0, 1),
  }

  it('undo the normalisation and name the classes', async () => {
    const options = { classes: ['L', 'i'], mean, std, columns: 2, cell: 16 }
    const sheet = batchSheet(batch, options)
    expect([sheet.width, sheet.height]).toEqual([4 + 2 * 20, 4 + 2 * (20 + 11)])
    const places = [
      [4, 4],
      [24, 4],
      [4, 35],
    ] as const
    places.forEach(([left, top], at) => {
      for (let y = 0; y < 16; y++) {
        for (let x = 0; x < 16; x++) {
          const from = ((at * 16 + y) * 16 + x) * 3
          expect(pixel(sheet, left + x, top + y)).toEqual([...bytes.subarray(from, from + 3)])
        }
      }
    })
    expect(dots(sheet, 24, 22, 1)[6]).toBe('#####.')
    expect(dots(sheet, 4, 22, 1)[6]).toBe('.###..')
    // Bytes need no undoing, and a PNG keeps every pixel.
    const { data } = await decodePicture(await show({ ...batch, images: bytes }, options))
    expect(data).toEqual(sheet.data)
  })
})
