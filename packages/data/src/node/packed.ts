// This project's packed format: the pictures of a data set in one file, made small once, as raw pixels
// (no decoding at all when they are read) or as JPEG. A file is
//
// "ALEXPACK", then little-endian: uint32 version (2), uint32 CRC-32 of the index, uint64 index start, uint64 index length
// the pictures, one behind the other
// the index: JSON, see `PackIndex`
//
// The index has a CRC-32 of every picture, so that a bit that is turned over anywhere is found when it is read.
// Version 1 had no check sums (zero in place of the index's) and is read as ever.
//
// It is written under another name and takes its own when it is whole.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import { Hash } from '../hash.ts'
import { type Picture, PictureError } from '../picture.ts'
import type { PictureSource } from '../picture-source.ts'
import { resample } from '../resample.ts'
import { loadSource } from '../sources.ts'
import { resizedSize } from '../transforms/resize.ts'
import { encodeJpeg } from './decode.ts'
import { nodePlatform } from './platform.ts'

const MAGIC = 'ALEXPACK'
const VERSION = 2
const HEADER_BYTES = 32
const EXTENSION = '.alexpack'

/** How the pictures of a packed file are stored. */
export type PackEncoding = 'raw' | 'jpeg'

/** What stands at the end of a packed file; lists have an entry a picture. */
interface PackIndex {
  name: string
  split?: Split
  classes: string[]
  encoding: PackEncoding
  labels: number[]
  widths: number[]
  heights: number[]
  lengths: number[]
  /** CRC-32 of each picture's bytes; none in version 1. */
  checksums?: number[]
  paths: string[]
  fingerprint: string
}

/** Options of `packDataset`. */
export interface PackOptions {
  /** Pixels of the shorter side; smaller pictures stay as they are. Default 256. */
  size?: number
  /** Default `raw`. */
  encoding?: PackEncoding
  /** Of JPEG, 1 to 100. Default 95. */
  quality?: number
  /**
   * Gives the pictures as `packPicture` made them, elsewhere or before, in their order, one for each of the data set.
   * Default: they are made here.
   */
  prepared?: AsyncIterable<PackedPicture | PictureError>
  /** `stop` (the default) at a picture that cannot be used, or `skip` it. */
  onBroken?: 'stop' | 'skip'
  /** Told after each picture. */
  onProgress?: (done: number, total: number) => void
  /** Ends the work; nothing is left of the file. */
  signal?: AbortSignal
}

/** A picture as it lies in a packed file. */
export interface PackedPicture {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
}

/** One picture of a data set as `packDataset` stores it, or why it cannot be used. */
export async function packPicture(
  dataset: Dataset,
  at: number,
  { size = 256, encoding = 'raw', quality = 95 }: PackOptions = {},
): Promise<PackedPicture | PictureError> {
  try {
    const picture = shrink(await dataset.load(at), size)
    const bytes = encoding === 'raw' ? picture.data : await encodeJpeg(picture, quality)
    return { width: picture.width, height: picture.height, bytes }
  } catch (error) {
    if (error instanceof PictureError) return error
    throw error
  }
}

/** What `packDataset` did. */
export interface PackResult {
  readonly pictures: number
  readonly bytes: number
  readonly skipped: readonly PictureError[]
}

/**
 * Writes a data set to a packed file.
 * @throws PictureError of a picture that cannot be used, unless they are skipped.
 */
