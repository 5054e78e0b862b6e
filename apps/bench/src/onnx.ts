// Writes the network under test as an ONNX file, so that ONNX Runtime gets the same weights. Field
// numbers are those of onnx.proto (ONNX 1.13, IR version 8): https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

import type { NamedTensor } from '@alexnet/core'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Network, Operation } from './network.ts'

const IR_VERSION = 8
const OPSET = 17
const FLOAT = 1
/** AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, ints: 7 } as const

type Attributes = Record<string, { float: number } | { int: number } | { ints: number[] }>

/**
 * A model whose input `input` is `[batch, 3, size, size]` and whose output is `[batch, classes]`; `batch`
 * is a free dimension of that name, which a session may fix.
 */
export function encodeOnnx(
  network: Network,
  weights: ReadonlyMap<string, NamedTensor>,
): Uint8Array {
  const graph = new BinaryWriter()
  let input = 'input'
  for (const operation of network.operations) {
    if (operation.kind === 'dropout') continue
    const output = `${operation.name}.output`
    writeNode(graph, operation, input, output)
    input = output
  }
  graph.tag(2, 2).string(network.variant)
  for (const [name, { shape, data }] of weights) {
    graph.tag(5, 2).fork()
    for (const extent of shape) graph.tag(1, 0).int64(extent)
    graph.tag(2, 0).int32(FLOAT)
    graph.tag(8, 2).string(name)
    graph.tag(9, 2).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    graph.join()
  }
  writeValue(graph, 11, 'input', ['batch', 3, network.inputSize, network.inputSize])
  writeValue(graph, 12, input, ['batch', network.classes])
  const model = new BinaryWriter()
  model.tag(1, 0).int64(IR_VERSION)
  model.tag(2, 2).string('@alexnet/bench')
  model.tag(7, 2).bytes(graph.finish())
  model.tag(8, 2).fork().tag(2, 0).int64(OPSET).join()
  return model.finish()
}

/** The operator of an operation and its attributes. https://onnx.ai/onnx/operators/ */
function operator(operation: Operation): { type: string; attributes: Attributes } {
  switch (operation.kind) {
    case 'convolution': {
      const { size, stride, padding, groups } = operation
      return {
        type: 'Conv',
        attributes: {
          kernel_shape: { ints: [size, size] },
          strides: { ints: [stride, stride] },
          pads: { ints: [padding, padding, padding, padding] },
          group: { int: groups },
        },
      }
    }
    case 'activation': {
      const types = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid' }
      return { type: types[operation.activation], attributes: {} }
    }
    case 'max-pooling':
    case 'average-pooling': {
      const { kind, size, stride, ceilMode } = operation
      return {
        type: kind === 'max-pooling' ? 'MaxPool' : 'AveragePool',
        attributes: {
          kernel_shape: { ints: [size, size] },
          strides: { ints: [stride, stride] },
          ceil_mode: { int: ceilMode ? 1 : 0 },
        },
      }
    }
    case 'local-response-normalization': {
      const { size, alpha, beta, bias } = operation
      return {
        type: 'LRN',
        // ONNX divides alpha by the size.
        attributes: {
          size: { int: size },
          alpha: { float: alpha * size },
          beta: { float: beta },
          bias: { float: bias },
        },
      }
    }
    case 'linear':
      return { type: 'Gemm', attributes: { transB: { int: 1 } } }
    case 'flatten':
      return { type: 'Flatten', attributes: {} }
    case 'dropout':
      throw new Error('dropout does nothing at inference and has no node')
  }
}

function writeNode(graph: BinaryWriter, operation: Operation, input: string, output: string): void {
  const { type, attributes } = operator(operation)
  const { name, kind } = operation
  const hasWeights = kind === 'convolution' || kind === 'linear'
  graph.tag(1, 2).fork()
  for (const source of hasWeights ? [input, `${name}.weight`, `${name}.bias`] : [input]) {
    graph.tag(1, 2).string(source)
  }
  graph.tag(2, 2).string(output)
  graph.tag(3, 2).string(name)
  graph.tag(4, 2).string(type)
  for (const [key, value] of Object.entries(attributes)) {
    graph.tag(5, 2).fork()
    graph.tag(1, 2).string(key)
    if ('float' in value) graph.tag(2, 5).float(value.float).tag(20, 0).int32(attributeTypes.float)
    else if ('int' in value) graph.tag(3, 0).int64(value.int).tag(20, 0).int32(attributeTypes.int)
    else {
      for (const number of value.ints) graph.tag(8, 0).int64(number)
      graph.tag(20, 0).int32(attributeTypes.ints)
    }
    graph.join()
  }
  graph.join()
}

/** A ValueInfoProto: a float tensor with fixed and named extents. */
function writeValue(
  graph: BinaryWriter,
  field: number,
  name: string,
  shape: (number | string)[],
): void {
  graph.tag(field, 2).fork()
  graph.tag(1, 2).string(name)
  graph.tag(2, 2).fork().tag(1, 2).fork()
  graph.tag(1, 0).int32(FLOAT)
  graph.tag(2, 2).fork()
  for (const extent of shape) {
    graph.tag(1, 2).fork()
    if (typeof extent === 'number') graph.tag(1, 0).int64(extent)
    else graph.tag(2, 2).string(extent)
    graph.join()
  }
  graph.join().join().join().join()
}
