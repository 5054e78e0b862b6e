// TensorFlow.js' layers-model: a model.json with the topology and a manifest of weights, whose elements
// lie one after the other in shard files beside it. The tensors keep TensorFlow.js' names
// (`features.0/kernel`) and layouts; what the topology means is the caller's business.
// tfjs-core/src/io/types.ts: ModelJSON, WeightsManifestConfig.

import { checkShape, lazyTensor, MOST_TENSORS } from './elements.ts'
import { CheckpointError } from './error.ts'
import { narrowToFloat16 } from './half.ts'
import { joinedSource, type RangeSource } from './source.ts'
import {
  bytesOf,
  elementCount,
  elementSize,
  type LazyTensor,
  type NamedTensor,
  type OpenCheckpoint,
  requireWhole,
  type StoredDType,
} from './tensor.ts'

/** Element types that TensorFlow.js stores. */
const dtypes: Record<string, StoredDType> = { float32: 'float32', int32: 'int32', bool: 'bool' }
const storedTypes: Record<string, StoredDType> = {
  uint8: 'uint8',
  uint16: 'uint16',
  float16: 'float16',
}

const MOST_SHARDS = 10_000
/** Letters of a file's name: file systems take 255. */
const LONGEST_NAME = 255

/** Whether JSON is a model.json. */
export const isModelJson = (json: Readonly<Record<string, unknown>>) =>
  Array.isArray(json.weightsManifest)

/** Opens a model.json whose shards are the source's siblings. */
export async function openModelJson(
  json: Readonly<Record<string, unknown>>,
  source: RangeSource,
): Promise<OpenCheckpoint> {
  const { path } = source
  const fail: (why: string) => never = (why) => {
    throw new CheckpointError(why, { path })
  }
  const tensors = new Map<string, LazyTensor>()
  const opened: RangeSource[] = []
  const close = async () => {
    for (const shard of [...opened, source]) await shard.close?.()
  }
  try {
    for (const group of json.weightsManifest as unknown[]) {
      const { paths, weights } = (group ?? {}) as Record<string, unknown>
      if (!Array.isArray(paths) || !Array.isArray(weights)) {
        return fail('a group of its weightsManifest has no paths or weights')
      }
      if (paths.length + opened.length > MOST_SHARDS) fail(`it names over ${MOST_SHARDS} files`)
      const shards: RangeSource[] = []
      for (const name of paths) {
        shards.push(await openShard(source, name))
        opened.push(shards.at(-1)!)
      }
      addGroup(weights, joinedSource(shards, path), tensors, path)
    }
  } catch (error) {
    await close()
    throw error
  }
  const { format, generatedBy, userDefinedMetadata } = json
  const metadata: Record<string, string> = {}
  for (const [key, value] of Object.entries(userDefinedMetadata ?? {})) {
    if (typeof value === 'string') metadata[key] = value
  }
  if (typeof format === 'string') metadata.format = format
  if (typeof generatedBy === 'string') metadata.generatedBy = generatedBy
  return { format: 'tfjs-layers-model', tensors, metadata, close }
}

/**
 * A file beside one that names it, `model.weights.bin` or, as TensorFlow.js writes it, `./model.weights.bin`.
 *
 * @throws CheckpointError for names of other folders, and where nothing beside the file can be read
 */
export async function openShard(source: RangeSource, named: unknown): Promise<RangeSource> {
  const { path } = source
  const name = typeof named === 'string' ? named.replace(/^(\.\/)+/, '') : ''
  // Names in any alphabet, and names only, so that a model.json cannot have other folders or streams read.
  if (name === '' || name.length > LONGEST_NAME || /[/\\:\p{Cc}]|^\.+$/u.test(name)) {
    const found = (JSON.stringify(named) ?? '').slice(0, LONGEST_NAME)
    throw new CheckpointError(`it names the file ${found}, which is no plain name`, { path })
  }
  if (source.sibling) return source.sibling(name)
  throw new CheckpointError(
    `it names the file '${name}' beside it; read it by path or URL, or give the files along`,
    { path },
  )
}

function addGroup(
  weights: readonly unknown[],
  shards: RangeSource,
  tensors: Map<string, LazyTensor>,
  path: string | undefined,
): void {
  let offset = 0
  for (const weight of weights) {
    const { name, shape, dtype, quantization } = (weight ?? {}) as Record<string, unknown>
    const fail: (why: string) => never = (why) => {
      throw new CheckpointError(`tensor '${String(name).slice(0, 1000)}' ${why}`, { path })
    }
    if (typeof name !== 'string') fail('has no name')
    if (!Array.isArray(shape)) fail('has no shape')
    const extents = checkShape(shape, name, { path })
    const plain = Object.hasOwn(dtypes, String(dtype)) ? dtypes[String(dtype)] : undefined
    if (!plain) fail(`has the element type ${String(dtype)}, which cannot be read`)
    if (tensors.has(name)) fail('is there twice')
    if (tensors.size >= MOST_TENSORS) fail(`is one of over ${MOST_TENSORS}`)
    const how = readQuantization(quantization, fail)
    const storedAs = how?.storedAs ?? plain
    const size = elementCount(extents) * elementSize(storedAs)
    if (offset + size > shards.size) {
      fail(`ends at byte ${offset + size} of its files, which have ${shards.size}: truncated`)
    }
    const stored = lazyTensor(shards, name, { storedAs, shape: extents, offset })
    tensors.set(name, how && storedAs !== 'float16' ? scaled(stored, plain, how) : stored)
    offset += size
  }
  if (offset === shards.size) return
  throw new CheckpointError(`its files have ${shards.size} bytes where ${offset} are described`, {
    path,
  })
}

