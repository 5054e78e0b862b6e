// The first frame of a GIF picture, as Pillow reads it, in Node and in browsers alike: what is transparent keeps its
// palette's colour, what the frame leaves uncovered has the colour of the transparent index (or of index 0), and
// data that is cut off or damaged is refused. Browsers and sharp compose frames for showing and give other pixels.

import { type Picture, PictureError } from './picture.ts'

/** Where the first frame lies in a file and on its canvas. */
interface Frame {
  /** The canvas, as large as the frame needs it. */
  readonly width: number
  readonly height: number
  readonly left: number
  readonly top: number
  readonly frameWidth: number
  readonly frameHeight: number
  readonly isInterlaced: boolean
  /** Red, green and blue of each index; undefined for grey. */
  readonly palette: Uint8Array | undefined
  readonly transparent: number | undefined
  /** Where its data begins: the size of its codes, then blocks. */
  readonly start: number
}

/** The canvas of the first frame; undefined where there is none. */
export function gifSize(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  return readFrame(bytes)
}

/**
 * Decodes the first frame.
 * @throws PictureError where the file is cut off or damaged.
 */
export function decodeGif(bytes: Uint8Array, path?: string): Picture {
  const frame = readFrame(bytes)
  if (!frame) throw damaged('it has no frame', path)
  const { width, height, left, top, frameWidth, frameHeight } = frame
  const indices = new Uint8Array(width * height).fill(frame.transparent ?? 0)
  const problem = decodeIndices(bytes, frame, (row, values) => {
    indices.set(values, (top + row) * width + left)
  })
  if (problem && frameWidth * frameHeight > 0) throw damaged(problem, path)
  const data = new Uint8Array(width * height * 3)
  const { palette } = frame
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at]!
    const inPalette = palette && index * 3 + 2 < palette.length
    for (let channel = 0; channel < 3; channel++) {
      data[at * 3 + channel] = inPalette ? palette[index * 3 + channel]! : palette ? 0 : index
    }
  }
  return { width, height, data }
}

function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length < 13) return undefined
  const uint16 = (at: number) => bytes[at]! | (bytes[at + 1]! << 8)
  const paletteAt = (flags: number, at: number) =>
    flags & 0x80 ? bytes.subarray(at, at + (6 << (flags & 7))) : undefined
  const common = paletteAt(bytes[10]!, 13)
  let transparent: number | undefined
  let at = 13 + (common?.length ?? 0)
  while (at < bytes.length) {
    const kind = bytes[at++]
    if (kind === 0x3b) return undefined
    if (kind === 0x21) {
      const isControl = bytes[at] === 0xf9 && bytes[at + 1]! >= 4
      if (isControl && bytes[at + 2]! & 1) transparent = bytes[at + 5]
      at++
      while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!
      at++
    } else if (kind === 0x2c) {
      if (at + 9 > bytes.length) return undefined
      const [left, top] = [uint16(at), uint16(at + 2)]
      const [frameWidth, frameHeight] = [uint16(at + 4), uint16(at + 6)]
      const flags = bytes[at + 8]!
      const own = paletteAt(flags, at + 9)
      const start = at + 9 + (own?.length ?? 0)
      if (start >= bytes.length) return undefined
      return {
        width: Math.max(uint16(6), left + frameWidth),
        height: Math.max(uint16(8), top + frameHeight),
        left,
        top,
        frameWidth,
        frameHeight,
        isInterlaced: (flags & 0x40) !== 0,
        palette: asColors(own ?? common),
        transparent,
        start,
      }
    }
  }
  return undefined
}

/** Undefined for a palette that only counts up: Pillow then takes any index for a grey, those beyond it as well. */
function asColors(palette: Uint8Array | undefined): Uint8Array | undefined {
  return palette?.some((value, at) => value !== Math.floor(at / 3)) ? palette : undefined
}

/** Unpacks the frame's rows in the order of the file; says what is wrong, if anything. */
function decodeIndices(
  bytes: Uint8Array,
  { start, frameWidth, frameHeight, isInterlaced }: Frame,
  write: (row: number, values: Uint8Array) => void,
): string | undefined {
  const rootBits = bytes[start]!
  if (rootBits < 1 || rootBits > 8) return `its codes begin at ${rootBits} bits`
  const clear = 1 << rootBits
  const prefixes = new Uint16Array(4096)
  const suffixes = new Uint8Array(4096)
  const lengths = new Uint16Array(4096)
  for (let code = 0; code < clear; code++) {
    suffixes[code] = code
    lengths[code] = 1
  }
  const row = new Uint8Array(frameWidth)
  const rows = isInterlaced ? interlacedRows(frameHeight) : undefined
  let rowNumber = 0
  let filled = 0
  const run = new Uint8Array(4098)

  let at = start + 1
  let blockEnd = at
  let bits = 0
  let bitCount = 0
  let size = rootBits + 1
  let next = clear + 2
  let previous = -1
  let first = 0
  while (rowNumber < frameHeight && frameWidth > 0) {
    while (bitCount < size) {
      if (at === blockEnd) {
        const length = bytes[at]
        if (length === undefined) return 'it ends within its pixels'
        if (length === 0) return 'its pixels end before its last row'
        at++
        blockEnd = at + length
        if (blockEnd > bytes.length) return 'it ends within its pixels'
      }
      bits |= bytes[at++]! << bitCount
      bitCount += 8
    }
    const code = bits & ((1 << size) - 1)
    bits >>>= size
    bitCount -= size
    if (code === clear) {
      size = rootBits + 1
      next = clear + 2
      previous = -1
      continue
    }
    if (code === clear + 1) return 'its pixels end before its last row'
    let length: number
    if (previous < 0) {
      if (code > clear) return 'its data has a code that there is not'
      first = code
      run[0] = code
      length = 1
    } else {
      if (code > next || (code === next && next >= 4096)) {
        return 'its data has a code that there is not'
      }
      // A code that is being made now: the run before, and its first index again.
      const known = code < next ? code : previous
      length = lengths[known]!
      let walk = known
      for (let place = length - 1; place >= 0; place--) {
        run[place] = suffixes[walk]!
        walk = prefixes[walk]!
      }
      first = run[0]!
      if (code === next) run[length++] = first
      if (next < 4096) {
        prefixes[next] = previous
        suffixes[next] = first
        lengths[next] = lengths[previous]! + 1
        next++
        if (next === 1 << size && size < 12) size++
      }
    }
    previous = code
    for (let place = 0; place < length && rowNumber < frameHeight; ) {
      const count = Math.min(length - place, frameWidth - filled)
      row.set(run.subarray(place, place + count), filled)
      place += count
      filled += count
      if (filled < frameWidth) continue
      write(rows ? rows[rowNumber]! : rowNumber, row)
      filled = 0
      rowNumber++
    }
  }
  return undefined
}

function interlacedRows(height: number): number[] {
  const rows: number[] = []
  for (const [from, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let row = from; row < height; row += step) rows.push(row)
  }
  return rows
}

function damaged(reason: string, path: string | undefined): PictureError {
  return new PictureError(
    `is a GIF picture that is cut off or damaged (${reason}); restore the picture or remove the file`,
    { path },
  )
}
