// The door to every format: looks at a file's first bytes, and opens it by what it is, whatever it is
// called. `openCheckpoint` leaves the tensors in the file until they are asked for; `readCheckpoint`
// reads them all.

import { openCaffe } from './caffe.ts'
import type { Crc32 } from './crc32.ts'
import { loadCost } from './elements.ts'
import { CheckpointError } from './error.ts'
import { JsonReader, type JsonValue } from './json.ts'
import { isNpz, openNpy, openNpz, startsAsNpy } from './npy.ts'
import { openOnnx } from './onnx/read.ts'
import { openSource } from './open-source.ts'
import { withPlainNames } from './plain-names.ts'
import { ProtobufReader } from './protobuf.ts'
import { openTorchLegacy, startsAsLegacy } from './pytorch/legacy.ts'
import { openTorchTar, startsAsTar } from './pytorch/tar.ts'
import { openTorchZip, torchRoot } from './pytorch/zip.ts'
import { openSafetensors } from './safetensors.ts'
import { isShardList, openShardList } from './shards.ts'
import { type CheckpointSource, type RangeSource, readRange, type SourceOptions } from './source.ts'
import type { Checkpoint, LazyTensor, NamedTensor, OpenCheckpoint } from './tensor.ts'
import { isModelJson, openModelJson } from './tfjs.ts'
import { type InflateRaw, ZipArchive } from './zip.ts'

/** How to read a checkpoint. */
export interface ReadOptions extends SourceOptions {
  /** False leaves quantised tensors as int8, their scales beside them. Default true: float32. */
  dequantize?: boolean
  /** False passes over the checksums of zip entries. Default true. */
  verify?: boolean
  /**
   * Most bytes that the tensors may take in memory altogether, so that a small file cannot claim gigabytes.
   * Default: 8 times the file, with those that belong to it, and 64 MiB.
   */
  maxBytes?: number
  /** CRC-32 of zip entries. Default: one in JavaScript. */
  crc32?: Crc32
  /** Unpacks deflated zip entries. Default: the platform's streams. */
  inflate?: InflateRaw
}

/** Tensors that are on their way at the same time, as a disk or a server answers several as soon as one. */
const LOADED_AT_ONCE = 4

/** Largest JSON file (a model.json with its topology, a list of shards). */
const LARGEST_JSON = 32 * 1024 * 1024

/**
 * Opens a checkpoint; its tensors are read on demand, one at a time.
 *
 * PyTorch (zip, the older format, the oldest tar), safetensors, .npz, .npy, ONNX, .caffemodel, TensorFlow.js'
 * model.json and this package's shard lists, recognised by content. Nothing in a file is executed.
 *
 * @throws CheckpointError when it is of no known format or broken: with the byte offset where there is one.
 */
export async function openCheckpoint(
  source: CheckpointSource,
  options: ReadOptions = {},
): Promise<OpenCheckpoint> {
  const opened = await openSource(source, options)
  try {
    const { checkpoint, fileBytes, unpackedBytes = 0 } = await openByContent(opened, options)
    requireBounded(checkpoint, {
      path: opened.path,
      fileBytes,
      unpackedBytes,
      maxBytes: options.maxBytes ?? boundOf(fileBytes),
    })
    return withPlainNames(checkpoint)
  } catch (error) {
    await opened.close?.()
    throw asCheckpointError(error, opened)
  }
}

/**
 * Reads a whole checkpoint.
 *
 * @param source bytes (the tensors are views into them where they can be, so they must not be changed
 *   afterwards), a Blob or File, a URL, or a source with `size` and `read`.
 * @returns every tensor, row-major; float16 and bfloat16 widened to float32. Names for the same elements
 *   share one array.
 * @throws CheckpointError as {@link openCheckpoint}.
 */
export async function readCheckpoint(
  source: CheckpointSource,
  options: ReadOptions = {},
): Promise<Checkpoint> {
  const opened = await openCheckpoint(source, options)
  try {
    const loaded = new Map<LazyTensor, NamedTensor>()
    const all = new Set(opened.tensors.values())
    // Spans of strided tensors are read whole and mostly thrown away: one of them at a time is enough memory.
    const atOnce = [...all].some((tensor) => loadCost(tensor).read > 0) ? 1 : LOADED_AT_ONCE
    const waiting = all.values()
    const load = async () => {
      for (const lazy of waiting) {
        const { dtype, shape } = lazy
        loaded.set(lazy, { dtype, shape, data: await lazy.load() })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, load))
    const tensors = new Map<string, NamedTensor>()
    for (const [name, lazy] of opened.tensors) tensors.set(name, loaded.get(lazy)!)
    return { format: opened.format, tensors, metadata: opened.metadata }
  } finally {
    await opened.close()
  }
}

