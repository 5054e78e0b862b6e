// The directory of a zip archive: its end record, the entries it lists, and where their data lies. Every number is
// checked against the file, and entries may neither overlap nor leave it.

import { CheckpointError } from './error.ts'
import { type RangeSource, readRange, windowed } from './source.ts'

export interface ZipEntry {
  name: string
  /** First byte of the entry's (maybe deflated) data in the file. */
  offset: number
  /** Bytes in the file. */
  storedSize: number
  /** Bytes once unpacked. */
  size: number
  isDeflated: boolean
  crc32: number
}

/** Bytes of the end record without its comment, and the most that record and comment can be. */
const END_SIZE = 22
const LARGEST_END = END_SIZE + 65535
/** Entries and directory bytes, bounded so that reading a directory takes no long time or large memory. */
const MOST_ENTRIES = 32_768
const LARGEST_DIRECTORY = 32 * 1024 * 1024

const STORED = 0
const DEFLATED = 8

/** An archive's entries by name, in the order of the directory. @throws CheckpointError on what does not fit */
export async function readDirectory(source: RangeSource): Promise<Map<string, ZipEntry>> {
  const { path } = source
  const fail = (message: string, offset: number): never => {
    throw new CheckpointError(message, { path, offset })
  }
  const end = await readEnd(source)
  if (end.count > MOST_ENTRIES || end.size > LARGEST_DIRECTORY) {
    fail(`the directory claims ${end.count} entries in ${end.size} bytes: too many`, end.place)
  }
  if (end.offset + end.size > end.place) {
    fail(`the directory of ${end.size} bytes at ${end.offset} does not fit`, end.place)
  }
  const directory = await readRange(source, end.offset, end.size, 'the directory')
  const view = viewOf(directory)
  const entries = new Map<string, ZipEntry>()
  let place = 0
  for (let index = 0; index < end.count; index++) {
    const at = end.offset + place
    if (place + 46 > directory.length || view.getUint32(place, true) !== 0x02014b50) {
      fail(`entry ${index} of the directory is missing or no entry`, at)
    }
    const nameLength = view.getUint16(place + 28, true)
    const extraLength = view.getUint16(place + 30, true)
    const next = place + 46 + nameLength + extraLength + view.getUint16(place + 32, true)
    if (next > directory.length) fail(`entry ${index} of the directory is cut off`, at)
    const name = new TextDecoder().decode(directory.subarray(place + 46, place + 46 + nameLength))
    const method = view.getUint16(place + 10, true)
    if (view.getUint16(place + 8, true) & 1) fail(`entry '${name}' is encrypted`, at)
    if (method !== STORED && method !== DEFLATED) {
      fail(`entry '${name}' is packed by method ${method}; only stored and deflated are read`, at)
    }
    const extra = place + 46 + nameLength
    const [size, storedSize, headerOffset] = zip64Values(
      view,
      [
        view.getUint32(place + 24, true),
        view.getUint32(place + 20, true),
        view.getUint32(place + 42, true),
      ],
      extra,
      extra + extraLength,
    ) as [number, number, number]
    if (method === STORED && size !== storedSize) {
      fail(`entry '${name}' is stored and claims two sizes, ${storedSize} and ${size}`, at)
    }
    if (headerOffset + 30 + storedSize > end.offset) {
      fail(`entry '${name}' of ${storedSize} bytes at ${headerOffset} runs into the directory`, at)
    }
    if (entries.has(name)) fail(`entry '${name}' is there twice`, at)
    entries.set(name, {
      name,
      offset: headerOffset,
      storedSize,
      size,
      isDeflated: method === DEFLATED,
      crc32: view.getUint32(place + 16, true),
    })
    place = next
  }
  if (place !== directory.length) {
    fail(`the directory has more entries than the ${end.count} it claims`, end.offset + place)
  }
  await findData(source, entries, end.offset)
  return entries
}

/** From the entries' local headers to their data, checking that no two entries share a byte. */
async function findData(
  source: RangeSource,
  entries: ReadonlyMap<string, ZipEntry>,
  directoryOffset: number,
): Promise<void> {
  const inOrder = [...entries.values()].sort((a, b) => a.offset - b.offset)
  const headers = windowed(source)
  for (const [index, entry] of inOrder.entries()) {
    const at = entry.offset
    const header = viewOf(await readRange(headers, at, 30, `the header of entry '${entry.name}'`))
    const fail = (why: string): never => {
      throw new CheckpointError(`entry '${entry.name}' ${why}`, { path: source.path, offset: at })
    }
    if (header.getUint32(0, true) !== 0x04034b50) fail('has no header where the directory says')
    entry.offset = at + 30 + header.getUint16(26, true) + header.getUint16(28, true)
    const limit = inOrder[index + 1]?.offset ?? directoryOffset
    if (entry.offset + entry.storedSize > limit) fail('overlaps what comes after it')
  }
}

/** Replaces sizes and offsets of 0xffffffff by their 64-bit values, which the extra field holds in order. */
function zip64Values(view: DataView, values: number[], start: number, end: number): number[] {
  if (!values.includes(0xffffffff)) return values
  for (let place = start; place + 4 <= end; ) {
    const length = view.getUint16(place + 2, true)
    if (view.getUint16(place, true) === 1) {
      let value = place + 4
      return values.map((short) => {
        if (short !== 0xffffffff || value + 8 > Math.min(end, place + 4 + length)) return short
        value += 8
        return Number(view.getBigUint64(value - 8, true))
      })
    }
    place += 4 + length
  }
  return values
}

async function readEnd(source: RangeSource) {
  const { size, path } = source
  const length = Math.min(size, LARGEST_END)
  const tail = await readRange(source, size - length, length, 'the end of the archive')
  const view = viewOf(tail)
  for (let place = length - END_SIZE; place >= 0; place--) {
    if (view.getUint32(place, true) !== 0x06054b50) continue
    if (place + END_SIZE + view.getUint16(place + 20, true) !== length) continue
    const at = size - length + place
    const end = {
      place: at,
      count: view.getUint16(place + 10, true),
      size: view.getUint32(place + 12, true),
      offset: view.getUint32(place + 16, true),
    }
    if (view.getUint16(place + 4, true) !== 0 && view.getUint16(place + 4, true) !== 0xffff) {
      throw new CheckpointError('an archive in several parts', { path, offset: at })
    }
    const hasZip64 = at >= 20 && place >= 20 && view.getUint32(place - 20, true) === 0x07064b50
    return hasZip64 ? readZip64End(source, view, place - 20, at) : end
  }
  throw new CheckpointError(
    'truncated, or no zip archive: it begins as one and its directory is missing',
    { path, offset: size },
  )
}

async function readZip64End(source: RangeSource, view: DataView, locator: number, place: number) {
  const at = Number(view.getBigUint64(locator + 8, true))
  const record = viewOf(await readRange(source, at, 56, 'the zip64 end of the archive'))
  if (record.getUint32(0, true) !== 0x06064b50) {
    throw new CheckpointError('the zip64 end of the archive is not where it should be', {
      path: source.path,
      offset: at,
    })
  }
  const number = (offset: number) => Number(record.getBigUint64(offset, true))
  return { place: Math.min(place, at), count: number(32), size: number(40), offset: number(48) }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
