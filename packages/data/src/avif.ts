// What an AVIF file (ISO/IEC 14496-12 boxes, AV1-ISOBMFF) says of its picture besides the pixels. It is here for two
// things that sharp's decoder gets wrong or does not know: grey pictures of limited range, whose 16 to 235 it takes
// for 0 to 255, and image sequences, whose first frame is made a still picture for it.

interface Box {
  readonly type: string
  /** Where its content lies. */
  readonly start: number
  readonly end: number
}

/** Whether the file says that it is AVIF: by its major brand or by one that it names compatible. */
export function isAvif(bytes: Uint8Array): boolean {
  if (bytes.length < 16 || text(bytes, 4) !== 'ftyp') return false
  const end = Math.min(bytes.length, view(bytes).getUint32(0), 1024)
  for (let at = 8; at + 4 <= end; at += 4) {
    if (at !== 12 && /^avi[fs]$/.test(text(bytes, at))) return true
  }
  return false
}

/** The size of a sequence's frames. */
export function sequenceSize(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | undefined {
  return readTrack(bytes)
}

/** The first frame of an image sequence (brand `avis`) as a still picture's file; other files as they are. */
export function firstFrame(bytes: Uint8Array): Uint8Array {
  if (text(bytes, 8) !== 'avis') return bytes
  const track = readTrack(bytes)
  return track ? stillPicture(track) : renamed(bytes)
}

/** Whether the picture is grey with 16 for black and 235 for white. */
export function isLimitedGrey(bytes: Uint8Array): boolean {
  const meta = find(bytes, [{ type: 'file', start: 0, end: bytes.length }], 'meta', 4)[0]
  if (!meta) return false
  const primary = find(bytes, [meta], 'pitm')[0]
  const properties = find(bytes, find(bytes, [meta], 'iprp'), 'ipco')[0]
  const association = find(bytes, find(bytes, [meta], 'iprp'), 'ipma')[0]
  if (!primary || !properties || !association) return false
  const all = boxes(bytes, properties.start, properties.end)
  const numberSize = bytes[primary.start] === 0 ? 2 : 4
  const item = unsigned(bytes, primary.start + 4, numberSize)
  const byItem = readAssociations(bytes, association)
  const own = byItem.get(item) ?? []
  const of = (numbers: readonly number[], type: string) =>
    numbers.map((number) => all[number - 1]).find((box) => box?.type === type)
  // A picture made of tiles has its coding described with them.
  const coding = of(own, 'av1C') ?? all.find(({ type }) => type === 'av1C')
  if (!coding || !(bytes[coding.start + 2]! & 0x10)) return false
  const color = all.find(
    ({ type, start }, at) =>
      type === 'colr' && own.includes(at + 1) && text(bytes, start) === 'nclx',
  )
  if (color) return (bytes[color.start + 10]! & 0x80) === 0
  const header =
    sequenceHeader(bytes, coding.start + 4, coding.end) ?? headerInData(bytes, meta, item)
  return header !== undefined && !isFullRange(header)
}

/** The numbers (from 1) of each item's properties. */
function readAssociations(bytes: Uint8Array, box: Box): Map<number, number[]> {
  const found = new Map<number, number[]>()
  const itemSize = bytes[box.start] === 0 ? 2 : 4
  const isLong = (bytes[box.start + 3]! & 1) !== 0
  let at = box.start + 8
  for (let count = unsigned(bytes, box.start + 4, 4); count > 0 && at < box.end; count--) {
    const item = unsigned(bytes, at, itemSize)
    const properties: number[] = []
    at += itemSize + 1
    for (let left = bytes[at - 1]!; left > 0 && at < box.end; left--) {
      properties.push(isLong ? unsigned(bytes, at, 2) & 0x7fff : bytes[at]! & 0x7f)
      at += isLong ? 2 : 1
    }
    found.set(item, properties)
  }
  return found
}

/** The sequence header at the start of the item's data. */
function headerInData(bytes: Uint8Array, meta: Box, item: number): Uint8Array | undefined {
  const location = find(bytes, [meta], 'iloc')[0]
  if (!location) return undefined
  const version = bytes[location.start]!
  const sizes = unsigned(bytes, location.start + 4, 2)
  const [offsetSize, lengthSize] = [sizes >> 12, (sizes >> 8) & 15]
  const [baseSize, indexSize] = [(sizes >> 4) & 15, version === 0 ? 0 : sizes & 15]
  const numberSize = version < 2 ? 2 : 4
  let at = location.start + 6 + numberSize
  for (let count = unsigned(bytes, at - numberSize, numberSize); count > 0; count--) {
    if (at + numberSize + 8 > location.end) return undefined
    const number = unsigned(bytes, at, numberSize)
    at += numberSize + (version === 0 ? 0 : 2) + 2
    const base = unsigned(bytes, at, baseSize)
    const extents = unsigned(bytes, at + baseSize, 2)
    at += baseSize + 2
    if (number === item) {
      const start = base + unsigned(bytes, at + indexSize, offsetSize)
      const length = unsigned(bytes, at + indexSize + offsetSize, lengthSize)
      return sequenceHeader(bytes, start, Math.min(bytes.length, start + length))
    }
    at += extents * (indexSize + offsetSize + lengthSize)
  }
  return undefined
}

/** The content of the first sequence header among the units of AV1 (its specification, section 5.3). */
function sequenceHeader(bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
  for (let at = from; at + 2 <= to; ) {
    const kind = (bytes[at]! >> 3) & 15
    const hasExtension = (bytes[at]! & 4) !== 0
    if (!(bytes[at]! & 2)) return undefined // without its length
    at += hasExtension ? 2 : 1
    let length = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++]!
      length |= (byte & 127) << shift
      if (!(byte & 128)) break
    }
    if (kind === 1) return bytes.subarray(at, Math.min(to, at + length))
    at += length
  }
  return undefined
}

