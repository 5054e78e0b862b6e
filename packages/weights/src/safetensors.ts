// The safetensors format: uint64 header length, a JSON header { name: { dtype, shape, data_offsets } },
// then the elements. https://huggingface.co/docs/safetensors — "Format". Reading makes views into the
// bytes given (a copy only where the alignment asks for one); writing gives header and tensors as
// separate chunks, so that a large checkpoint is never copied as a whole.

import { CheckpointError } from './error.ts'
import {
  arrayTypes,
  bytesOf,
  type Checkpoint,
  type DType,
  elementCount,
  type NamedTensor,
  type TensorData,
} from './tensor.ts'

const dtypeNames: Record<DType, string> = {
  float64: 'F64',
  float32: 'F32',
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
  Object.entries(dtypeNames).map(([dtype, name]) => [name, dtype as DType]),
)

/** The format's own bound on the header (the reference implementation's MAX_HEADER_SIZE). */
const LARGEST_HEADER = 100_000_000

/**
 * Reads a safetensors file.
 *
 * @param bytes the whole file; the tensors are views into it, so it must not be changed afterwards.
 * @param options.path named in errors.
 * @returns the tensors in the file's order; F16 and BF16 are widened to float32.
 * @throws CheckpointError when the file is truncated, overlaps itself or names an unknown dtype.
 */
export function readSafetensors(bytes: Uint8Array, options: { path?: string } = {}): Checkpoint {
  const fail = (message: string, offset?: number): never => {
    throw new CheckpointError(message, {
      ...options,
      ...(offset === undefined ? {} : { offset }),
    })
  }
  if (bytes.byteLength < 8) fail(`not a safetensors file: it has only ${bytes.byteLength} bytes`, 0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = Number(view.getBigUint64(0, true))
  if (headerLength > LARGEST_HEADER) {
    fail('not a safetensors file: its first 8 bytes are no plausible header length', 0)
  }
  const dataStart = 8 + headerLength
  if (dataStart > bytes.byteLength) {
    fail(
      `truncated: the header should be ${headerLength} bytes, the file has ${bytes.byteLength - 8} after its length`,
      8,
    )
  }
  const header = parseHeader(bytes.subarray(8, dataStart), fail)

  const tensors = new Map<string, NamedTensor>()
  let metadata: Record<string, string> = {}
  const extents: { name: string; begin: number; end: number }[] = []
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = readMetadata(entry, fail)
      continue
    }
    const { dtype, shape, begin, end } = readEntry(name, entry, fail)
    const stored = dtype === 'F16' || dtype === 'BF16' ? 'uint16' : dtypesByName.get(dtype)
    if (!stored)
      return fail(`tensor '${name}' has the element type ${dtype}, which cannot be read`, 8)
    const size = elementCount(shape) * arrayTypes[stored].BYTES_PER_ELEMENT
    if (end - begin !== size) {
      fail(
        `tensor '${name}' of shape [${shape}] and type ${dtype} needs ${size} bytes, its data_offsets hold ${end - begin}`,
        dataStart + begin,
      )
    }
    if (dataStart + end > bytes.byteLength) {
      fail(
        `truncated: tensor '${name}' ends at byte ${dataStart + end}, the file at ${bytes.byteLength}`,
        bytes.byteLength,
      )
    }
    extents.push({ name, begin, end })
    const data = viewOf(bytes, dataStart + begin, size, stored)
    if (dtype === 'F16' || dtype === 'BF16') {
      const widened = (dtype === 'F16' ? widenFloat16 : widenBfloat16)(data as Uint16Array)
      tensors.set(name, { dtype: 'float32', shape, data: widened })
    } else {
      tensors.set(name, { dtype: stored, shape, data })
    }
  }
  extents.sort((a, b) => a.begin - b.begin || a.end - b.end)
  for (let index = 1; index < extents.length; index++) {
    const [before, after] = [extents[index - 1]!, extents[index]!]
    if (after.begin < before.end) {
      fail(`tensors '${before.name}' and '${after.name}' overlap`, dataStart + after.begin)
    }
  }
  return { format: 'safetensors', tensors, metadata }
}

type Fail = (message: string, offset?: number) => never

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fail('not a safetensors file: its header is no JSON', 8)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    return fail('not a safetensors file: its header is no JSON object', 8)
  }
  return header as Record<string, unknown>
}

function readMetadata(entry: unknown, fail: Fail): Record<string, string> {
  const isText =
    typeof entry === 'object' &&
    entry !== null &&
    Object.values(entry).every((value) => typeof value === 'string')
  return isText
    ? (entry as Record<string, string>)
    : fail('__metadata__ must map names to strings', 8)
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

function readEntry(name: string, entry: unknown, fail: Fail) {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>
  if (typeof dtype !== 'string') return fail(`tensor '${name}' has no dtype`, 8)
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    return fail(`tensor '${name}' has no valid shape`, 8)
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    return fail(`tensor '${name}' has no valid data_offsets`, 8)
  }
  const [begin, end] = offsets as [number, number]
  return { dtype, shape: shape as number[], begin, end }
}

function viewOf(bytes: Uint8Array, offset: number, size: number, dtype: DType): TensorData {
  const ArrayType = arrayTypes[dtype]
  const start = bytes.byteOffset + offset
  if (start % ArrayType.BYTES_PER_ELEMENT === 0) {
    return new ArrayType(
      bytes.buffer as ArrayBuffer,
      start,
      size / ArrayType.BYTES_PER_ELEMENT,
    ) as TensorData
  }
  const aligned = new Uint8Array(size)
  aligned.set(bytes.subarray(offset, offset + size))
  return new ArrayType(aligned.buffer) as TensorData
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16
  return new Float32Array(wide.buffer)
}

/** IEEE 754 binary16 to float32. */
function widenFloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 31
    const fraction = half & 1023
    if (exponent === 31) values[i] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    else if (exponent === 0) values[i] = sign * fraction * 2 ** -24
    else values[i] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  }
  return values
}

/**
 * The header of a safetensors file for tensors that follow in this order without gaps.
 *
 * @param entries name, element type and shape of each tensor.
 * @param metadata free text by key, stored as `__metadata__`.
 * @returns header length and header, padded with spaces to a multiple of 8 bytes.
 */
export function encodeSafetensorsHeader(
  entries: Iterable<readonly [name: string, tensor: Pick<NamedTensor, 'dtype' | 'shape'>]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const [name, { dtype, shape }] of entries) {
    const end = offset + elementCount(shape) * arrayTypes[dtype].BYTES_PER_ELEMENT
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
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const entries = [...tensors].sort(
    ([, a], [, b]) => arrayTypes[b.dtype].BYTES_PER_ELEMENT - arrayTypes[a.dtype].BYTES_PER_ELEMENT,
  )
  for (const [name, { shape, data }] of entries) {
    if (elementCount(shape) !== data.length) {
      throw new RangeError(
        `tensor '${name}': shape [${shape}] does not hold ${data.length} elements`,
      )
    }
  }
  return [
    encodeSafetensorsHeader(entries, metadata),
    ...entries.map(([, { data }]) => bytesOf(data)),
  ]
}