interface Scaling {
  storedAs: StoredDType
  scale: number
  min: number
}

function readQuantization(value: unknown, fail: (why: string) => never): Scaling | undefined {
  if (value === undefined || value === null) return undefined
  const { dtype, scale = 1, min = 0 } = value as Record<string, unknown>
  const storedAs = Object.hasOwn(storedTypes, String(dtype))
    ? storedTypes[String(dtype)]
    : undefined
  if (!storedAs || typeof scale !== 'number' || typeof min !== 'number') {
    return fail(`is quantised as ${String(dtype)}, which cannot be read`)
  }
  return { storedAs, scale, min }
}

function scaled(
  { storedAs, shape, ...stored }: LazyTensor,
  dtype: StoredDType,
  { scale, min }: Scaling,
): LazyTensor {
  const load = async () => {
    const levels = (await stored.load()) as Uint8Array
    if (dtype !== 'float32')
      return Int32Array.from(levels, (level) => Math.round(level * scale + min))
    return Float32Array.from(levels, (level) => level * scale + min)
  }
  return { dtype: dtype === 'float32' ? 'float32' : 'int32', storedAs, shape, load }
}

/** One file of a model. */
export interface ModelFile {
  /** Name within the model's folder. */
  path: string
  chunks: Uint8Array<ArrayBuffer>[]
}

/** What becomes a model.json and its shards. */
export interface LayersModelFiles {
  /** What `layersModelTopology` makes of the layers, or `model.toJSON(null, false)`. */
  topology: object
  /** By TensorFlow.js' names and in its layouts, in the model's order. */
  weights: ReadonlyMap<string, NamedTensor>
  /** Stores float32 weights as float16, which tf.loadLayersModel widens by itself. Default: as they are. */
  quantization?: 'float16'
  /** Bytes of a shard. Default 4 MiB, which browsers' caches like. */
  shardBytes?: number
  generatedBy?: string
  /** Free text by key, kept as userDefinedMetadata. */
  metadata?: Readonly<Record<string, string>>
}

/**
 * Writes a model for tf.loadLayersModel.
 *
 * @returns `model.json` first, then `group1-shard1ofN.bin`, …; chunks are views of the weights.
 * @throws RangeError for element types that TensorFlow.js does not store.
 */
export function encodeLayersModel(model: LayersModelFiles): ModelFile[] {
  const { topology, weights, quantization, shardBytes = 4 * 1024 * 1024, generatedBy } = model
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1) {
    throw new RangeError(`shardBytes must be a whole number above 0, found ${shardBytes}`)
  }
  const entries: object[] = []
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for (const [name, tensor] of weights) {
    requireWhole(name, tensor)
    const { dtype, shape, data } = tensor
    if (!Object.hasOwn(dtypes, dtype)) {
      throw new RangeError(`tensor '${name}': TensorFlow.js does not store ${dtype}`)
    }
    const isHalf = quantization === 'float16' && dtype === 'float32'
    entries.push({ name, shape, dtype, ...(isHalf ? { quantization: { dtype: 'float16' } } : {}) })
    chunks.push(bytesOf(isHalf ? narrowToFloat16(data as Float32Array) : data))
  }
  const shards = cutIntoShards(chunks, shardBytes)
  const paths = shards.map((_, index) => `group1-shard${index + 1}of${shards.length}.bin`)
  const json = {
    format: 'layers-model',
    generatedBy: generatedBy ?? 'alexnet',
    convertedBy: null,
    ...(model.metadata ? { userDefinedMetadata: model.metadata } : {}),
    modelTopology: topology,
    weightsManifest: [{ paths, weights: entries }],
  }
  return [
    { path: 'model.json', chunks: [new TextEncoder().encode(JSON.stringify(json))] },
    ...shards.map((shard, index) => ({ path: paths[index]!, chunks: shard })),
  ]
}

/** Chunks in groups of `size` bytes, the last one smaller; views, no copies. */
export function cutIntoShards(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  size: number,
): Uint8Array<ArrayBuffer>[][] {
  const shards: Uint8Array<ArrayBuffer>[][] = []
  let room = 0
  for (const chunk of chunks) {
    for (let start = 0; start < chunk.byteLength; ) {
      if (room === 0) {
        shards.push([])
        room = size
      }
      const part = chunk.subarray(start, start + room)
      shards.at(-1)!.push(part)
      start += part.byteLength
      room -= part.byteLength
    }
  }
  return shards
}
