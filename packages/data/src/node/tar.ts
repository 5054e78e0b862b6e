// The files of a tar archive and where their bytes lie, with GNU's and pax's additions: long names, binary sizes,
// hard and symbolic links within the archive, sparse files in all four ways of writing them. Only headers are read.
// The rules are those of POSIX.1-1988 (ustar), POSIX.1-2001 (pax) and GNU tar's manual; Python's tarfile, which
// WebDataset reads with, agrees.

import { open } from 'node:fs/promises'
import { posix } from 'node:path'
import { createGunzip } from 'node:zlib'
import { nameOfBytes, shownPath, systemPath } from './file-names.ts'

/** A file in an archive. */
export interface TarEntry {
  readonly name: string
  /** Its bytes in the archive; of a sparse file those that are not zero. */
  readonly start: number
  readonly length: number
  readonly sparse?: SparseMap
}

/** Pieces of a sparse file, one behind the other in the archive, each with its place in the file. */
interface SparseMap {
  readonly size: number
  readonly pieces: readonly (readonly [offset: number, length: number])[]
}

/** What an archive holds. */
export interface TarContents {
  readonly entries: readonly TarEntry[]
  /** Names of what is neither file nor folder, and of links that lead nowhere. */
  readonly others: readonly string[]
  /** What a person should know: the end mark is missing, or something stands behind it. */
  readonly warnings: readonly string[]
}

/** An archive's bytes, wherever they are. */
export interface TarFile {
  readonly path: string
  readonly size: number
  /** Whether it was unpacked: its pictures cannot be read from the file then. */
  readonly isUnpacked: boolean
  read(start: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

const BLOCK = 512
/** Long names, pax headers, maps of sparse files and labels are no longer than this. */
export const MOST_SMALL_BYTES = 1 << 20
/** Sparse files are put together in memory. */
const MOST_SPARSE_BYTES = 1 << 26
/** Archives packed with gzip are held unpacked. */
const MOST_UNPACKED_BYTES = 2 ** 30
/** Links and folders and devices have no bytes, whatever their header says. */
const withoutData = new Set(['1', '2', '3', '4', '5', '6'])

/** Opens an archive; one packed with gzip is unpacked to memory. @throws Error, one line with the path */
export async function openTar(path: string): Promise<TarFile> {
  const file = await open(systemPath(path))
  const { size } = await file.stat()
  const read = async (start: number, length: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start)
    return buffer.subarray(0, bytesRead)
  }
  const start = await read(0, 6)
  const packed = packings.find(({ magic }) => start.subarray(0, magic.length).equals(magic))
  if (!packed) return { path, size, isUnpacked: false, read, close: () => file.close() }
  await file.close()
  if (packed.name !== 'gzip') {
    throw new Error(
      `${shownPath(path)}: is packed with ${packed.name}, which is not read; unpack it with ${packed.command}`,
    )
  }
  const bytes = await unpacked(path)
  return {
    path,
    size: bytes.length,
    isUnpacked: true,
    read: async (from, length) => bytes.subarray(from, from + length),
    close: async () => {},
  }
}

const packings = [
  { name: 'gzip', magic: Buffer.from([0x1f, 0x8b]), command: 'gunzip' },
  { name: 'bzip2', magic: Buffer.from('BZh'), command: 'bunzip2' },
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), command: 'unxz' },
  { name: 'Zstandard', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), command: 'unzstd' },
]

async function unpacked(path: string): Promise<Buffer> {
  const file = await open(systemPath(path))
  const pieces: Buffer[] = []
  let length = 0
  try {
    const stream = file.createReadStream()
    const gunzip = createGunzip()
    stream.on('error', (error) => gunzip.destroy(error))
    for await (const piece of stream.pipe(gunzip)) {
      length += piece.length
      if (length > MOST_UNPACKED_BYTES) break
      pieces.push(piece)
    }
  } catch (cause) {
    const reason = (cause as Error).message
    throw new Error(`${shownPath(path)}: cannot be unpacked (${reason}); get it anew`, { cause })
  } finally {
    await file.close()
  }
  if (length > MOST_UNPACKED_BYTES) {
    throw new Error(
      `${shownPath(path)}: is more than ${MOST_UNPACKED_BYTES} bytes when unpacked, which is done in memory; unpack it with gunzip`,
    )
  }
  return Buffer.concat(pieces)
}

/** Whether a file begins as an archive, packed or not. */
export async function isTar(path: string): Promise<boolean> {
  const file = await open(systemPath(path))
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    if (bytesRead === BLOCK && (hasChecksum(buffer) || isZero(buffer))) return true
    // gzip packs anything; an archive is called so.
    const isPacked = packings.some(({ magic }) => buffer.subarray(0, magic.length).equals(magic))
    return isPacked && tarName.test(path)
  } finally {
    await file.close()
  }
}

/** Names of archives. */
export const tarName = /\.(tar(\.(gz|bz2|xz|zst))?|tgz|tbz2?|txz|tzst)$/i

