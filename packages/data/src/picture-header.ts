// What the first bytes of a picture file say, read without decoding it: its format and its size.
// A file that claims hundreds of millions of pixels can so be refused before any memory is given
// to it, and one that is no picture at all is named for what it is.

/** The formats that this package reads. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif'

/** What the header says. */
export interface PictureHeader {
  readonly format: PictureFormat
  readonly width: number
  readonly height: number
  /** Colour channels as stored; told for JPEG only, where 4 means CMYK. */
  readonly channels?: number
}

/** The format that the bytes begin as, whether or not the rest is sound. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'jpeg'
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp'
  if (ascii(bytes, 0, 4) === 'GIF8') return 'gif'
  if (ascii(bytes, 4, 12) === 'ftypavif') return 'avif'
  return undefined
}

/** Format and size, or undefined where the header is not complete or not one of these formats. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (pictureFormat(bytes)) {
    case 'jpeg':
      return readJpegHeader(view)
    case 'png':
      return readPngHeader(bytes, view)
    case 'webp':
      return readWebpHeader(bytes, view)
    case 'gif':
      if (bytes.length < 10) return undefined
      return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) }
    case 'avif':
      return readAvifHeader(bytes, view)
    default:
      return undefined
  }
}

/** What a file that is none of our formats seems to be, for an error message. */
export function describeForeignBytes(bytes: Uint8Array): string {
  const start = ascii(bytes, 0, 4)
  if (start === 'II*\0' || start === 'MM\0*') return 'a TIFF picture'
  if (start.startsWith('BM')) return 'a BMP picture'
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

/** Walks the marker segments to the frame header, ITU-T T.81 section B.2.2. */
function readJpegHeader(view: DataView): PictureHeader | undefined {
  let at = 2
  while (at + 9 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined
    const marker = view.getUint8(at + 1)
    if (marker === 0xff) {
      at++ // a fill byte
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2 // markers without a segment
    } else if (marker === 0xda || marker === 0xd9) {
      return undefined // the scan begins, or the file ends, before any frame header
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        format: 'jpeg',
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        channels: view.getUint8(at + 9),
      }
    } else {
      at += 2 + view.getUint16(at + 2)
    }
  }
  return undefined
}

function readPngHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (view.byteLength < 24 || ascii(bytes, 12, 16) !== 'IHDR') return undefined
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) }
}

/** The first chunk: lossy (RFC 6386 section 9.1), lossless, or the extended header (RFC 9649). */
function readWebpHeader(bytes: Uint8Array, view: DataView): PictureHeader | undefined {
  if (view.byteLength < 30) return undefined
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16)
  switch (ascii(bytes, 12, 16)) {
    case 'VP8 ':
      return {
        format: 'webp',
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      }
    case 'VP8L': {
      const sizes = view.getUint32(21, true)
      return { format: 'webp', width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { format: 'webp', width: uint24(24) + 1, height: uint24(27) + 1 }
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
  return found
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
