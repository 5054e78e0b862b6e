// ONNX files (onnx.proto) from a small description of a graph: nodes, initialisers, inputs, outputs. It
// knows nothing of any network. The initialisers' memory becomes part of the file's chunks as it is, so
// a graph with 240 MB of weights is written without a copy of them.
// https://github.com/onnx/onnx/blob/main/docs/IR.md

import { ProtobufWriter } from '../protobuf.ts'
import { bytesOf, requireWhole, type StoredDType, type StoredTensor } from '../tensor.ts'

/** An attribute of a node; ONNX tells whole numbers from floats. */
export type OnnxAttribute =
  | { int: number }
  | { float: number }
  | { ints: readonly number[] }
  | { text: string }

export interface OnnxNode {
  /** Operator, for example `Conv`. */
  op: string
  name?: string
  /** Names of values: outputs of nodes before, initialisers or inputs. */
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Readonly<Record<string, OnnxAttribute>>
}

/** An input or output; an extent that is text is free, such as `batch`. */
export interface OnnxValue {
  name: string
  dtype: StoredDType
  shape: readonly (number | string)[]
}

export interface OnnxGraph {
  name: string
  nodes: readonly OnnxNode[]
  inputs: readonly OnnxValue[]
  outputs: readonly OnnxValue[]
  initializers: ReadonlyMap<string, StoredTensor>
  /** Free text by key, kept as metadata_props. */
  metadata?: Readonly<Record<string, string>>
}

/** Version of the operators: 13 has everything used here and is read by every runtime since 2020. */
const OPSET = 13
/** Version of the file format that goes with it. */
const IR_VERSION = 7
/** Protocol buffers end at 2 GiB. */
const LARGEST_FILE = 2 ** 31 - 1

/** TensorProto.DataType. */
export const dataTypes: Record<StoredDType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
}

/**
 * Writes a graph as an ONNX file.
 *
 * @returns the file in chunks, the initialisers' own memory among them: to be written before they change.
 * @throws RangeError when an initialiser's shape and elements disagree, and past 2 GiB.
 */
export function encodeOnnxGraph(graph: OnnxGraph): Uint8Array<ArrayBuffer>[] {
  const message = new ProtobufWriter()
  for (const node of graph.nodes) message.message(1, encodeNode(node))
  message.text(2, graph.name)
  for (const [name, tensor] of graph.initializers) message.message(5, encodeTensor(name, tensor))
  for (const value of graph.inputs) message.message(11, encodeValue(value))
  for (const value of graph.outputs) message.message(12, encodeValue(value))

  const model = new ProtobufWriter()
    .integer(1, IR_VERSION)
    .text(2, 'alexnet')
    .message(7, message)
    .message(8, new ProtobufWriter().text(1, '').integer(2, OPSET))
  for (const [key, value] of Object.entries(graph.metadata ?? {})) {
    model.message(14, new ProtobufWriter().text(1, key).text(2, value))
  }
  if (model.size > LARGEST_FILE) {
    throw new RangeError(`an ONNX file of ${model.size} bytes: more than 2 GiB cannot be written`)
  }
  return model.chunks
}

function encodeNode({ op, name, inputs, outputs, attributes = {} }: OnnxNode): ProtobufWriter {
  const node = new ProtobufWriter()
  for (const input of inputs) node.text(1, input)
  for (const output of outputs) node.text(2, output)
  node.text(3, name ?? outputs[0] ?? op).text(4, op)
  for (const [key, value] of Object.entries(attributes)) {
    node.message(5, encodeAttribute(key, value))
  }
  return node
}

/** AttributeProto; its last number says of which type the value is. */
function encodeAttribute(name: string, value: OnnxAttribute): ProtobufWriter {
  const attribute = new ProtobufWriter().text(1, name)
  if ('float' in value) return attribute.float(2, value.float).integer(20, 1)
  if ('int' in value) return attribute.integer(3, value.int).integer(20, 2)
  if ('text' in value) return attribute.text(4, value.text).integer(20, 3)
  for (const number of value.ints) attribute.integer(8, number)
  return attribute.integer(20, 7)
}

function encodeTensor(name: string, tensor: StoredTensor): ProtobufWriter {
  requireWhole(name, tensor)
  const message = new ProtobufWriter()
  for (const extent of tensor.shape) message.integer(1, extent)
  return message.integer(2, dataTypes[tensor.dtype]).text(8, name).bytes(9, bytesOf(tensor.data))
}

function encodeValue({ name, dtype, shape }: OnnxValue): ProtobufWriter {
  const extents = new ProtobufWriter()
  for (const extent of shape) {
    const dimension = new ProtobufWriter()
    if (typeof extent === 'number') dimension.integer(1, extent)
    else dimension.text(2, extent)
    extents.message(1, dimension)
  }
  const tensor = new ProtobufWriter().integer(1, dataTypes[dtype]).message(2, extents)
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor))
}