/** `color_range` of a grey picture's sequence header (section 5.5). */
function isFullRange(header: Uint8Array): boolean {
  let place = 0
  const take = (count: number) => {
    let value = 0
    for (; count > 0; count--, place++) {
      value = value * 2 + (((header[place >> 3] ?? 0) >> (7 - (place & 7))) & 1)
    }
    return value
  }
  const profile = take(3)
  take(1)
  const isReduced = take(1) === 1
  if (isReduced) {
    take(5)
  } else {
    let hasDecoderModel = false
    let delayBits = 0
    if (take(1)) {
      take(32)
      take(32)
      if (take(1)) {
        let zeros = 0
        while (zeros < 32 && take(1) === 0) zeros++
        take(zeros)
      }
      hasDecoderModel = take(1) === 1
      if (hasDecoderModel) {
        delayBits = take(5) + 1
        take(32 + 5 + 5)
      }
    }
    const hasDisplayDelay = take(1) === 1
    for (let points = take(5) + 1; points > 0; points--) {
      take(12)
      if (take(5) > 7) take(1)
      if (hasDecoderModel && take(1)) take(2 * delayBits + 1)
      if (hasDisplayDelay && take(1)) take(4)
    }
  }
  const widthBits = take(4) + 1
  const heightBits = take(4) + 1
  take(widthBits + heightBits)
  if (!isReduced && take(1)) take(7)
  take(3)
  if (!isReduced) {
    take(4)
    const hasOrderHint = take(1) === 1
    if (hasOrderHint) take(2)
    const screenContent = take(1) ? 2 : take(1)
    if (screenContent > 0 && !take(1)) take(1)
    if (hasOrderHint) take(3)
  }
  take(3)
  const isDeep = take(1) === 1
  if (profile === 2 && isDeep) take(1)
  if (profile !== 1) take(1) // grey, which is known
  if (take(1)) take(24)
  return take(1) === 1
}

interface Track {
  readonly width: number
  readonly height: number
  /** Its first frame. */
  readonly sample: Uint8Array
  /** Boxes of its description: `av1C`, and `colr` where there is one. */
  readonly descriptions: readonly Uint8Array[]
}