/** Walks the headers. @throws Error, one line with the path and the byte, where they are damaged or cut off */
export async function readTar(file: TarFile): Promise<TarContents> {
  const { size } = file
  const path = shownPath(file.path)
  const entries: TarEntry[] = []
  const others: string[] = []
  const warnings: string[] = []
  const byName = new Map<string, TarEntry>()
  const links: { name: string; target: string }[] = []
  const global = new Map<string, string>()
  let next: Extension = { pax: new Map(), sparse: [] }
  let at = 0
  let ended = false
  let extensionAt = 0
  while (at < size) {
    if (at + BLOCK > size) throw cutOff(path, `the header at byte ${at}`, at + BLOCK, size)
    const header = await file.read(at, BLOCK)
    if (isZero(header)) {
      ended = true
      break
    }
    const type = String.fromCharCode(header[156]!)
    const stored = octal(header, 124, 12)
    if (!hasChecksum(header) || Number.isNaN(stored)) {
      throw new Error(`${path}: is no tar file at byte ${at}; it is damaged, get it anew`)
    }
    const isExtension = ['L', 'K', 'x', 'g', 'X'].includes(type)
    const pax = (key: string) => next.pax.get(key) ?? global.get(key)
    const paxSize = isExtension ? undefined : pax('size')
    const length = withoutData.has(type)
      ? 0
      : paxSize !== undefined && /^\d+$/.test(paxSize)
        ? Number(paxSize)
        : stored
    let start = at + BLOCK
    const end = start + Math.ceil(length / BLOCK) * BLOCK
    if (!(end <= size)) throw cutOff(path, `the file at byte ${at}`, end, size)
    const headerAt = at
    at = end
    if (isExtension) {
      extensionAt = headerAt
      if (length > MOST_SMALL_BYTES) throw new Error(`${path}: has a name of ${length} bytes`)
      const bytes = await file.read(start, length)
      if (type === 'L') next.name = nameOfBytes(untilZero(bytes))
      else if (type === 'K') next.link = nameOfBytes(untilZero(bytes))
      else if (type === 'g') readPax(bytes, path, headerAt, (key, value) => global.set(key, value))
      else {
        readPax(bytes, path, headerAt, (key, value) => {
          next.pax.set(key, value)
          if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
            next.sparse.push(Number(value))
          }
        })
      }
      continue
    }
    const name = pax('GNU.sparse.name') ?? pax('path') ?? next.name ?? headerName(header)
    const target = pax('linkpath') ?? next.link ?? nameOfBytes(untilZero(header.subarray(157, 257)))
    let sparse: SparseMap | undefined
    if (type === 'S') {
      // Its size leaves out the headers that go on with its map.
      const found = await oldSparse(file, header, start)
      start = found.start
      at = start + Math.ceil(length / BLOCK) * BLOCK
      if (at > size) throw cutOff(path, `the file at byte ${headerAt}`, at, size)
      sparse = found.map
    } else if (pax('GNU.sparse.major') === '1') {
      const found = await newSparse(file, start, length, Number(pax('GNU.sparse.realsize')))
      start = found.start
      sparse = found.map
    } else if (pax('GNU.sparse.map') !== undefined || next.sparse.length > 0) {
      const numbers = pax('GNU.sparse.map')?.split(',').map(Number) ?? next.sparse
      sparse = sparseMap(numbers, Number(pax('GNU.sparse.size')))
    }
    next = { pax: new Map(), sparse: [] }
    if (type === '5' || type === 'D' || type === 'V') continue
    if (['0', '\0', '7', 'S'].includes(type)) {
      if (name.endsWith('/')) continue // a folder, in archives from before there was a type for them
      // What the map itself takes is no part of the file.
      const bytes = type === 'S' ? length : headerAt + BLOCK + length - start
      if (sparse === undefined) {
        add({ name, start, length })
      } else if (isSound(sparse, bytes)) {
        add({ name, start, length: bytes, sparse })
      } else {
        others.push(name)
      }
    } else if (type === '1') {
      links.push({ name, target })
    } else if (type === '2') {
      links.push({ name, target: posix.join(posix.dirname(name), target) })
    } else {
      others.push(name)
    }
  }
  if (next.name !== undefined || next.link !== undefined || next.pax.size > 0) {
    throw cutOff(path, `the name at byte ${extensionAt}`, at + BLOCK, size)
  }
  for (const { name, target } of links) {
    const entry = byName.get(posix.normalize(target))
    if (entry) add({ ...entry, name })
    else others.push(name)
  }
  if (!ended && size > 0) {
    warnings.push(`${path}: ends without a tar file's end mark; if it was cut off, get it anew`)
  } else if (ended && !isZero(await file.read(at, 1 << 16))) {
    warnings.push(
      `${path}: goes on behind its end mark at byte ${at}, which is not read; archives that were joined need to be unpacked with tar --ignore-zeros`,
    )
  }
  return { entries, others, warnings }

  function add(entry: TarEntry) {
    entries.push(entry)
    byName.set(posix.normalize(entry.name), entry)
  }
}

