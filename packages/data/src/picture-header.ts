// What the first bytes of a picture file say, read without decoding it: its format and its size.
// A file that claims hundreds of millions of pixels can so be refused before any memory is given
// to it, and one that is no picture at all is named for what it is.

import { isAvif, sequenceSize } from './avif.ts'
import { bmpSize, isBmp } from './bmp.ts'
import { gifSize } from './gif.ts'
import { jpegSegments } from './jpeg-segments.ts'
import { isNetpbm, netpbmSize } from './netpbm.ts'

/** The formats that this package reads. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'bmp' | 'netpbm' | 'tiff'

/**
 * How the names of pictures end that `decodePicture` reads, in lower case. TIFF (`tif`, `tiff`) is read in Node,
 * and in browsers that know it.
 */
export const pictureExtensions: readonly string[] = [
  ...['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'apng', 'webp', 'gif', 'avif', 'avifs'],
  ...['bmp', 'dib', 'ppm', 'pgm', 'pbm', 'pnm', 'tif', 'tiff'],
]

/** What the header says. */
export interface PictureHeader {
  readonly format: PictureFormat
  readonly width: number
  readonly height: number
  /** Colour channels as stored; told for JPEG, and where they are CMYK's 4. */
  readonly channels?: number
}

/** The format that the bytes begin as, whether or not the rest is sound. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'jpeg'
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (ascii(bytes, 0, 4) === 'GIF8') return 'gif'
  if (isAvif(bytes)) return 'avif'
  if (isBmp(bytes)) return 'bmp'
  if (isNetpbm(bytes)) return 'netpbm'
  if (/^(II\*\0|MM\0\*)/.test(ascii(bytes, 0, 4))) return 'tiff'
  return undefined
}

/** Format and size, or undefined where the header is not complete or not one of these formats. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (pictureFormat(bytes)) {
    case 'jpeg':
      return readJpegHeader(bytes, view)
    case 'png':
      return readPngHeader(bytes, view)
    case 'webp':
      return readWebpHeader(bytes, view)
    case 'gif': {
      const size = gifSize(bytes)
      return size && { format: 'gif', width: size.width, height: size.height }
    }
    case 'avif':
      return readAvifHeader(bytes, view)
    case 'bmp': {
      const size = bmpSize(bytes)
      return size && { format: 'bmp', width: size.width, height: size.height }
    }
    case 'netpbm': {
      const size = netpbmSize(bytes)
      return size && { format: 'netpbm', width: size.width, height: size.height }
    }
    case 'tiff':
      return readTiffHeader(view)
    default:
      return undefined
  }
}

/** What a file that is none of our formats seems to be, for an error message. */
export function describeForeignBytes(bytes: Uint8Array): string {
  const start = ascii(bytes, 0, 4)
  if (start.startsWith('BM')) return 'a BMP picture of an unknown kind'
  if (start === 'II+\0' || start === 'MM\0+') return 'a BigTIFF picture'
  if (ascii(bytes, 4, 8) === 'ftyp') return `an ISO media file (${ascii(bytes, 8, 12).trim()})`
  const beginning = bytes.subarray(0, 32)
  const printable = (byte: number) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d)
  if (beginning.every((byte) => printable(byte) && byte !== 0x7f)) {
    const text = new TextDecoder().decode(beginning.subarray(0, 24)).replace(/\s+/g, ' ').trim()
    return `text (${JSON.stringify(text)})`
  }
  const hexadecimal = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0'))
  return `of an unknown format (it begins with the bytes ${hexadecimal.join(' ')})`
}

/** The frame header among the marker segments, ITU-T T.81 section B.2.2. */
function readJpegHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  for (const { marker, start, end } of jpegSegments(bytes)) {
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (!isFrame) continue
    if (end - start < 6) return undefined
    return {
      format: 'jpeg',
      height: view.getUint16(start + 1),
      width: view.getUint16(start + 3),
      channels: bytes[start + 5]!,
    }
  }
  return undefined
}

function readPngHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (view.byteLength < 24 || ascii(bytes, 12, 16) !== 'IHDR') return undefined
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** Tags of the first directory (TIFF 6.0): 256 and 257 for the size, 262 for the colours, of which 5 is CMYK. */
function readTiffHeader(view: DataView): PictureHeader | undefined {
  if (view.byteLength < 14) return undefined
  const little = view.getUint8(0) === 0x49
  const directory = view.getUint32(4, little)
  if (directory + 2 > view.byteLength) return undefined
  const sides: Record<number, number> = {}
  for (let entry = view.getUint16(directory, little) - 1; entry >= 0; entry--) {
    const at = directory + 2 + entry * 12
    if (at + 12 > view.byteLength) continue
    const isShort = view.getUint16(at + 2, little) === 3
    sides[view.getUint16(at, little)] = isShort
      ? view.getUint16(at + 8, little)
      : view.getUint32(at + 8, little)
  }
  const { 256: width, 257: height } = sides
  return width === undefined || height === undefined ? undefined : { format: 'tiff', width, height }
}

/** The first chunk: lossy (RFC 6386 section 9.1), lossless, or the extended header (RFC 9649). */
function readWebpHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  // A picture without its last bytes may still be one: lossless files are as short as 26 bytes.
  const has = (end: number) => view.byteLength >= end
  if (!has(25)) return undefined
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
  switch (ascii(bytes, 12, 16)) {
    case 'VP8 ':
      return has(30)
        ? {
            format: 'webp',
            width: view.getUint16(26, true) & 0x3fff,
            height: view.getUint16(28, true) & 0x3fff,
          }
        : undefined
    case 'VP8L': {
      const sizes = view.getUint32(21, true)
      return { format: 'webp', width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return has(30) ? { format: 'webp', width: uint24(24) + 1, height: uint24(27) + 1 } : undefined
    default:
      return undefined
  }
}

/** The largest of the sizes (`ispe` boxes, ISO/IEC 23008-12) before the data: alpha and previews have their own. */
function readAvifHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  let found: PictureHeader | undefined
  const end = Math.min(bytes.length - 15, 16384)
  for (let at = 12; at < end; at++) {
    if (bytes[at] !== 0x69 || ascii(bytes, at, at + 4) !== 'ispe') continue
    const width = view.getUint32(at + 8)
    const height = view.getUint32(at + 12)
    if (!found || width * height > found.width * found.height) {
      found = { format: 'avif', width, height }
    }
  }
  const frames = found ?? sequenceSize(bytes)
  return frames && { format: 'avif', width: frames.width, height: frames.height }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
