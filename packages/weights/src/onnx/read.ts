// The initialisers of an ONNX file, which are its weights, by name. Only the parts of onnx.proto that
// hold them are looked at: ModelProto.graph (7), GraphProto.initializer (5), TensorProto; and the free
// text in ModelProto.metadata_props (14), by which int8 weights of this package are known.

import { checkShape, lazyTensor } from '../elements.ts'
import { type Field, ProtobufReader } from '../protobuf.ts'
import { dequantizeLazily } from '../quantization.ts'
import type { RangeSource } from '../source.ts'
import {
  elementCount,
  elementSize,
  type LazyTensor,
  type OpenCheckpoint,
  readAs,
  type StoredDType,
  type TensorData,
} from '../tensor.ts'
import { dataTypes } from './encode.ts'

const storedTypes = new Map(
  Object.entries(dataTypes).map(([dtype, number]) => [number, dtype as StoredDType]),
)

const MOST_TENSORS = 100_000

/** Most entries of free text. */
const MOST_ENTRIES = 1000

/** Opens an ONNX file; int8 weights that this package wrote become float32 unless `dequantize` is false. */
export async function openOnnx(
  source: RangeSource,
  { dequantize = true }: { dequantize?: boolean } = {},
): Promise<OpenCheckpoint> {
  const reader = new ProtobufReader(source)
  const tensors = new Map<string, LazyTensor>()
  const metadata: Record<string, string> = {}
  for await (const field of reader.fields(0, source.size)) {
    if (field.number === 2 && field.wireType === 2) metadata.producer = await reader.text(field)
    if (field.number === 14 && field.wireType === 2) {
      if (Object.keys(metadata).length >= MOST_ENTRIES) reader.fail('too much text', field.tag)
      const [key, value] = await readEntry(reader, field)
      Object.defineProperty(metadata, key, { value, enumerable: true, configurable: true })
    }
    if (field.number !== 7 || field.wireType !== 2) continue
    for await (const part of reader.fields(field.start, field.end)) {
      if (part.number !== 5 || part.wireType !== 2) continue
      if (tensors.size >= MOST_TENSORS) reader.fail(`over ${MOST_TENSORS} tensors`, part.tag)
      const { name, tensor } = await readTensor(reader, part)
      tensors.set(name, tensor)
    }
  }
  const opened = { format: 'onnx', tensors, metadata, close: async () => source.close?.() }
  return dequantize ? dequantizeLazily(opened, { path: source.path }) : opened
}

async function readEntry(reader: ProtobufReader, entry: Field): Promise<[string, string]> {
  const texts: [string, string] = ['', '']
  for await (const field of reader.fields(entry.start, entry.end)) {
    const isText = field.wireType === 2 && (field.number === 1 || field.number === 2)
    if (isText) texts[field.number - 1] = await reader.text(field)
  }
  return texts
}

async function readTensor(reader: ProtobufReader, message: Field) {
  const shape: number[] = []
  let name = ''
  let type = 0
  let raw: Field | undefined
  let typed: Field | undefined
  for await (const field of reader.fields(message.start, message.end)) {
    if (field.number === 1) shape.push(...(await reader.integers(field, 64)))
    else if (field.number === 2) type = field.value
    else if (field.number === 8) name = await reader.text(field)
    else if (field.number === 9) raw = field
    else if ([4, 5, 7, 10, 11].includes(field.number) && field.end > field.start) {
      if (typed) reader.fail('elements in several pieces', field.tag)
      typed = field
    } else if (field.number === 14 && field.value === 1) {
      reader.fail(`tensor '${name}' is in another file, which is not read`, field.tag)
    }
  }
  const storedAs = storedTypes.get(type)
  if (!storedAs) {
    return reader.fail(
      `tensor '${name}' has the element type ${type}, which cannot be read`,
      message.tag,
    )
  }
  const extents = checkShape(shape, name, { path: reader.source.path, offset: message.tag })
  const tensor = raw
    ? rawTensor(reader, name, storedAs, extents, raw)
    : await typedTensor(reader, name, storedAs, extents, typed, message)
  return { name, tensor }
}

function rawTensor(
  reader: ProtobufReader,
  name: string,
  storedAs: StoredDType,
  shape: number[],
  raw: Field,
): LazyTensor {
  const needed = elementCount(shape) * elementSize(storedAs)
  if (raw.wireType !== 2 || raw.end - raw.start !== needed) {
    reader.fail(`tensor '${name}' of shape [${shape}] needs ${needed} bytes`, raw.tag)
  }
  return lazyTensor(reader.source, name, { storedAs, shape, offset: raw.start })
}

/** Elements in a field of their own type: floats and doubles as they are, whole numbers as varints. */
async function typedTensor(
  reader: ProtobufReader,
  name: string,
  storedAs: StoredDType,
  shape: number[],
  field: Field | undefined,
  message: Field,
): Promise<LazyTensor> {
  const count = elementCount(shape)
  const where = field?.tag ?? message.tag
  const wrong = (): never => reader.fail(`tensor '${name}' does not hold ${count} elements`, where)
  if (storedAs === 'float32' || storedAs === 'float64') {
    const number = storedAs === 'float32' ? 4 : 10
    const start = field?.start ?? message.end
    const length = field ? field.end - field.start : 0
    if (length !== count * elementSize(storedAs) || (field && field.number !== number)) wrong()
    return lazyTensor(reader.source, name, { storedAs, shape, offset: start })
  }
  // Small ones in practice (shapes, axes); read now, since what they need is known only afterwards.
  const values = field ? await reader.integers(field, 1_000_000) : []
  if (values.length !== count || storedAs === 'float16' || storedAs === 'bfloat16') wrong()
  const data = integersAs(storedAs, values)
  return { dtype: readAs(storedAs), storedAs, shape, load: async () => data }
}

function integersAs(dtype: StoredDType, values: number[]): TensorData {
  switch (dtype) {
    case 'int64':
      return BigInt64Array.from(values, BigInt)
    case 'uint64':
      return BigUint64Array.from(values, BigInt)
    case 'int32':
      return Int32Array.from(values)
    case 'uint32':
      return Uint32Array.from(values)
    case 'int16':
      return Int16Array.from(values)
    case 'uint16':
      return Uint16Array.from(values)
    case 'int8':
      return Int8Array.from(values)
    default:
      return Uint8Array.from(values)
  }
}