/** The bytes of a file; a sparse one's holes filled with zeros. */
export async function readEntry(file: TarFile, entry: TarEntry): Promise<Buffer> {
  const stored = await file.read(entry.start, entry.length)
  if (!entry.sparse) return Buffer.from(stored)
  const bytes = Buffer.alloc(entry.sparse.size)
  let from = 0
  for (const [offset, length] of entry.sparse.pieces) {
    stored.copy(bytes, offset, from, from + length)
    from += length
  }
  return bytes
}

/** What headers before a file's own say of it. */
interface Extension {
  name?: string
  link?: string
  readonly pax: Map<string, string>
  /** Of pax's first way to write sparse files: offset, length, offset, length, … */
  readonly sparse: number[]
}

function cutOff(path: string, what: string, end: number, size: number): Error {
  return new Error(
    `${path}: is cut off: ${what} goes on to ${end}, it ends at ${size}; get it anew`,
  )
}

const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0)

function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

function headerName(header: Buffer): string {
  const text = (start: number, length: number) =>
    nameOfBytes(untilZero(header.subarray(start, start + length)))
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(345, 155) : ''
  return prefix ? `${prefix}/${text(0, 100)}` : text(0, 100)
}

/** Octal digits, or GNU's binary numbers for files of 8 GiB and more. */
function octal(header: Buffer, start: number, length: number): number {
  if (header[start]! & 0x80) return Number(header.readBigUInt64BE(start + length - 8))
  const text = header.toString('latin1', start, start + length).replace(/[\0 ]+/g, '')
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN
}

/** The sum of the header's bytes, which some programs took of signed ones. */
function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 32
  let signed = 8 * 32
  header.forEach((byte, at) => {
    if (at >= 148 && at < 156) return
    sum += byte
    signed += byte > 127 ? byte - 256 : byte
  })
  const stored = octal(header, 148, 8)
  return stored === sum || stored === signed
}

/** Records of a pax header: "length key=value\n", the length that of the whole record in bytes. */
function readPax(
  bytes: Buffer,
  path: string,
  at: number,
  use: (key: string, value: string) => void,
): void {
  for (let start = 0; start < bytes.length && bytes[start] !== 0; ) {
    const space = bytes.indexOf(0x20, start)
    const length = Number(bytes.toString('latin1', start, space < 0 ? start : space))
    const equals = bytes.indexOf(0x3d, space)
    const end = start + length
    const isRecord = length > 0 && space > 0 && equals > space && equals < end
    if (!isRecord || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw new Error(`${path}: has a damaged pax header at byte ${at}; get it anew`)
    }
    const key = bytes.toString('utf8', space + 1, equals)
    use(key, nameOfBytes(bytes.subarray(equals + 1, end - 1)))
    start = end
  }
}

function sparseMap(numbers: readonly number[], size: number): SparseMap {
  const pieces: [number, number][] = []
  for (let at = 0; at + 1 < numbers.length; at += 2) pieces.push([numbers[at]!, numbers[at + 1]!])
  return { size, pieces }
}

/** Whether its pieces lie in the file, in order, and are all there. */
function isSound({ size, pieces }: SparseMap, stored: number): boolean {
  let end = 0
  let sum = 0
  for (const [offset, length] of pieces) {
    if (!(offset >= end && length >= 0)) return false
    end = offset + length
    sum += length
  }
  return end <= size && sum <= stored && size <= MOST_SPARSE_BYTES
}

/** GNU's own format: four pieces in the header, 21 in each that follows. */
async function oldSparse(file: TarFile, header: Buffer, start: number) {
  const numbers: number[] = []
  const take = (block: Buffer, from: number, count: number) => {
    for (let at = from; at < from + count * 24; at += 24) {
      if (block[at] !== 0) numbers.push(octal(block, at, 12), octal(block, at + 12, 12))
    }
  }
  take(header, 386, 4)
  let goesOn = header[482] === 1
  let at = start
  while (goesOn && at + BLOCK <= file.size) {
    const block = await file.read(at, BLOCK)
    take(block, 0, 21)
    goesOn = block[504] === 1
    at += BLOCK
  }
  return { start: at, map: sparseMap(numbers, octal(header, 483, 12)) }
}

/** pax's last format: before the bytes stands a list of numbers, a line each, its own length first. */
async function newSparse(file: TarFile, start: number, length: number, size: number) {
  const text = (await file.read(start, Math.min(length, MOST_SMALL_BYTES))).toString('latin1')
  const lines = text.split('\n', 2 + 2 * (Number(/^\d{1,6}\n/.exec(text)?.[0]) || 0))
  const count = Number(lines[0])
  const numbers = lines.slice(1, 1 + 2 * count).map(Number)
  const bytes = lines.slice(0, 1 + 2 * count).reduce((sum, line) => sum + line.length + 1, 0)
  return { start: start + Math.ceil(bytes / BLOCK) * BLOCK, map: sparseMap(numbers, size) }
}
