// BMP pictures, as Pillow reads them, in Node and in browsers alike: 1, 4, 8, 16, 24 and 32 bits a pixel, with
// palettes, bit masks and run lengths, also without the file header (`.dib`). Alpha is dropped. sharp does not read
// BMP.

import { type Picture, PictureError } from './picture.ts'

interface Header {
  readonly width: number
  readonly height: number
  readonly isTopDown: boolean
  readonly depth: number
  readonly compression: number
  readonly palette: Uint8Array
  /** Bytes of an entry of the palette. */
  readonly entry: number
  readonly masks: readonly number[]
  readonly start: number
}

/** Bytes of the file header, which a DIB does without. */
const FILE_HEADER = 14
const headerSizes = [12, 40, 52, 56, 64, 108, 124]

/** Whether the bytes begin as a BMP file, or a DIB, of a kind that is read here. */
export function isBmp(bytes: Uint8Array): boolean {
  if (bytes.length < 26) return false
  const view = viewOf(bytes)
  if (bytes[0] === 0x42 && bytes[1] === 0x4d) {
    return headerSizes.includes(view.getUint32(FILE_HEADER, true))
  }
  const size = view.getUint32(0, true)
  // One plane, as all have.
  return headerSizes.includes(size) && view.getUint16(size === 12 ? 8 : 12, true) === 1
}

/** The size; undefined where the header is cut off or damaged. */
export function bmpSize(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  return readHeader(asFile(bytes))
}

/**
 * Decodes it.
 * @throws PictureError where the file is cut off or damaged.
 */
export function decodeBmp(picture: Uint8Array, path?: string): Picture {
  const bytes = asFile(picture)
  const refuse = (reason: string) =>
    new PictureError(
      `is a BMP picture that is cut off or damaged (${reason}); restore the picture or remove the file`,
      { path },
    )
  const header = readHeader(bytes)
  if (!header) throw refuse('its header is not whole')
  const { width, height, depth, compression, isTopDown } = header
  const isRuns = compression === 1 || compression === 2
  const indices = isRuns ? readRuns(bytes, header) : undefined
  if (isRuns && !indices) throw refuse('its runs end before the last pixel')
  const stride = (Math.floor((width * depth + 7) / 8) + 3) & ~3
  const needed = header.start + stride * (height - 1) + Math.ceil((width * depth) / 8)
  if (!isRuns && needed > bytes.length) throw refuse('it ends within its pixels')
  const data = new Uint8Array(width * height * 3)
  const put =
    depth <= 8
      ? (to: number, index: number) => putColor(data, to, header, index)
      : (to: number, value: number) => putMasked(data, to, header.masks, value)
  if (indices) {
    for (let y = 0; y < height; y++) {
      const row = (isTopDown ? y : height - 1 - y) * width
      for (let x = 0; x < width; x++) put((row + x) * 3, indices[y * width + x]!)
    }
    return { width, height, data }
  }
  const view = viewOf(bytes)
  for (let y = 0; y < height; y++) {
    const from = header.start + y * stride
    const row = (isTopDown ? y : height - 1 - y) * width
    for (let x = 0; x < width; x++) {
      const to = (row + x) * 3
      if (depth <= 8) {
        const bit = x * depth
        put(to, (bytes[from + (bit >> 3)]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1))
      } else if (depth === 16) {
        put(to, view.getUint16(from + 2 * x, true))
      } else if (depth === 32) {
        put(to, view.getUint32(from + 4 * x, true))
      } else {
        const place = from + 3 * x
        data[to] = bytes[place + 2]!
        data[to + 1] = bytes[place + 1]!
        data[to + 2] = bytes[place]!
      }
    }
  }
  return { width, height, data }
}

/** A DIB with the file header that it lacks; what has one as it is. */
function asFile(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x42) return bytes
  const file = new Uint8Array(FILE_HEADER + bytes.length)
  file.set([0x42, 0x4d])
  file.set(bytes, FILE_HEADER)
  return file
}

