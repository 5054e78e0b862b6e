// The safetensors format: uint64 header length, a JSON header { name: { dtype, shape, data_offsets } },
// then the elements. https://huggingface.co/docs/safetensors — "Format". Reading makes views into the
// bytes given (a copy only where the alignment asks for one); writing gives header and tensors as
// separate chunks, so that a large checkpoint is never copied as a whole.

import {
  checkShape,
  type ElementPlace,
  lazyTensor,
  MOST_TENSORS,
  typedArray,
  widen,
} from './elements.ts'
import { CheckpointError } from './error.ts'
import { JsonReader, type JsonValue } from './json.ts'
import { dequantize, dequantizeLazily } from './quantization.ts'
import { type RangeSource, readRange } from './source.ts'
import {
  bytesOf,
  type Checkpoint,
  elementCount,
  elementSize,
  type LazyTensor,
  type NamedTensor,
  type OpenCheckpoint,
  readAs,
  requireWhole,
  type StoredDType,
  type StoredTensor,
} from './tensor.ts'

const dtypeNames: Record<StoredDType, string> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  uint64: 'U64',
  int32: 'I32',
  uint32: 'U32',
  int16: 'I16',
  uint16: 'U16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
}
const dtypesByName = new Map(
  Object.entries(dtypeNames).map(([dtype, name]) => [name, dtype as StoredDType]),
)

/** The format's own bound on the header (the reference implementation's MAX_HEADER_SIZE). */
const LARGEST_HEADER = 100_000_000

/** How to read a safetensors file. */
export interface SafetensorsOptions {
  /** Named in errors. */
  path?: string
  /** False leaves quantised tensors as int8, their scales beside them. Default true: float32. */
  dequantize?: boolean
}

/**
 * Reads a safetensors file that lies in memory.
 *
 * @param bytes the whole file; the tensors are views into it, so it must not be changed afterwards.
 * @returns the tensors in the file's order; F16 and BF16 are widened to float32, and so are weights that
 *   `quantize` wrote as int8.
 * @throws CheckpointError when the file is truncated, overlaps itself or names an unknown dtype.
 */
export function readSafetensors(bytes: Uint8Array, options: SafetensorsOptions = {}): Checkpoint {
  const { path, dequantize: wide = true } = options
  const headerLength = parseLength(bytes.subarray(0, 8), bytes.byteLength, path)
  const header = parseHeader(bytes.subarray(8, 8 + headerLength), bytes.byteLength, path)
  const tensors = new Map<string, NamedTensor>()
  for (const [name, { storedAs, shape, offset }] of header.places) {
    const size = elementCount(shape) * elementSize(storedAs)
    const elements = typedArray(bytes.subarray(offset, offset + size), storedAs)
    tensors.set(name, { dtype: readAs(storedAs), shape, data: widen(elements, storedAs) })
  }
  const checkpoint = { format: 'safetensors', tensors, metadata: header.metadata }
  return wide ? dequantize(checkpoint, { path }) : checkpoint
}

/** Opens a safetensors file whose tensors are read on demand; see {@link readSafetensors}. */
export async function openSafetensors(
  source: RangeSource,
  { dequantize: wide = true }: SafetensorsOptions = {},
): Promise<OpenCheckpoint> {
  const { path, size } = source
  const start = await readRange(source, 0, Math.min(8, size), 'the header length')
  const headerLength = parseLength(start, size, path)
  const header = await readRange(source, 8, headerLength, 'the header')
  const { places, metadata } = parseHeader(header, size, path)
  const tensors = new Map<string, LazyTensor>()
  for (const [name, place] of places) tensors.set(name, lazyTensor(source, name, place))
  const close = async () => source.close?.()
  const opened = { format: 'safetensors', tensors, metadata, close }
  return wide ? dequantizeLazily(opened, { path }) : opened
}

/** The header's length, from the first 8 bytes of a file of `size` bytes. */
function parseLength(start: Uint8Array, size: number, path: string | undefined): number {
  const fail = failAt(path)
  if (size < 8) return fail(`not a safetensors file: it has only ${size} bytes`, 0)
  const view = new DataView(start.buffer, start.byteOffset, 8)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > LARGEST_HEADER) {
    fail('not a safetensors file: its first 8 bytes are no plausible header length', 0)
  }
  if (8 + headerLength > size) {
    fail(
      `truncated: the header should be ${headerLength} bytes, the file has ${size - 8} after its length`,
      8,
    )
  }
  return headerLength
}

function failAt(path: string | undefined) {
  return (message: string, offset: number): never => {
    throw new CheckpointError(message, { path, offset })
  }
}

