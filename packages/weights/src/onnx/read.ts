// The initialisers of an ONNX file, which are its weights, by name. Only the parts of onnx.proto that
// hold them are looked at: ModelProto.graph (7), GraphProto.initializer (5), TensorProto, whose elements may
// be in a file beside it; and the free text in ModelProto.metadata_props (14), by which int8 weights of
// this package are known.

import { checkShape, lazyTensor, MOST_TENSORS } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import { type Field, ProtobufReader } from '../protobuf.ts'
import { dequantizeLazily } from '../quantization.ts'
import type { RangeSource } from '../source.ts'
import {
  elementCount,
  elementSize,
  type LazyTensor,
  type OpenCheckpoint,
  type StoredDType,
} from '../tensor.ts'
import { openShard } from '../tfjs.ts'
import { dataTypes } from './encode.ts'
import { isTyped, TypedElements } from './typed-elements.ts'

const storedTypes = new Map(
  Object.entries(dataTypes).map(([dtype, number]) => [number, dtype as StoredDType]),
)

/** TensorProto.STRING, of which no weights are made, and TensorProto.EXTERNAL. */
const STRING_TYPE = 8
const EXTERNAL = 1

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
  const beside = new FilesBeside(source)
  try {
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
        const read = await readTensor(reader, part, beside)
        if (!read) continue
        if (tensors.has(read.name)) reader.fail(`two tensors called '${read.name}'`, part.tag)
        tensors.set(read.name, read.tensor)
      }
    }
    if (tensors.size === 0) {
      throw new CheckpointError(
        'an ONNX file without initialisers: its weights are constants of the graph, or it has none; ' +
          'export it with initialisers (torch.onnx.export writes them by default)',
        { path: source.path },
      )
    }
  } catch (error) {
    await beside.close()
    throw error
  }
  const close = async () => {
    await beside.close()
    await source.close?.()
  }
  const opened = { format: 'onnx', tensors, metadata, close }
  return dequantize ? dequantizeLazily(opened, { path: source.path }) : opened
}

/** Files that hold elements of an ONNX file, opened once each. */
class FilesBeside {
  readonly #source: RangeSource
  readonly #files = new Map<string, RangeSource>()

  constructor(source: RangeSource) {
    this.#source = source
  }

  async open(location: string): Promise<RangeSource> {
    const known = this.#files.get(location)
    if (known) return known
    const file = await openShard(this.#source, location)
    this.#files.set(location, file)
    return file
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close?.()
  }
}

/** A key and its value: StringStringEntryProto. */
async function readEntry(reader: ProtobufReader, entry: Field): Promise<[string, string]> {
  const texts: [string, string] = ['', '']
  for await (const field of reader.fields(entry.start, entry.end)) {
    const isText = field.wireType === 2 && (field.number === 1 || field.number === 2)
    if (isText) texts[field.number - 1] = await reader.text(field)
  }
  return texts
}

/** One TensorProto; undefined when it holds texts. */
async function readTensor(reader: ProtobufReader, message: Field, beside: FilesBeside) {
  const shape: number[] = []
  const external = new Map<string, string>()
  let name = ''
  let type = 0
  let isExternal = false
  let raw: Field | undefined
  const typed = new TypedElements(reader, message)
  for await (const field of reader.fields(message.start, message.end)) {
    if (field.number === 1) shape.push(...(await reader.integers(field, 64)))
    else if (field.number === 2) type = field.value
    else if (field.number === 8) name = await reader.text(field)
    else if (field.number === 9) {
      if (raw) reader.fail('elements in several pieces', field.tag)
      raw = field
    } else if (field.number === 13 && field.wireType === 2) {
      if (external.size >= MOST_ENTRIES) reader.fail('too much text', field.tag)
      external.set(...(await readEntry(reader, field)))
    } else if (field.number === 14) isExternal = field.value === EXTERNAL
    else if (isTyped(field)) await typed.add(field)
  }
  if (type === STRING_TYPE) return undefined
  const storedAs = storedTypes.get(type)
  if (!storedAs) {
    return reader.fail(
      `tensor '${name}' has the element type ${type}, which cannot be read`,
      message.tag,
    )
  }
  const extents = checkShape(shape, name, { path: reader.source.path, offset: message.tag })
  if (!isExternal && !raw) return { name, tensor: typed.tensor(name, storedAs, extents) }
  const place = isExternal
    ? await findOutside(external, beside, name, message, reader)
    : { source: reader.source, offset: raw!.start, length: raw!.end - raw!.start }
  const needed = elementCount(extents) * elementSize(storedAs)
  if ((!isExternal && raw?.wireType !== 2) || place.length !== needed) {
    reader.fail(
      `tensor '${name}' of shape [${extents}] needs ${needed} bytes and has ${place.length}`,
      raw?.tag ?? message.tag,
    )
  }
  const { source, offset } = place
  return { name, tensor: lazyTensor(source, name, { storedAs, shape: extents, offset }) }
}

/** Where a tensor lies in the file that its external_data names. */
async function findOutside(
  external: ReadonlyMap<string, string>,
  beside: FilesBeside,
  name: string,
  { tag }: Field,
  reader: ProtobufReader,
) {
  const location = external.get('location')
  if (location === undefined) return reader.fail(`tensor '${name}' names no file`, tag)
  const source = await beside.open(location)
  const offset = Number(external.get('offset') ?? 0)
  const length = Number(external.get('length') ?? source.size - offset)
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= source.size
  if (isInside) return { source, offset, length }
  throw new CheckpointError(
    `tensor '${name}' is at bytes ${offset} to ${offset + length} of '${location}', which has ${source.size}: truncated`,
    { path: reader.source.path, offset: tag },
  )
}