/** The first track of pictures. */
function readTrack(bytes: Uint8Array): Track | undefined {
  const file: Box = { type: 'file', start: 0, end: bytes.length }
  for (const track of find(bytes, find(bytes, [file], 'moov'), 'trak')) {
    const table = find(bytes, find(bytes, find(bytes, [track], 'mdia'), 'minf'), 'stbl')
    const entry = find(bytes, find(bytes, table, 'stsd', 8), 'av01')[0]
    const [sizes] = find(bytes, table, 'stsz')
    const [offsets] = find(bytes, table, 'stco')
    const [longOffsets] = find(bytes, table, 'co64')
    if (!entry || !sizes || !(offsets ?? longOffsets) || entry.end - entry.start < 78) continue
    // Alpha is a track of its own, which names the one that it belongs to.
    if (find(bytes, find(bytes, [track], 'tref'), 'auxl').length > 0) continue
    const descriptions = boxes(bytes, entry.start + 78, entry.end)
      .filter(({ type }) => type === 'av1C' || type === 'colr')
      .map(({ start, end }) => bytes.subarray(start - 8, end))
    const length = unsigned(bytes, sizes.start + 4, 4) || unsigned(bytes, sizes.start + 12, 4)
    const start = offsets
      ? unsigned(bytes, offsets.start + 8, 4)
      : unsigned(bytes, longOffsets!.start + 8, 8)
    return {
      width: unsigned(bytes, entry.start + 24, 2),
      height: unsigned(bytes, entry.start + 26, 2),
      sample: bytes.subarray(start, start + length),
      descriptions,
    }
  }
  return undefined
}

/** A file of one picture. */
function stillPicture({ width, height, sample, descriptions }: Track): Uint8Array {
  const latin = (value: string) => Uint8Array.from(value, (letter) => letter.charCodeAt(0))
  const number = (value: number, size: number) =>
    Uint8Array.from({ length: size }, (_, at) => value / 256 ** (size - 1 - at))
  const box = (type: string, ...parts: Uint8Array[]) => {
    const content = concatenated(parts)
    return concatenated([number(content.length + 8, 4), latin(type), content])
  }
  const full = (type: string, version: number, ...parts: Uint8Array[]) =>
    box(type, Uint8Array.of(version, 0, 0, 0), ...parts)
  const properties = [full('ispe', 0, number(width, 4), number(height, 4)), ...descriptions]
  const start = box('ftyp', latin('avif\0\0\0\0avifmif1miaf'))
  const metaAt = (offset: number) =>
    full(
      'meta',
      0,
      full('hdlr', 0, latin('\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0')),
      full('pitm', 0, number(1, 2)),
      full(
        'iloc',
        0,
        ...[number(0x4400, 2), number(1, 2), number(1, 2), number(0, 2), number(1, 2)],
        ...[number(offset, 4), number(sample.length, 4)],
      ),
      full('iinf', 0, number(1, 2), full('infe', 2, number(1, 2), number(0, 2), latin('av01\0'))),
      box(
        'iprp',
        box('ipco', ...properties),
        full(
          'ipma',
          0,
          ...[number(1, 4), number(1, 2)],
          Uint8Array.of(properties.length, ...properties.map((_, at) => at + 1)),
        ),
      ),
    )
  const meta = metaAt(start.length + metaAt(0).length + 8)
  return concatenated([start, meta, box('mdat', sample)])
}

/** The file with the brand of still pictures: its decoder then takes the still that goes with the sequence. */
function renamed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[11] = 0x66
  return copy
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The boxes of one type within others; `skip` bytes of those found come before what they hold. */
function find(bytes: Uint8Array, within: readonly Box[], type: string, skip = 0): Box[] {
  return within
    .flatMap(({ start, end }) => boxes(bytes, start, end))
    .filter((box) => box.type === type)
    .map((box) => ({ ...box, start: box.start + skip }))
}

function boxes(bytes: Uint8Array, from: number, to: number): Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= to; ) {
    let length = unsigned(bytes, at, 4)
    let start = at + 8
    if (length === 1 && start + 8 <= to) {
      length = unsigned(bytes, start, 8)
      start += 8
    }
    const end = length === 0 ? to : at + length
    if (end < start || end > to) break
    found.push({ type: text(bytes, at + 4), start, end })
    at = end
  }
  return found
}

function unsigned(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let index = 0; index < size; index++) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
