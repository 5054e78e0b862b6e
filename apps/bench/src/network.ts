// The network under test as plain data: what every engine that is not a TensorFlow.js backend (ONNX
// Runtime, PyTorch, jax-js) builds its own network from, read from the same architecture table as ours.
//
// Weights are drawn from N(0, √(2 / fan-in)) whatever the architecture says: a freshly made torchvision
// network gives nearly the same logits for every picture, which would hide wrong convolutions.

import { describeModel, getArchitecture } from '@alexnet/core'
import {
  type Architecture,
  buildModel,
  type InitialValues,
  type LayerRecord,
} from '@alexnet/core/architectures'
import type * as tf from '@tensorflow/tfjs'
import { BenchError } from './errors.ts'

/** One step of a network; shapes are without the batch, `[height, width, channels]` or `[features]`. */
export type Operation = { name: string; inputShape: number[]; outputShape: number[] } & (
  | {
      kind: 'convolution'
      filters: number
      size: number
      stride: number
      padding: number
      groups: number
    }
  | { kind: 'activation'; activation: 'relu' | 'tanh' | 'sigmoid' }
  | { kind: 'max-pooling' | 'average-pooling'; size: number; stride: number; ceilMode: boolean }
  /** `x · (bias + alpha · Σ x²)^(−beta)` over `size` channels; alpha is not divided by the size. */
  | {
      kind: 'local-response-normalization'
      size: number
      alpha: number
      beta: number
      bias: number
    }
  | { kind: 'flatten' }
  | { kind: 'dropout'; rate: number }
  | { kind: 'linear'; units: number }
)

export interface Network {
  variant: string
  inputSize: number
  classes: number
  /** Multiplications with an addition of one picture's forward pass. */
  multiplyAdds: number
  operations: Operation[]
}

/** What a network is asked for by. */
export interface NetworkOptions {
  variant: string
  /** Pixels a side. Default: the architecture's. */
  size?: number
  /** Rate of every dropout layer. Default: the architecture's. */
  dropout?: number
}

const initial: InitialValues = {
  weights: { kind: 'fan-in-normal', gain: Math.SQRT2 },
  biases: { kind: 'fan-in-uniform' },
}

/** The network as a TensorFlow.js model, on the current backend. */
export function createModel(
  { variant, size, dropout }: NetworkOptions,
  { initialize = true } = {},
): tf.LayersModel {
  const architecture = getArchitecture(variant)
  const spread = <T extends LayerRecord>(record: T): T =>
    'initial' in record ? { ...record, initial } : record
  const changed: Architecture = {
    ...architecture,
    features: architecture.features.map(spread),
    classifier: architecture.classifier.map(spread),
  }
  return buildModel(changed, {
    seed: 1,
    initialize,
    ...(size !== undefined && { inputSize: size }),
    dropout,
  })
}

/** The operations of a model that `createModel` made; BenchError for what other engines lack. */
export function describeNetwork(model: tf.LayersModel, { variant }: NetworkOptions): Network {
  const architecture = getArchitecture(variant)
  const { layers, multiplyAdds } = describeModel(model)
  const inputShape = model.inputs[0]!.shape.slice(1) as number[]
  const records = new Map<string, LayerRecord>([
    ...architecture.features.map((record, i) => [`features.${i}`, record] as const),
    ...architecture.classifier.map((record, i) => [`classifier.${i}`, record] as const),
    ...(architecture.avgpool ? [['avgpool', architecture.avgpool] as const] : []),
  ])
  const operations: Operation[] = []
  let shape = inputShape
  for (const { name, outputShape } of layers) {
    const place = { name, inputShape: shape, outputShape }
    const operation = translate(records.get(name) ?? { kind: 'flatten' }, place)
    if (operation) operations.push(operation)
    shape = outputShape
  }
  return { variant, inputSize: inputShape[0]!, classes: shape[0]!, multiplyAdds, operations }
}

type Place = Pick<Operation, 'name' | 'inputShape' | 'outputShape'>

/** One row of the table; undefined for a layer that does nothing here. */
function translate(record: LayerRecord | { kind: 'flatten' }, place: Place): Operation | undefined {
  const cannot = (what: string): never => {
    throw new BenchError(
      `layer ${place.name} has ${what}, which the peers cannot be given: bench another variant or size`,
    )
  }
  switch (record.kind) {
    case 'convolution': {
      const { filters, size, stride = 1, padding = 0, groups = 1, ceilMode } = record
      if (ceilMode) return cannot('a convolution whose size rounds up')
      return { ...place, kind: 'convolution', filters, size, stride, padding, groups }
    }
    case 'activation':
      return { ...place, kind: 'activation', activation: record.activation }
    case 'max-pooling':
    case 'average-pooling': {
      const { kind, size, stride, ceilMode = false } = record
      return { ...place, kind, size, stride, ceilMode }
    }
    case 'local-response-normalization': {
      const { kind, size, alpha, beta, bias, groups = 1 } = record
      if (groups !== 1) return cannot('normalisation by groups')
      return { ...place, kind, size, alpha, beta, bias }
    }
    case 'same-map-normalization':
      return cannot('normalisation within a map')
    case 'adaptive-average-pooling':
      if (place.inputShape[0] !== record.size) {
        return cannot(`adaptive pooling from ${place.inputShape[0]} to ${record.size} pixels`)
      }
      return undefined
    case 'dropout':
      if (record.inverted === false) return cannot('dropout that scales at inference')
      return { ...place, kind: 'dropout', rate: record.rate }
    case 'linear':
      return { ...place, kind: 'linear', units: place.outputShape[0]! }
    case 'flatten':
      return { ...place, kind: 'flatten' }
  }
}

/** Floating point operations of one picture: a multiply-add is two. */
export function inferenceFlops(network: Network): number {
  return 2 * network.multiplyAdds
}

/** Forward, gradients of weights and of inputs; nobody needs the gradient of the picture itself. */
export function trainingFlops(network: Network): number {
  return 2 * (3 * network.multiplyAdds - firstLayerMultiplyAdds(network))
}

function firstLayerMultiplyAdds({ operations }: Network): number {
  const first = operations.find(({ kind }) => kind === 'convolution')
  if (first?.kind !== 'convolution') return 0
  const outputs = first.outputShape.reduce((product, length) => product * length, 1)
  return (outputs * first.size ** 2 * first.inputShape[2]!) / first.groups
}
