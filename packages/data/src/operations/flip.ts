// Mirrors and quarter turns: pixels change places, none is computed.

import type { Picture } from '../picture.ts'

/** The picture mirrored left to right. */
export function flipHorizontally({ width, height, data }: Picture): Picture {
  const flipped = new Uint8Array(data.length)
  // Four pixels are three words of four bytes: a quarter of the loads and stores.
  if (width % 4 === 0 && data.byteOffset % 4 === 0) flipWords(data, flipped, (width * 3) / 4)
  else flipPixels(data, flipped, width)
  return { width, height, data: flipped }
}

/** Rows of `words` 32-bit words, three for four pixels. */
function flipWords(data: Uint8Array, flipped: Uint8Array, words: number): void {
  const source = new Uint32Array(data.buffer, data.byteOffset, data.length / 4)
  const out = new Uint32Array(flipped.buffer)
  for (let row = 0; row < source.length; row += words) {
    let from = row + words - 3
    for (let to = row; to < row + words; to += 3) {
      // The bytes r g b of the pixels 0 to 3, lowest first: r0 g0 b0 r1, g1 b1 r2 g2, b2 r3 g3 b3.
      const first = source[from]!
      const second = source[from + 1]!
      const third = source[from + 2]!
      out[to] = (third >>> 8) | ((second << 8) & 0xff000000)
      out[to + 1] =
        (second >>> 24) | ((third & 255) << 8) | ((first >>> 8) & 0xff0000) | (second << 24)
      out[to + 2] = ((second >>> 8) & 255) | (first << 8)
      from -= 3
    }
  }
}

function flipPixels(data: Uint8Array, flipped: Uint8Array, width: number): void {
  for (let row = 0; row < data.length; row += width * 3) {
    let from = row + width * 3 - 3
    for (let to = row; to < row + width * 3; to += 3) {
      flipped[to] = data[from]!
      flipped[to + 1] = data[from + 1]!
      flipped[to + 2] = data[from + 2]!
      from -= 3
    }
  }
}

/** The picture mirrored top to bottom. */
export function flipVertically({ width, height, data }: Picture): Picture {
  const flipped = new Uint8Array(data.length)
  const rowLength = width * 3
  for (let row = 0; row < height; row++) {
    const from = (height - 1 - row) * rowLength
    flipped.set(data.subarray(from, from + rowLength), row * rowLength)
  }
  return { width, height, data: flipped }
}

/** The picture turned counter-clockwise by `turns` quarters, 1 to 3. */
export function quarterTurn(picture: Picture, turns: 1 | 2 | 3): Picture {
  if (turns === 2) return flipVertically(flipHorizontally(picture))
  const { width, height, data } = picture
  const turned = new Uint8Array(data.length)
  let to = 0
  for (let y = 0; y < width; y++) {
    const column = turns === 1 ? width - 1 - y : y
    for (let x = 0; x < height; x++) {
      const row = turns === 1 ? x : height - 1 - x
      const from = (row * width + column) * 3
      turned[to] = data[from]!
      turned[to + 1] = data[from + 1]!
      turned[to + 2] = data[from + 2]!
      to += 3
    }
  }
  return { width: height, height: width, data: turned }
}