export async function packDataset(
  dataset: Dataset,
  path: string,
  options: PackOptions = {},
): Promise<PackResult> {
  const { size = 256, encoding = 'raw', quality = 95, onBroken = 'stop', signal } = options
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`pack: size must be a positive whole number of pixels, not ${size}`)
  }
  const skipped: PictureError[] = []
  const index: PackIndex = {
    name: dataset.name,
    ...(dataset.split && { split: dataset.split }),
    classes: [...dataset.classes],
    encoding,
    labels: [],
    widths: [],
    heights: [],
    lengths: [],
    checksums: [],
    paths: [],
    fingerprint: '',
  }
  await mkdir(dirname(path), { recursive: true })
  // A name that nobody can have prepared a link under.
  const temporary = `${path}.part-${randomBytes(6).toString('hex')}`
  const file = await open(temporary, 'wx')
  try {
    let end = HEADER_BYTES
    const hash = new Hash()
      .add(await dataset.fingerprint())
      .addNumber(size)
      .add(encoding)
    hash.addNumber(encoding === 'jpeg' ? quality : 0)
    let at = -1
    for await (const picture of options.prepared ?? inOrder(dataset, options, signal)) {
      at += 1
      if (picture instanceof PictureError) {
        if (onBroken === 'stop') throw picture
        skipped.push(picture)
      } else {
        const { bytes } = picture
        await file.write(bytes, 0, bytes.length, end)
        end += bytes.length
        index.labels.push(dataset.label(at))
        index.widths.push(picture.width)
        index.heights.push(picture.height)
        index.lengths.push(bytes.length)
        index.checksums!.push(crc32(bytes))
        index.paths.push(dataset.path(at))
        hash.addNumber(at)
      }
      options.onProgress?.(at + 1, dataset.length)
    }
    if (index.labels.length === 0) throw new Error(`${dataset.name}: has no picture to pack`)
    index.fingerprint = hash.digest()
    const text = Buffer.from(JSON.stringify(index))
    await file.write(text, 0, text.length, end)
    const header = Buffer.alloc(HEADER_BYTES)
    header.write(MAGIC, 'latin1')
    header.writeUInt32LE(VERSION, 8)
    header.writeUInt32LE(crc32(text), 12)
    header.writeBigUInt64LE(BigInt(end), 16)
    header.writeBigUInt64LE(BigInt(text.length), 24)
    await file.write(header, 0, HEADER_BYTES, 0)
    await file.sync()
    await file.close()
    await rename(temporary, path)
    return { pictures: index.labels.length, bytes: end + text.length, skipped }
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}

/** The pictures in their order, made small; a few are loaded ahead. */
async function* inOrder(dataset: Dataset, options: PackOptions, signal: AbortSignal | undefined) {
  const ahead: ReturnType<typeof packPicture>[] = []
  let next = 0
  try {
    for (let at = 0; at < dataset.length; at++) {
      signal?.throwIfAborted()
      while (next < dataset.length && next < at + 4) {
        ahead.push(packPicture(dataset, next++, options))
      }
      yield await ahead.shift()!
    }
  } finally {
    await Promise.allSettled(ahead)
  }
}

function shrink(picture: Picture, size: number): Picture {
  if (Math.min(picture.width, picture.height) <= size) return picture
  return resample(picture, resizedSize(picture, size))
}

/**
 * Opens a packed file.
 * @throws Error, one line with the path, where it is none, is cut off, or of a later version.
 */
export async function packed(path: string): Promise<Dataset> {
  const index = await readIndex(path)
  const { classes, labels, widths, heights, lengths, checksums, paths, name, split } = index
  const starts = new Float64Array(lengths.length)
  for (let at = 1; at < starts.length; at++) starts[at] = starts[at - 1]! + lengths[at - 1]!
  const check = (index: number) => checkIndex(index, labels.length, path)
  const pathOf = (index: number) => `${path}#${paths[check(index)]!}`
  // A picture is held against its check sum when it is first read: the sum takes a tenth of the time of reading it.
  const found = new Uint8Array(new SharedArrayBuffer(labels.length))
  const part = (index: number) => ({
    path,
    start: HEADER_BYTES + starts[check(index)]!,
    checksum:
      checksums && !found[index] ? { crc32: checksums[index]!, found, at: index } : undefined,
  })
  const source = (at: number): PictureSource =>
    index.encoding === 'jpeg'
      ? { kind: 'file', ...part(at), length: lengths[at]! }
      : { kind: 'pixelFile', ...part(at), width: widths[at]!, height: heights[at]! }
  return {
    name,
    classes,
    length: labels.length,
    split,
    label: (index) => labels[check(index)]!,
    source,
    load: async (index) => loadSource(source(index), nodePlatform, { path: pathOf(index) }),
    path: pathOf,
    async fingerprint() {
      // The check sums stand for the pictures, which are held against them when they are read.
      if (!checksums) return index.fingerprint
      const hash = new Hash().add(index.fingerprint)
      for (const checksum of checksums) hash.addNumber(checksum)
      return hash.digest()
    },
  }
}

