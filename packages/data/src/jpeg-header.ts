// The markers and tables of a JPEG file (ITU-T T.81, annex B), read for the decoder in `jpeg.ts`:
// what it can decode comes back as a `JpegFrame`, anything else (progressive, CMYK, 12 bits,
// arithmetic coding, unusual sampling, damage) as undefined, and is left to the platform's decoder.

import { jpegSegments } from './jpeg-segments.ts'
import { jpegOrientation } from './orientation.ts'

/** A baseline picture of one grey or three YCbCr components, in one scan. */
export interface JpegFrame {
  readonly width: number
  readonly height: number
  readonly components: readonly JpegComponent[]
  /** The Huffman tables by number, DC and AC. */
  readonly dcTables: readonly (HuffmanTable | undefined)[]
  readonly acTables: readonly (HuffmanTable | undefined)[]
  /** The 64 factors in natural order, by number. */
  readonly quantization: readonly (Uint16Array | undefined)[]
  /** Units between restart markers, 0 without. */
  readonly restartInterval: number
  /** EXIF orientation, 1 (upright) to 8. */
  readonly orientation: number
  /** Where the compressed data begins. */
  readonly scanStart: number
}

/** A component and its tables. */
export interface JpegComponent {
  readonly horizontal: number
  readonly vertical: number
  readonly quantization: number
  readonly dcTable: number
  readonly acTable: number
}

/** How many codes there are of each length, 1 to 16, and their symbols in the order of the codes. */
export interface HuffmanTable {
  readonly counts: Uint8Array
  readonly symbols: Uint8Array
}

/** The natural place of each coefficient in zigzag order. */
// biome-ignore format: a table
export const zigzag = Uint8Array.of(
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
  21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53,
  60, 61, 54, 47, 55, 62, 63,
)

/** Reads everything before the compressed data; undefined where `jpeg.ts` cannot decode it. */
export function readJpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  const reader = new FrameReader(bytes)
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  for (const { marker, start, end } of jpegSegments(bytes)) {
    if (marker === 0xda) return reader.finish(start, end)
    if (!reader.segment(marker, start, end)) return undefined
  }
  return undefined
}

/** Gathers the segments; each method says false for what cannot be decoded here. */
class FrameReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #quantization: (Uint16Array | undefined)[] = []
  readonly #dcTables: (HuffmanTable | undefined)[] = []
  readonly #acTables: (HuffmanTable | undefined)[] = []
  #frame: { width: number; height: number; start: number; count: number } | undefined
  #restartInterval = 0
  #isJfif = false
  #adobeTransform: number | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  segment(marker: number, start: number, end: number): boolean {
    const length = end - start
    switch (marker) {
      case 0xc0: // baseline
      case 0xc1: // extended sequential
        return this.#readFrame(start, length)
      case 0xc4:
        return this.#readHuffmanTables(start, end)
      case 0xdb:
        return this.#readQuantization(start, end)
      case 0xdd:
        if (length < 2) return false
        this.#restartInterval = this.#view.getUint16(start)
        return true
      case 0xe0:
        if (this.#text(start, 5) === 'JFIF\0') this.#isJfif = true
        return true
      case 0xee:
        if (length >= 12 && this.#text(start, 5) === 'Adobe') {
          this.#adobeTransform = this.#bytes[start + 11]
        }
        return true
      default:
        // Application segments and comments are passed over; other frames are not ours.
        return (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe
    }
  }

  finish(start: number, end: number): JpegFrame | undefined {
    const bytes = this.#bytes
    const frame = this.#frame
    if (!frame || bytes[start] !== frame.count || end - start < 4 + 2 * frame.count)
      return undefined
    const components: JpegComponent[] = []
    const ids: number[] = []
    for (let index = 0; index < frame.count; index++) {
      const at = frame.start + 6 + index * 3
      const tables = bytes[start + 2 + index * 2]!
      if (bytes[start + 1 + index * 2] !== bytes[at]) return undefined
      ids.push(bytes[at]!)
      components.push({
        horizontal: bytes[at + 1]! >> 4,
        vertical: bytes[at + 1]! & 15,
        quantization: bytes[at + 2]!,
        dcTable: tables >> 4,
        acTable: tables & 15,
      })
    }
    const isRgb =
      this.#adobeTransform === 0 || (!this.#isJfif && ids.join() === '82,71,66') /* R, G, B */
    const known = components.every(
      ({ quantization, dcTable, acTable }) =>
        this.#quantization[quantization] && this.#dcTables[dcTable] && this.#acTables[acTable],
    )
    if (!known || (isRgb && frame.count === 3)) return undefined
    return {
      width: frame.width,
      height: frame.height,
      components:
        frame.count === 1 ? [{ ...components[0]!, horizontal: 1, vertical: 1 }] : components,
      dcTables: this.#dcTables,
      acTables: this.#acTables,
      quantization: this.#quantization,
      restartInterval: this.#restartInterval,
      orientation: jpegOrientation(bytes),
      scanStart: end,
    }
  }

  #readFrame(start: number, length: number): boolean {
    if (length < 6 || this.#frame) return false
    const count = this.#bytes[start + 5]!
    const height = this.#view.getUint16(start + 1)
    const width = this.#view.getUint16(start + 3)
    if (this.#bytes[start] !== 8 || (count !== 1 && count !== 3) || length < 6 + 3 * count)
      return false
    if (width === 0 || height === 0) return false
    this.#frame = { width, height, start, count }
    if (count === 1) return true
    const [luma, blue, red] = [0, 1, 2].map((index) => this.#bytes[start + 7 + index * 3])
    return [0x11, 0x21, 0x22].includes(luma!) && blue === 0x11 && red === 0x11
  }

  #readHuffmanTables(start: number, end: number): boolean {
    let at = start
    while (at + 17 <= end) {
      const kind = this.#bytes[at]!
      const counts = this.#bytes.subarray(at + 1, at + 17)
      const total = counts.reduce((sum, count) => sum + count, 0)
      if ((kind & 15) > 3 || kind >> 4 > 1 || total > 256 || at + 17 + total > end) return false
      const table = { counts, symbols: this.#bytes.subarray(at + 17, at + 17 + total) }
      if (!isPrefixCode(counts)) return false
      ;(kind >> 4 === 0 ? this.#dcTables : this.#acTables)[kind & 15] = table
      at += 17 + total
    }
    return at === end
  }

  #readQuantization(start: number, end: number): boolean {
    let at = start
    while (at < end) {
      const kind = this.#bytes[at++]!
      const size = kind >> 4 === 0 ? 1 : 2
      if ((kind & 15) > 3 || kind >> 4 > 1 || at + 64 * size > end) return false
      const factors = new Uint16Array(64)
      for (let place = 0; place < 64; place++, at += size) {
        const factor = size === 1 ? this.#bytes[at]! : this.#view.getUint16(at)
        if (factor > 0x7fff) return false // the products must fit 16 bits
        factors[zigzag[place]!] = factor
      }
      this.#quantization[kind & 15] = factors
    }
    return true
  }

  #text(start: number, length: number): string {
    return String.fromCharCode(...this.#bytes.subarray(start, start + length))
  }
}

/** Whether so many codes of each length can be told apart. */
function isPrefixCode(counts: Uint8Array): boolean {
  let code = 0
  for (let length = 1; length <= 16; length++) {
    code += counts[length - 1]!
    if (code > 1 << length) return false
    code <<= 1
  }
  return true
}