function readHeader(bytes: Uint8Array): Header | undefined {
  const view = viewOf(bytes)
  const size = view.getUint32(14, true)
  if (!isBmp(bytes) || bytes.length < 14 + size) return undefined
  const isOld = size === 12
  const width = isOld ? view.getUint16(18, true) : view.getInt32(18, true)
  const rawHeight = isOld ? view.getUint16(20, true) : view.getInt32(22, true)
  const depth = view.getUint16(isOld ? 24 : 28, true)
  const compression = isOld ? 0 : view.getUint32(30, true)
  const isKnown =
    (compression === 0 && [1, 4, 8, 16, 24, 32].includes(depth)) ||
    (compression === 1 && depth === 8) ||
    (compression === 2 && depth === 4) ||
    (compression === 3 && (depth === 16 || depth === 32))
  if (!isKnown || width <= 0) return undefined
  const masks = readMasks(view, size, compression, depth)
  if (!masks) return undefined
  const given = isOld ? 0 : view.getUint32(46, true)
  const colors = depth > 8 ? 0 : given === 0 || given > 256 ? 1 << depth : given
  const entry = isOld ? 3 : 4
  const paletteStart = 14 + size + (size === 40 && compression === 3 ? 12 : 0)
  const palette = bytes.subarray(paletteStart, paletteStart + colors * entry)
  if (palette.length < colors * entry) return undefined
  return {
    width,
    height: Math.abs(rawHeight),
    isTopDown: rawHeight < 0,
    depth,
    compression,
    palette,
    entry,
    masks,
    start: view.getUint32(10, true) || paletteStart + palette.length,
  }
}

/** Which bits are red, green and blue. */
function readMasks(
  view: DataView,
  size: number,
  compression: number,
  depth: number,
): readonly number[] | undefined {
  if (compression !== 3) {
    return depth === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff]
  }
  if (view.byteLength < 66 || size < 40) return undefined
  const masks = [54, 58, 62].map((at) => view.getUint32(at, true))
  return masks.every((mask) => mask !== 0) ? masks : undefined
}

function putColor(data: Uint8Array, to: number, { palette, entry }: Header, index: number): void {
  const from = index * entry
  data[to] = palette[from + 2] ?? 0
  data[to + 1] = palette[from + 1] ?? 0
  data[to + 2] = palette[from] ?? 0
}

function putMasked(data: Uint8Array, to: number, masks: readonly number[], value: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const mask = masks[channel]!
    const shift = 31 - Math.clz32(mask & -mask)
    const most = mask >>> shift
    data[to + channel] = Math.floor((((value & mask) >>> shift) * 255) / most)
  }
}

/** The indices of run-length coded rows, in the order of the file; undefined where they are not whole. */
function readRuns(bytes: Uint8Array, header: Header): Uint8Array | undefined {
  const { width, height, start, compression } = header
  const isNibbles = compression === 2
  const indices = new Uint8Array(width * height)
  let at = start
  let x = 0
  let y = 0
  while (y < height) {
    const count = bytes[at]
    const value = bytes[at + 1]
    if (count === undefined || value === undefined) return undefined
    at += 2
    if (count > 0) {
      for (let place = 0; place < count && x < width; place++, x++) {
        indices[y * width + x] = isNibbles ? (place & 1 ? value & 15 : value >> 4) : value
      }
    } else if (value === 0) {
      x = 0
      y++
    } else if (value === 1) {
      return y === height - 1 && x >= width ? indices : undefined
    } else if (value === 2) {
      const right = bytes[at]
      const up = bytes[at + 1]
      if (right === undefined || up === undefined) return undefined
      at += 2
      x += right
      y += up
    } else {
      const length = isNibbles ? (value + 1) >> 1 : value
      if (at + length > bytes.length) return undefined
      for (let place = 0; place < value; place++, x++) {
        const byte = bytes[at + (isNibbles ? place >> 1 : place)]!
        if (x < width) {
          indices[y * width + x] = isNibbles ? (place & 1 ? byte & 15 : byte >> 4) : byte
        }
      }
      at += length + (length & 1)
    }
  }
  return indices
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
