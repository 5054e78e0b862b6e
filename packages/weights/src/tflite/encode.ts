// .tflite files from a small description of a graph: tensors, operators, inputs, outputs. It knows nothing of any
// network. The tables are one FlatBuffer; the constants follow it, each at a multiple of 16 bytes, where the tables'
// offsets are set to once they are laid out: so a graph with 240 MB of weights is written without a copy of them.
// https://flatbuffers.dev/internals/

import { bytesOf, elementSize, requireWhole, type TensorData } from '../tensor.ts'
import {
  type OperatorOptions,
  operatorCodes,
  type TfliteDType,
  type TfliteOperatorName,
  tensorTypes,
} from './schema.ts'
import { TableWriter } from './tables.ts'

/** A value of the graph. */
export interface TfliteTensor {
  name: string
  dtype: TfliteDType
  shape: readonly number[]
  /** Its elements, if it is a constant; of float16 the bits. */
  data?: TensorData
  /** Its first extent is the pictures at a time, which runtimes may change. */
  isBatched?: boolean
  /** Of int8 elements: what those of each index of the first axis are multiplied by. */
  scales?: Float32Array
}

export interface TfliteOperator {
  op: TfliteOperatorName
  /** The operator's version, which says what its runtime must know. Default 1. */
  version?: number
  /** Places of tensors in the graph's list. */
  inputs: readonly number[]
  outputs: readonly number[]
  options?: OperatorOptions
}

export interface TfliteGraph {
  name: string
  tensors: readonly TfliteTensor[]
  operators: readonly TfliteOperator[]
  inputs: readonly number[]
  outputs: readonly number[]
  /** Bytes by name, which runtimes pass over. */
  metadata?: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
}

/** Of the schema. */
const SCHEMA_VERSION = 3
/** What every runtime reads: offsets are 32 bits with a sign. */
const LARGEST_FILE = 2 ** 31 - 1
/** What the schema asks of a constant's place. */
const ALIGNMENT = 16

/**
 * Writes a graph as a .tflite file.
 *
 * @returns the file in chunks, the constants' own memory among them: to be written before they change.
 * @throws RangeError when a constant's shape and elements disagree, and past 2 GiB.
 */
export function encodeTfliteGraph(graph: TfliteGraph): Uint8Array<ArrayBuffer>[] {
  const constants: Uint8Array<ArrayBuffer>[] = []
  for (const { name, dtype, shape, data } of graph.tensors) {
    if (!data) continue
    requireWhole(name, { dtype, shape, data })
    if (data.BYTES_PER_ELEMENT !== elementSize(dtype)) {
      throw new RangeError(`tensor '${name}': its elements are no ${dtype}`)
    }
    constants.push(bytesOf(data))
  }
  constants.push(...Object.values(graph.metadata ?? {}))
  const { bytes, places } = encodeTables(graph, constants.length)
  return withConstants(bytes, places, constants)
}

/** The tables, and where in them the offset of each constant goes. */
function encodeTables(graph: TfliteGraph, constants: number) {
  const tables = new TableWriter()
  // Buffer 0 is that of tensors which are no constants.
  const buffers = [
    tables.table([]),
    ...Array.from({ length: constants }, () => tables.table([{ int: 0 }])),
  ]
  let next = 1
  const tensors = graph.tensors.map((tensor) => {
    return encodeTensor(tables, tensor, tensor.data ? next++ : 0)
  })
  const metadata = Object.keys(graph.metadata ?? {}).map((name) => {
    return tables.table([{ offset: tables.text(name) }, { int: next++ }])
  })
  const codes: { offset: number; key: string }[] = []
  const operators = graph.operators.map((operator) => {
    const { op, version = 1 } = operator
    const key = `${op} ${version}`
    let index = codes.findIndex((code) => code.key === key)
    if (index < 0) {
      const code = operatorCodes[op]
      const fields = [{ byte: code }, undefined, { int: version }, { int: code }]
      index = codes.push({ key, offset: tables.table(fields) }) - 1
    }
    return encodeOperator(tables, operator, index)
  })
  const subgraph = tables.table([
    { offset: tables.offsets(tensors) },
    { offset: tables.ints(graph.inputs) },
    { offset: tables.ints(graph.outputs) },
    { offset: tables.offsets(operators) },
    { offset: tables.text(graph.name) },
  ])
  const model = tables.table([
    { int: SCHEMA_VERSION },
    { offset: tables.offsets(codes.map(({ offset }) => offset)) },
    { offset: tables.offsets([subgraph]) },
    { offset: tables.text('alexnet') },
    { offset: tables.offsets(buffers) },
    undefined,
    { offset: tables.offsets(metadata) },
    { offset: tables.offsets([encodeSignature(tables, graph)]) },
  ])
  const bytes = tables.finish(model, 'TFL3')
  // The writer counts from the end, and a table begins with its distance from the list of its fields' places.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const places = buffers.slice(1).map((offset) => {
    const table = bytes.byteLength - offset
    return table + view.getUint16(table - view.getInt32(table, true) + 4, true)
  })
  return { bytes, places }
}

function encodeTensor(tables: TableWriter, tensor: TfliteTensor, buffer: number): number {
  const { name, dtype, shape, isBatched, scales } = tensor
  const quantization = scales && {
    offset: tables.table([
      undefined,
      undefined,
      { offset: tables.floats(scales) },
      { offset: tables.longZeros(scales.length) },
    ]),
  }
  return tables.table([
    { offset: tables.ints(shape) },
    { byte: tensorTypes[dtype] },
    { int: buffer },
    { offset: tables.text(name) },
    quantization,
    undefined,
    undefined,
    isBatched ? { offset: tables.ints([-1, ...shape.slice(1)]) } : undefined,
  ])
}

function encodeOperator(
  tables: TableWriter,
  { inputs, outputs, options }: TfliteOperator,
  code: number,
): number {
  return tables.table([
    { int: code },
    { offset: tables.ints(inputs) },
    { offset: tables.ints(outputs) },
    options && { byte: options.type },
    options && { offset: tables.table(options.fields) },
  ])
}

/** SignatureDef: inputs and outputs by name. */
function encodeSignature(tables: TableWriter, { tensors, inputs, outputs }: TfliteGraph): number {
  const named = (places: readonly number[]) =>
    tables.offsets(
      places.map((place) =>
        tables.table([{ offset: tables.text(tensors[place]!.name) }, { int: place }]),
      ),
    )
  return tables.table([
    { offset: named(inputs) },
    { offset: named(outputs) },
    { offset: tables.text('serving_default') },
  ])
}

/** The constants after the tables, each a vector: its length, then its bytes. */
function withConstants(
  tables: Uint8Array<ArrayBuffer>,
  places: readonly number[],
  constants: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer>[] {
  const view = new DataView(tables.buffer, tables.byteOffset, tables.byteLength)
  const chunks = [tables]
  let size = tables.byteLength
  for (const [index, constant] of constants.entries()) {
    // The length stands in the four bytes before a multiple of the alignment.
    const gap = (2 * ALIGNMENT - 4 - (size % ALIGNMENT)) % ALIGNMENT
    const before = new Uint8Array(gap + 4)
    new DataView(before.buffer).setUint32(gap, constant.byteLength, true)
    view.setUint32(places[index]!, size + gap - places[index]!, true)
    chunks.push(before, constant)
    size += before.byteLength + constant.byteLength
  }
  if (size > LARGEST_FILE) {
    throw new RangeError(`a .tflite file of ${size} bytes: more than 2 GiB cannot be written`)
  }
  return chunks
}
