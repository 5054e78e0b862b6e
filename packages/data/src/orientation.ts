// Which way up a picture is meant to be shown, read from its file by Pillow's rules (`Image.getexif`), whichever
// format it has and whoever decodes it: the orientation in its EXIF data, or, where that has none, the one in
// its XMP data. AVIF and GIF are not here: AVIF's decoders turn pictures themselves, GIF has no orientation.

import { jpegSegments } from './jpeg-segments.ts'
import type { Picture } from './picture.ts'
import type { PictureFormat } from './picture-header.ts'
import { readPngMetadata } from './png.ts'

/** 1 (upright) to 8, as EXIF numbers them. */
export async function readPictureOrientation(
  bytes: Uint8Array,
  format: PictureFormat,
): Promise<number> {
  if (format === 'jpeg') return jpegOrientation(bytes)
  if (format === 'webp') return webpOrientation(bytes)
  if (format === 'png') {
    const { exif, xmp } = await readPngMetadata(bytes)
    return orientationOf(exif, xmp)
  }
  return format === 'tiff' ? orientationOf(bytes, undefined) : 1
}

/** The orientation of a JPEG file. */
export function jpegOrientation(bytes: Uint8Array): number {
  let exif: Uint8Array | undefined
  let xmp: Uint8Array | undefined
  for (const { marker, start, end } of jpegSegments(bytes)) {
    if (marker !== 0xe1) continue
    if (startsWith(bytes, start, 'Exif\0\0')) {
      const part = bytes.subarray(start + 6, end)
      // A second segment goes on where the first one's 64 KiB end.
      exif = exif ? joined(exif, part) : part
    } else if (startsWith(bytes, start, XMP_NAME)) {
      xmp = bytes.subarray(start + XMP_NAME.length, end)
    }
  }
  return orientationOf(exif, xmp)
}

const XMP_NAME = 'http://ns.adobe.com/xap/1.0/\0'

/** The chunks `EXIF` and `XMP ` of the extended format (RFC 9649), where its header announces them. */
function webpOrientation(bytes: Uint8Array): number {
  if (!startsWith(bytes, 12, 'VP8X')) return 1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const announced = bytes[20]!
  let exif: Uint8Array | undefined
  let xmp: Uint8Array | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at + 4, true)
    const content = bytes.subarray(at + 8, end)
    if (announced & 0x08 && startsWith(bytes, at, 'EXIF')) exif ??= content
    if (announced & 0x04 && startsWith(bytes, at, 'XMP ')) xmp ??= content
    at = end + (end & 1)
  }
  return orientationOf(exif, xmp)
}

function orientationOf(exif: Uint8Array | undefined, xmp: Uint8Array | undefined): number {
  const stored = (exif && readOrientation(exif)) ?? (xmp && xmpOrientation(xmp))
  return stored !== undefined && Number.isInteger(stored) && stored >= 1 && stored <= 8 ? stored : 1
}

/**
 * The value of tag 0x0112 in the first directory of EXIF's TIFF structure: NaN where it holds no number,
 * undefined where there is none.
 */
export function readOrientation(exif: Uint8Array): number | undefined {
  let start = 0
  while (startsWith(exif, start, 'Exif\0\0')) start += 6
  const tiff = exif.subarray(start)
  if (tiff.length < 8) return undefined
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const order = view.getUint16(0)
  const little = order === 0x4949
  const magic = view.getUint16(2)
  // The number 42 is found in either byte order, whatever the first two bytes say.
  if ((!little && order !== 0x4d4d) || (magic !== 0x002a && magic !== 0x2a00)) return undefined
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.length) return undefined
  const entries = view.getUint16(directory, little)
  let found: number | undefined
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * 12
    if (at + 12 > tiff.length) break
    if (view.getUint16(at, little) !== 0x0112) continue
    const type = view.getUint16(at + 2, little)
    const size = typeSizes[type]
    if (size === undefined) continue
    const length = size * view.getUint32(at + 4, little)
    const place = length > 4 ? view.getUint32(at + 8, little) : at + 8
    if (length === 0) continue
    if (place + length > tiff.length) break
    found = readNumber(view, type, place, little)
  }
  return found
}

/** Bytes of a value of each of TIFF's types. */
// biome-ignore format: a table
const typeSizes: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
}

function readNumber(view: DataView, type: number, at: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, little)
    case 4:
    case 13:
      return view.getUint32(at, little)
    case 5:
      return view.getUint32(at, little) / view.getUint32(at + 4, little)
    case 6:
      return view.getInt8(at)
    case 8:
      return view.getInt16(at, little)
    case 9:
      return view.getInt32(at, little)
    case 10:
      return view.getInt32(at, little) / view.getInt32(at + 4, little)
    case 11:
      return view.getFloat32(at, little)
    case 12:
      return view.getFloat64(at, little)
    case 16:
      return Number(view.getBigUint64(at, little))
    default:
      return Number.NaN // bytes or text
  }
}

function xmpOrientation(xmp: Uint8Array): number | undefined {
  const digit = /tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder('latin1').decode(xmp))?.[1]
  return digit === undefined ? undefined : Number(digit)
}

/** Undoes EXIF's orientation: 2 to 4 mirror or turn by 180°, 5 to 8 exchange rows and columns. */
export function turnUpright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture
  const exchanged = orientation >= 5
  const width = exchanged ? picture.height : picture.width
  const height = exchanged ? picture.width : picture.height
  const data = new Uint8Array(width * height * 3)
  const fromRight = [2, 3, 7, 8].includes(orientation)
  const fromBottom = [3, 4, 6, 7].includes(orientation)
  const stepX = fromRight ? -3 : 3
  const stepY = (fromBottom ? -3 : 3) * picture.width
  const [stepColumn, stepRow] = exchanged ? [stepY, stepX] : [stepX, stepY]
  const startX = fromRight ? picture.width - 1 : 0
  const startY = fromBottom ? picture.height - 1 : 0
  const source = picture.data
  let to = 0
  let row = (startY * picture.width + startX) * 3
  for (let y = 0; y < height; y++, row += stepRow) {
    let from = row
    for (let x = 0; x < width; x++, from += stepColumn) {
      data[to++] = source[from]!
      data[to++] = source[from + 1]!
      data[to++] = source[from + 2]!
    }
  }
  return { width, height, data }
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false
  }
  return true
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