type Fail = ReturnType<typeof failAt>

function parseHeader(bytes: Uint8Array, size: number, path: string | undefined) {
  const fail = failAt(path)
  const dataStart = 8 + bytes.byteLength
  const places = new Map<string, ElementPlace>()
  let metadata: Record<string, string> = {}
  const extents: Extent[] = []
  const reader = new JsonReader(bytes, (why, place) =>
    fail(`not a safetensors file: its header is no JSON object of tensors (${why})`, 8 + place),
  )
  reader.object((name) => {
    if (name === '__metadata__') {
      metadata = readMetadata(reader.value(), fail)
      return
    }
    if (places.size >= MOST_TENSORS) fail(`it names over ${MOST_TENSORS} tensors`, 8)
    const { dtype, shape, begin, end } = readEntry(name, reader.passing(), path, fail)
    const storedAs = dtypesByName.get(dtype)
    if (!storedAs)
      return fail(`tensor '${name}' has the element type ${dtype}, which cannot be read`, 8)
    const needed = elementCount(shape) * elementSize(storedAs)
    if (end - begin !== needed) {
      fail(
        `tensor '${name}' of shape [${shape}] and type ${dtype} needs ${needed} bytes, its data_offsets hold ${end - begin}`,
        dataStart + begin,
      )
    }
    if (dataStart + end > size) {
      fail(`truncated: tensor '${name}' ends at byte ${dataStart + end}, the file at ${size}`, size)
    }
    extents.push({ name, begin, end })
    places.set(name, { storedAs, shape, offset: dataStart + begin })
  })
  reader.end()
  requireSeamless(extents, dataStart, size, fail)
  return { places, metadata }
}

interface Extent {
  name: string
  begin: number
  end: number
}

/** The format lets no byte belong to two tensors, or to none. */
function requireSeamless(extents: Extent[], dataStart: number, size: number, fail: Fail): void {
  extents.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let before = { name: '', begin: 0, end: 0 }
  for (const extent of extents) {
    const at = dataStart + extent.begin
    if (extent.begin < before.end) fail(`tensors '${before.name}' and '${extent.name}' overlap`, at)
    if (extent.begin > before.end) {
      fail(`${extent.begin - before.end} bytes before tensor '${extent.name}' belong to none`, at)
    }
    before = extent
  }
  const rest = size - dataStart - before.end
  if (rest > 0) fail(`${rest} bytes behind its last tensor belong to none`, size - rest)
}

function readMetadata(entry: JsonValue, fail: Fail): Record<string, string> {
  // The reference implementation takes null for none.
  if (entry === null) return {}
  const isText =
    typeof entry === 'object' && Object.values(entry).every((value) => typeof value === 'string')
  return isText && !Array.isArray(entry)
    ? (entry as Record<string, string>)
    : fail('__metadata__ must map names to strings', 8)
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

function readEntry(name: string, entry: unknown, path: string | undefined, fail: Fail) {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
  if (typeof dtype !== 'string') return fail(`tensor '${name}' has no dtype`, 8)
  if (!Array.isArray(shape)) return fail(`tensor '${name}' has no valid shape`, 8)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return fail(`tensor '${name}' has no valid data_offsets`, 8)
  }
  const [begin, end] = offsets as [number, number]
  return { dtype, shape: checkShape(shape, name, { path, offset: 8 }), begin, end }
}

/**
 * The header of a safetensors file for tensors that follow in this order without gaps.
 *
 * @param entries name, element type and shape of each tensor.
 * @param metadata free text by key, stored as `__metadata__`.
 * @returns header length and header, padded with spaces to a multiple of 8 bytes.
 */
export function encodeSafetensorsHeader(
  entries: Iterable<readonly [name: string, tensor: Pick<StoredTensor, 'dtype' | 'shape'>]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const [name, { dtype, shape }] of entries) {
    const end = offset + elementCount(shape) * elementSize(dtype)
    header[name] = { dtype: dtypeNames[dtype], shape, data_offsets: [offset, end] }
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, 8)
  return bytes
}

/**
 * Writes tensors as a safetensors file, element types largest first, as the reference writer orders
 * them, so that every tensor is aligned.
 *
 * @returns the file in chunks, the tensors' own memory among them: to be written before they change.
 * @throws RangeError when a tensor's shape and number of elements disagree.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer>[] {
  const entries = [...tensors].sort(([, a], [, b]) => elementSize(b.dtype) - elementSize(a.dtype))
  for (const [name, tensor] of entries) requireWhole(name, tensor)
  return [
    encodeSafetensorsHeader(entries, metadata),
    ...entries.map(([, { data }]) => bytesOf(data)),
  ]
}
