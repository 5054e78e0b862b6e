// Netpbm pictures (PBM, PGM, PPM; P1 to P6), as Pillow reads them, in Node and in browsers alike: bits, grey or
// colours, as text or as bytes, with any greatest value up to 65,535.

import { type Picture, PictureError } from './picture.ts'

interface Header {
  readonly width: number
  readonly height: number
  /** 1 to 6. */
  readonly kind: number
  readonly greatest: number
  readonly start: number
}

/** Whether the bytes begin as one of these files. */
export function isNetpbm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && isSpace(bytes[2])
}

/** The size; undefined where the header is cut off or damaged. */
export function netpbmSize(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  return readHeader(bytes)
}

/**
 * Decodes it.
 * @throws PictureError where the file is cut off or damaged.
 */
export function decodeNetpbm(bytes: Uint8Array, path?: string): Picture {
  const refuse = (reason: string) =>
    new PictureError(
      `is a PNM picture that is cut off or damaged (${reason}); restore the picture or remove the file`,
      { path },
    )
  const header = readHeader(bytes)
  if (!header) throw refuse('its header is not whole')
  const { width, height, kind, greatest } = header
  const channels = kind % 3 === 0 ? 3 : 1
  const isBits = kind % 3 === 1
  const count = width * height * channels
  const values = kind <= 3 ? readText(bytes, header, count, isBits) : readBinary(bytes, header)
  if (!values || values.length < count) throw refuse('it ends within its pixels')
  // Of bytes, Pillow takes the greatest value for a greater one.
  const wrong = kind <= 3 ? values.findIndex((value) => value > greatest) : -1
  if (wrong >= 0) throw refuse(`it has the value ${values[wrong]}, more than its ${greatest}`)
  const data = new Uint8Array(width * height * 3)
  for (let at = 0; at < data.length; at++) {
    const value = values[channels === 3 ? at : Math.floor(at / 3)]!
    // Of bits, 1 is black.
    data[at] = isBits
      ? value
        ? 0
        : 255
      : greatest === 255
        ? value
        : scaled(Math.min(value, greatest), greatest)
  }
  return { width, height, data }
}

/** To 0 to 255, halves to even as Python rounds. */
function scaled(value: number, greatest: number): number {
  const exact = (value / greatest) * 255
  const down = Math.floor(exact)
  return exact - down > 0.5 || (exact - down === 0.5 && down % 2 === 1) ? down + 1 : down
}

function readHeader(bytes: Uint8Array): Header | undefined {
  if (!isNetpbm(bytes)) return undefined
  const kind = bytes[1]! - 0x30
  let at = 2
  const next = () => {
    const token = readToken(bytes, at)
    at = token?.end ?? bytes.length
    return token?.value
  }
  const width = next()
  const height = next()
  const greatest = kind % 3 === 1 ? 1 : next()
  if (!width || !height || !greatest || greatest > 65_535) return undefined
  return { width, height, kind, greatest, start: at + 1 }
}

/** The next number, spaces and comments before it passed over. */
function readToken(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let at = from
  while (isSpace(bytes[at]) || bytes[at] === 0x23) {
    if (bytes[at] === 0x23) while (at < bytes.length && !isLineEnd(bytes[at])) at++
    else at++
  }
  let value = 0
  const start = at
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) {
    value = value * 10 + bytes[at++]! - 0x30
    if (at - start > 10) return undefined
  }
  const isWhole = at > start && (at === bytes.length || isSpace(bytes[at]) || bytes[at] === 0x23)
  return isWhole ? { value, end: at } : undefined
}

function readText(
  bytes: Uint8Array,
  { start }: Header,
  count: number,
  isBits: boolean,
): Uint16Array | undefined {
  // Each value takes a byte at least.
  if (count > bytes.length) return undefined
  const values = new Uint16Array(count)
  let at = start - 1
  for (let index = 0; index < count; index++) {
    if (isBits) {
      while (isSpace(bytes[at]) || bytes[at] === 0x23) {
        if (bytes[at] === 0x23) while (at < bytes.length && !isLineEnd(bytes[at])) at++
        else at++
      }
      // Bits may stand without spaces between them.
      if (bytes[at] !== 0x30 && bytes[at] !== 0x31) return undefined
      values[index] = bytes[at++]! - 0x30
      continue
    }
    const token = readToken(bytes, at)
    if (!token || token.value > 65_535) return undefined
    values[index] = token.value
    at = token.end
  }
  return values
}

function readBinary(
  bytes: Uint8Array,
  { width, height, kind, greatest, start }: Header,
): Uint8Array | Uint16Array | undefined {
  if (kind === 4) {
    const stride = (width + 7) >> 3
    if (start + stride * height > bytes.length) return undefined
    const bits = new Uint8Array(width * height)
    for (let at = 0; at < bits.length; at++) {
      const x = at % width
      const byte = bytes[start + Math.floor(at / width) * stride + (x >> 3)]!
      bits[at] = (byte >> (7 - (x & 7))) & 1
    }
    return bits
  }
  const count = width * height * (kind === 6 ? 3 : 1)
  if (greatest < 256) return bytes.subarray(start, start + count)
  if (start + 2 * count > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint16Array.from({ length: count }, (_, at) => view.getUint16(start + 2 * at))
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d
}
