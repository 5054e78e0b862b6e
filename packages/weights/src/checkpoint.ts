// The door to every format: looks at a file's first bytes, and opens it by what it is, whatever it is
// called. `openCheckpoint` leaves the tensors in the file until they are asked for; `readCheckpoint`
// reads them all.

import { openCaffe } from './caffe.ts'
import type { Crc32 } from './crc32.ts'
import { CheckpointError } from './error.ts'
import { isNpz, openNpz } from './npy.ts'
import { openOnnx } from './onnx/read.ts'
import { ProtobufReader } from './protobuf.ts'
import { openTorchLegacy, startsAsLegacy } from './pytorch/legacy.ts'
import { openTorchTar, startsAsTar } from './pytorch/tar.ts'
import { openTorchZip, torchRoot } from './pytorch/zip.ts'
import { openSafetensors } from './safetensors.ts'
import { isShardList, openShardList } from './shards.ts'
import {
  type CheckpointSource,
  openSource,
  type RangeSource,
  readRange,
  type SourceOptions,
} from './source.ts'
import {
  arrayTypes,
  type Checkpoint,
  elementCount,
  type LazyTensor,
  type NamedTensor,
  type OpenCheckpoint,
} from './tensor.ts'
import { isModelJson, openModelJson } from './tfjs.ts'
import { ZipArchive } from './zip.ts'

/** How to read a checkpoint. */
export interface ReadOptions extends SourceOptions {
  /** False leaves quantised tensors as int8, their scales beside them. Default true: float32. */
  dequantize?: boolean
  /** False passes over the checksums of zip entries. Default true. */
  verify?: boolean
  /**
   * Most bytes that the tensors may take in memory altogether, so that a small file cannot claim gigabytes.
   * Default: 8 times the file and 64 MiB.
   */
  maxBytes?: number
  /** CRC-32 of zip entries. Default: one in JavaScript. */
  crc32?: Crc32
}

/** Largest JSON file (a model.json with its topology, a list of shards). */
const LARGEST_JSON = 32 * 1024 * 1024

/**
 * Opens a checkpoint; its tensors are read on demand, one at a time.
 *
 * PyTorch (zip, the older format, the oldest tar), safetensors, .npz, ONNX, .caffemodel, TensorFlow.js'
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
    const checkpoint = await openByContent(opened, options)
    requireBounded(checkpoint, opened, options.maxBytes)
    return checkpoint
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
    const tensors = new Map<string, NamedTensor>()
    for (const [name, lazy] of opened.tensors) {
      const { dtype, shape } = lazy
      const tensor = loaded.get(lazy) ?? { dtype, shape, data: await lazy.load() }
      loaded.set(lazy, tensor)
      tensors.set(name, tensor)
    }
    return { format: opened.format, tensors, metadata: opened.metadata }
  } finally {
    await opened.close()
  }
}

async function openByContent(source: RangeSource, options: ReadOptions): Promise<OpenCheckpoint> {
  if (source.size === 0) throw new CheckpointError('the file is empty', { path: source.path })
  const start = await readRange(source, 0, Math.min(512, source.size), 'the first bytes')
  const begins = (...bytes: number[]) => bytes.every((byte, index) => start[index] === byte)
  if (begins(0x50, 0x4b, 3, 4) || begins(0x50, 0x4b, 5, 6)) return openZip(source, options)
  if (startsAsLegacy(start)) return openTorchLegacy(source)
  if (startsAsTar(start)) return openTorchTar(source)
  if (start[8] === 0x7b && isHeaderLength(start, source.size)) {
    return openSafetensors(source, options)
  }
  if (/^\s*\{/.test(new TextDecoder().decode(start.subarray(0, 64)))) {
    return openJson(source, options)
  }
  const protobuf = await openProtobuf(source, options)
  if (protobuf) return protobuf
  throw new CheckpointError(
    `${unknownKind(start)}; PyTorch, safetensors, .npz, ONNX, .caffemodel and TensorFlow.js' model.json are read`,
    { path: source.path, offset: 0 },
  )
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
  if (begins('\x89HDF')) return 'this is an HDF5 file (Keras), which is not read'
  if (start[0] === 0x1f && start[1] === 0x8b) return 'this is a gzip file: unpack it first'
  if (start[0] === 0x80) return 'this is a pickle that torch.save did not write'
  return 'this is no checkpoint of a known format'
}

async function openZip(source: RangeSource, options: ReadOptions): Promise<OpenCheckpoint> {
  const archive = await ZipArchive.open(source, { crc32: options.crc32, verify: options.verify })
  const root = torchRoot(archive)
  if (root !== undefined) return openTorchZip(archive, root)
  if (isNpz(archive)) return openNpz(archive)
  const names = [...archive.entries.keys()].slice(0, 5).join(', ')
  throw new CheckpointError(
    `a zip archive that is neither PyTorch's nor NumPy's: it holds ${names || 'nothing'}`,
    { path: source.path },
  )
}

async function openJson(source: RangeSource, options: ReadOptions): Promise<OpenCheckpoint> {
  const { path, size } = source
  if (size > LARGEST_JSON) {
    throw new CheckpointError(`a JSON file of ${size} bytes is no list of weights`, { path })
  }
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(await readRange(source, 0, size, 'the JSON')))
  } catch (cause) {
    throw new CheckpointError('it begins as JSON and is not, or is cut off', { path, cause })
  }
  const object = json as Record<string, unknown>
  if (isModelJson(object)) return openModelJson(object, source)
  if (isShardList(object)) {
    const joined = await openShardList(object, source)
    return openByContent(joined, options)
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

function requireBounded(
  { tensors }: OpenCheckpoint,
  { size, path }: RangeSource,
  maxBytes = 8 * size + 64 * 1024 * 1024,
): void {
  let total = 0
  for (const { dtype, shape } of new Set(tensors.values())) {
    total += elementCount(shape) * arrayTypes[dtype].BYTES_PER_ELEMENT
  }
  if (total <= maxBytes) return
  throw new CheckpointError(
    `its tensors would take ${total} bytes, a file of ${size} may have ${maxBytes} (raise maxBytes if that is right)`,
    { path },
  )
}

/** Reading beyond what JavaScript can hold gives a RangeError somewhere; it is the file's fault. */
function asCheckpointError(error: unknown, { path }: RangeSource): unknown {
  if (!(error instanceof RangeError)) return error
  return new CheckpointError(`it is broken: ${error.message}`, { path, cause: error })
}