async function readIndex(path: string): Promise<PackIndex> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer: header } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    if (header.toString('latin1', 0, 8) !== MAGIC) {
      throw new Error(`${path}: is no packed data set; make one with: alexnet pack DATASET OUT`)
    }
    const version = header.readUInt32LE(8)
    if (version !== 1 && version !== VERSION) {
      throw new Error(
        `${path}: is of version ${version}, this program reads 1 and ${VERSION}; use a later program or pack anew`,
      )
    }
    const start = Number(header.readBigUInt64LE(16))
    const length = Number(header.readBigUInt64LE(24))
    if (start + length !== size || length > 2 ** 31) {
      throw new Error(
        `${path}: has ${size} bytes, its header says ${start + length}; it is cut off, pack anew`,
      )
    }
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, start)
    if (header.readUInt32LE(12) !== (version === 1 ? 0 : crc32(buffer))) {
      throw new Error(`${path}: its index is damaged, for its check sum does not fit; pack anew`)
    }
    return checkedIndex(JSON.parse(buffer.toString('utf8')) as PackIndex, version, start, path)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error(`${path}: its index is damaged (${error.message}); pack anew`, { cause: error })
  } finally {
    await file.close()
  }
}

/** Files come from anywhere: what is read from places in them is held against their size. */
function checkedIndex(index: PackIndex, version: number, end: number, path: string): PackIndex {
  const { classes, labels, widths, heights, lengths, checksums, paths, encoding } = index ?? {}
  const lists = [labels, widths, heights, lengths, paths, ...(version === 1 ? [] : [checksums])]
  const isWhole =
    Array.isArray(classes) &&
    Array.isArray(labels) &&
    [[index.name], classes, paths ?? []].every(
      (list) => Array.isArray(list) && list.every((text) => typeof text === 'string'),
    ) &&
    lists.every((list) => Array.isArray(list) && list.length === labels.length) &&
    ['raw', 'jpeg'].includes(encoding) &&
    labels.every((label) => Number.isInteger(label) && label >= 0 && label < classes.length) &&
    lengths.every((length) => Number.isInteger(length) && length > 0) &&
    (encoding === 'jpeg' ||
      lengths.every((length, at) => length === widths[at]! * heights[at]! * 3))
  if (!isWhole || lengths.reduce((sum, length) => sum + length, HEADER_BYTES) !== end) {
    throw new Error(`${path}: its index does not fit its pictures; pack anew`)
  }
  return index
}

/** The name of the file that holds a part in a folder of packed files. */
export function packedName(split: Split | undefined): string {
  return `${split ?? 'pictures'}${EXTENSION}`
}

/** The packed file that `path` is, or that holds the asked-for part in the folder `path`. */
export async function findPacked(path: string, split: Split): Promise<string | undefined> {
  const kind = await stat(path).catch(() => undefined)
  if (kind?.isFile()) {
    const file = await open(path)
    try {
      const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0)
      return buffer.toString('latin1') === MAGIC ? path : undefined
    } finally {
      await file.close()
    }
  }
  if (!kind?.isDirectory()) return undefined
  const entries = await readdir(path, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => name.toLowerCase().endsWith(EXTENSION) && !name.startsWith('.'))
  if (names.length === 0) return undefined
  // What is asked for, what stands in for it, and a set that is not divided.
  const standIn = { train: [], validation: ['test'], test: ['validation'] } as const
  for (const part of [split, ...standIn[split], undefined]) {
    const found = names.find((name) => name.toLowerCase() === packedName(part))
    if (found !== undefined) return join(path, found)
  }
  throw new Error(
    `${path}: has ${names.join(', ')} but no ${packedName(split)}; pack the ${split} part, too`,
  )
}