/** A checkpoint, and what it is in bytes. */
interface Opened {
  checkpoint: OpenCheckpoint
  /** Of all its files together. */
  fileBytes: number
  /** What packed parts of it unpack to. */
  unpackedBytes?: number
}

/** Most bytes that the tensors of a file may take. */
const boundOf = (fileBytes: number) => 8 * fileBytes + 64 * 1024 * 1024

async function openByContent(source: RangeSource, options: ReadOptions): Promise<Opened> {
  if (source.size === 0) throw new CheckpointError('the file is empty', { path: source.path })
  const start = await readRange(source, 0, Math.min(512, source.size), 'the first bytes')
  const begins = (...bytes: number[]) => bytes.every((byte, index) => start[index] === byte)
  if (begins(0x50, 0x4b, 3, 4) || begins(0x50, 0x4b, 5, 6)) return openZip(source, options)
  const counted = countingSiblings(source)
  const checkpoint = await openPlain(counted.source, start, options)
  if (checkpoint) return { checkpoint, fileBytes: counted.bytes() }
  if (/^\s*\{/.test(new TextDecoder().decode(start.subarray(0, 64)))) {
    return openJson(source, options)
  }
  const protobuf = await openProtobuf(counted.source, options)
  if (protobuf) return { checkpoint: protobuf, fileBytes: counted.bytes() }
  throw new CheckpointError(
    `${unknownKind(start)}; PyTorch, safetensors, .npz, .npy, ONNX, .caffemodel and TensorFlow.js' model.json are read`,
    { path: source.path, offset: 0 },
  )
}

/** Formats that are known by their first bytes, and are neither archives nor lists. */
async function openPlain(
  source: RangeSource,
  start: Uint8Array,
  options: ReadOptions,
): Promise<OpenCheckpoint | undefined> {
  if (startsAsLegacy(start)) return openTorchLegacy(source)
  if (startsAsTar(start)) return openTorchTar(source)
  if (startsAsNpy(start)) return openNpy(source)
  const isSafetensors = start[8] === 0x7b && isHeaderLength(start, source.size)
  return isSafetensors ? openSafetensors(source, options) : undefined
}

/** A source that counts its own bytes and those of the files beside it that were opened. */
function countingSiblings(source: RangeSource): { source: RangeSource; bytes: () => number } {
  const { size, path, sibling } = source
  let bytes = size
  const counted: RangeSource = {
    size,
    path,
    read: (offset, length) => source.read(offset, length),
    close: async () => source.close?.(),
  }
  if (sibling) {
    counted.sibling = async (name) => {
      const file = await sibling.call(source, name)
      bytes += file.size
      return file
    }
  }
  return { source: counted, bytes: () => bytes }
}

function isHeaderLength(start: Uint8Array, size: number): boolean {
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  // A claim past the end is still safetensors', cut off, if it is of a plausible size.
  return start.length > 8 && Number(view.getBigUint64(0, true)) <= Math.max(size, 100_000_000)
}

function unknownKind(start: Uint8Array): string {
  const begins = (text: string) => [...text].every((letter, i) => start[i] === letter.charCodeAt(0))
  if (begins('<')) return 'this is a web page, not a checkpoint: was it a download that failed?'
  if (begins('version https://git-lfs')) {
    return 'this is a Git LFS pointer, not the file: fetch it with git lfs pull'
  }
  const isTflite = new TextDecoder().decode(start.subarray(4, 8)) === 'TFL3'
  if (isTflite) return 'this is a .tflite file (LiteRT), which is written here and not read'
  if (begins('\x89HDF')) return 'this is an HDF5 file (Keras), which is not read'
  if (start[0] === 0x1f && start[1] === 0x8b) return 'this is a gzip file: unpack it first'
  if (start[0] === 0x80) return 'this is a pickle that torch.save did not write'
  return 'this is no checkpoint of a known format'
}

async function openZip(source: RangeSource, options: ReadOptions): Promise<Opened> {
  const { crc32, inflate, verify, maxBytes = boundOf(source.size) } = options
  const archive = await ZipArchive.open(source, { crc32, inflate, verify, maxBytes })
  const root = torchRoot(archive)
  if (root === undefined && !isNpz(archive)) {
    const names = [...archive.entries.keys()].slice(0, 5).join(', ')
    throw new CheckpointError(
      `a zip archive that is neither PyTorch's nor NumPy's: it holds ${names || 'nothing'}`,
      { path: source.path },
    )
  }
  const checkpoint = root === undefined ? await openNpz(archive) : await openTorchZip(archive, root)
  return { checkpoint, fileBytes: source.size, unpackedBytes: archive.unpackedBytes }
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** What is read of a JSON file; a model's topology, the most of it, is stepped over. */
const jsonKeys = ['weightsManifest', 'format', 'generatedBy', 'userDefinedMetadata', 'shards']

async function openJson(source: RangeSource, options: ReadOptions): Promise<Opened> {
  const { path, size } = source
  if (size > LARGEST_JSON) {
    throw new CheckpointError(`a JSON file of ${size} bytes is no list of weights`, { path })
  }
  const text = await readRange(source, 0, size, 'the JSON')
  const bytes = BYTE_ORDER_MARK.every((byte, i) => text[i] === byte) ? text.subarray(3) : text
  const reader = new JsonReader(bytes, (why, offset) => {
    throw new CheckpointError(`it begins as JSON and is not, or is cut off: ${why}`, {
      path,
      offset,
    })
  })
  const json: Record<string, JsonValue> = {}
  reader.object((key) => {
    if (jsonKeys.includes(key)) json[key] = reader.value()
    else reader.skip()
  })
  reader.end()
  if (isModelJson(json)) {
    const counted = countingSiblings(source)
    return { checkpoint: await openModelJson(json, counted.source), fileBytes: counted.bytes() }
  }
  if (isShardList(json)) {
    const joined = await openShardList(json, source)
    const opened = await openByContent(joined, options)
    return { ...opened, fileBytes: opened.fileBytes + size }
  }
  throw new CheckpointError('a JSON file that is neither a model.json nor a list of shards', {
    path,
  })
}

/** ONNX and Caffe, which have no mark of their own: told apart by the fields of their outermost message. */
async function openProtobuf(
  source: RangeSource,
  options: ReadOptions,
): Promise<OpenCheckpoint | undefined> {
  const reader = new ProtobufReader(source)
  let format: 'onnx' | 'caffe' | undefined
  try {
    for await (const { number, wireType } of reader.fields(0, source.size)) {
      if (number === 7 && wireType === 2) format ??= 'onnx'
      if ((number === 100 || number === 2) && wireType === 2 && !format) {
        // ONNX's field 2 is the producer's name, before the graph; its first field is a number.
        format = number === 100 || (await firstKind(source)) === 2 ? 'caffe' : undefined
      }
      if (number > 200 || number === 0) return undefined
    }
  } catch (error) {
    if (format === undefined) return undefined
    throw error
  }
  if (format === 'onnx') return openOnnx(source, options)
  return format === 'caffe' ? openCaffe(source) : undefined
}

async function firstKind(source: RangeSource): Promise<number> {
  return (await readRange(source, 0, 1, 'the first byte'))[0]! & 7
}

/** A small file may not take a large memory, nor be read over and over. */
function requireBounded(
  { tensors }: OpenCheckpoint,
  sizes: { path?: string | undefined; fileBytes: number; unpackedBytes: number; maxBytes: number },
): void {
  const { path, fileBytes, unpackedBytes, maxBytes } = sizes
  let total = unpackedBytes
  let read = 0
  for (const tensor of new Set(tensors.values())) {
    const cost = loadCost(tensor)
    total += cost.own
    read += cost.read
  }
  const most = Math.max(total, read)
  if (most <= maxBytes) return
  const what = total >= read ? 'its tensors would take' : 'to read its tensors would mean to read'
  throw new CheckpointError(
    `${what} ${most} bytes, a file of ${fileBytes} may have ${maxBytes} (raise maxBytes if that is right)`,
    { path },
  )
}

/** Reading beyond what JavaScript can hold gives a RangeError somewhere; it is the file's fault. */
function asCheckpointError(error: unknown, { path }: RangeSource): unknown {
  if (!(error instanceof RangeError)) return error
  return new CheckpointError(`it is broken: ${error.message}`, { path, cause: error })
}
