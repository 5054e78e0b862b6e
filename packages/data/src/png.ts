// The chunks of a PNG file: checked where Pillow checks them, and read for what is said about the picture. Decoders
// pass over a damaged palette or header without a word, and give other colours.

import { PictureError } from './picture.ts'

interface Chunk {
  readonly type: string
  /** Where its content lies. */
  readonly start: number
  readonly end: number
}

/** All chunks that are whole, up to the end chunk. */
function* pngChunks(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.length; ) {
    const start = at + 8
    const end = start + view.getUint32(at)
    if (end + 4 > bytes.length) return
    const type = String.fromCharCode(...bytes.subarray(at + 4, start))
    yield { type, start, end }
    if (type === 'IEND') return
    at = end + 4
  }
}

/**
 * Holds the chunks before the pixels against their checksums; the pixels' own are their decoder's business.
 * @throws PictureError, one line with the path.
 */
export function checkPng(bytes: Uint8Array, path?: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const { type, start, end } of pngChunks(bytes)) {
    if (type === 'IDAT' || type === 'IEND') return
    const found = crc32(bytes.subarray(start - 4, end))
    if (found === view.getUint32(end)) continue
    throw new PictureError(
      `is a PNG picture that is cut off or damaged (chunk ${JSON.stringify(type)} at byte ${start - 8} is not what its checksum says); restore the picture or remove the file`,
      { path },
    )
  }
}

/** The file with only the chunks that pixels are made of. */
export function pixelChunks(bytes: Uint8Array): Uint8Array {
  const kept = new Uint8Array(bytes.length)
  kept.set(bytes.subarray(0, 8))
  let length = 8
  let end = 8
  for (const chunk of pngChunks(bytes)) {
    end = chunk.end + 4
    if (!['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(chunk.type)) continue
    kept.set(bytes.subarray(chunk.start - 8, end), length)
    length += end - chunk.start + 8
  }
  // What is cut off stays so, for the decoder to find.
  kept.set(bytes.subarray(end), length)
  return kept.subarray(0, length + bytes.length - end)
}

/** EXIF and XMP data, each in the chunk for it or in the text that ImageMagick writes. */
export async function readPngMetadata(
  bytes: Uint8Array,
): Promise<{ exif?: Uint8Array | undefined; xmp?: Uint8Array | undefined }> {
  let exif: Uint8Array | undefined
  let rawProfile: Uint8Array | undefined
  let xmp: Uint8Array | undefined
  for (const { type, start, end } of pngChunks(bytes)) {
    const content = bytes.subarray(start, end)
    if (type === 'eXIf') exif = content
    if (!['tEXt', 'zTXt', 'iTXt'].includes(type)) continue
    const text = await readText(type, content)
    if (text?.keyword === 'Raw profile type exif') rawProfile = fromHexadecimal(text.value)
    if (text?.keyword === 'XML:com.adobe.xmp') xmp = text.value
  }
  return { exif: exif ?? rawProfile, xmp }
}

/** Larger ones are not unpacked: nothing that is looked for is so long. */
const MOST_TEXT_BYTES = 1 << 20

async function readText(
  type: string,
  content: Uint8Array,
): Promise<{ keyword: string; value: Uint8Array } | undefined> {
  const keywordEnd = content.indexOf(0)
  if (keywordEnd < 1 || keywordEnd > 79) return undefined
  const keyword = String.fromCharCode(...content.subarray(0, keywordEnd))
  if (keyword !== 'Raw profile type exif' && keyword !== 'XML:com.adobe.xmp') return undefined
  let start = keywordEnd + 1
  let isPacked = type === 'zTXt'
  if (isPacked) start++ // its method
  if (type === 'iTXt') {
    isPacked = content[start] !== 0
    const languageEnd = content.indexOf(0, start + 2)
    const translationEnd = content.indexOf(0, languageEnd + 1)
    if (languageEnd < 0 || translationEnd < 0) return undefined
    start = translationEnd + 1
  }
  const stored = content.subarray(start)
  const value = isPacked ? await inflate(stored) : stored
  return value && { keyword, value }
}

/** Unpacks zlib data; undefined where it is damaged or too long. */
async function inflate(packed: Uint8Array): Promise<Uint8Array | undefined> {
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'))
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      length += value.length
      if (length > MOST_TEXT_BYTES) {
        await reader.cancel()
        return undefined
      }
    }
  } catch {
    return undefined
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** ImageMagick's profile: an empty line, its name, its length, then lines of hexadecimal digits. */
function fromHexadecimal(text: Uint8Array): Uint8Array {
  const lines = new TextDecoder('latin1').decode(text).split('\n').slice(3)
  const pairs = lines.join('').match(/[0-9a-f]{2}/gi) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}

let table: Uint32Array | undefined

function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    return value
  })
  let crc = 0xffffffff
  for (const byte of bytes) crc = table[(crc ^ byte) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
