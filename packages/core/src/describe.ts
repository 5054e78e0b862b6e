// What a model is made of, layer by layer: output shape, parameters, multiply-adds, and how far
// each output looks into the picture. Read from the model itself, so a loaded or a cut model can be
// described as well as one that was just built.
import type * as tf from '@tensorflow/tfjs'
import { AdaptiveAveragePooling } from './layers/adaptive-average-pooling.ts'
import { Convolution } from './layers/convolution.ts'
import { Dropout } from './layers/dropout.ts'
import {
  LocalResponseNormalization,
  SameMapNormalization,
} from './layers/local-response-normalization.ts'
import { AveragePooling, MaxPooling } from './layers/pooling.ts'
import { adaptiveWindow } from './window.ts'

/** One layer of a description. */
export interface LayerDescription {
  /** `features.0` */
  name: string
  /** `convolution`, `relu`, `max-pooling`, `linear`, … */
  kind: string
  /** `[height, width, channels]` or `[features]`, without the batch. */
  outputShape: number[]
  /** Numbers that training changes. */
  parameters: number
  /**
   * Multiplications with an addition for one picture: convolutions and linear layers, biases not
   * counted.
   */
  multiplyAdds: number
  /** Pixels a side, padding included, that one output depends on, so it may exceed the picture. */
  receptiveField: number
  /** Pixels of the picture from one output to the next; a fraction after adaptive pooling. */
  stride: number
}

/** A model's layers and their totals. */
export interface NetworkDescription {
  layers: LayerDescription[]
  parameters: number
  multiplyAdds: number
}

/**
 * Describes a chain of layers such as `createAlexNet` builds; layers that it does not know count as
 * pointwise.
 */
export function describeModel(model: tf.LayersModel): NetworkDescription {
  const layers: LayerDescription[] = []
  let [receptiveField, stride] = [1, 1]
  let flattened: number[] | undefined
  for (const layer of model.layers) {
    if (layer.getClassName() === 'InputLayer') continue
    const inputShape = knownShape(layer.getInputAt(0))
    const outputShape = knownShape(layer.getOutputAt(0))
    if (layer.getClassName() === 'Flatten') flattened = inputShape
    const window = windowOf(layer, inputShape, flattened)
    if (layer.getClassName() === 'Dense') flattened = undefined
    receptiveField += (window.size - 1) * stride
    stride *= window.stride
    layers.push({
      name: layer.name,
      kind: kindOf(layer),
      outputShape,
      parameters: layer.countParams(),
      multiplyAdds: multiplyAdds(layer, inputShape, outputShape),
      receptiveField,
      stride,
    })
  }
  return {
    layers,
    parameters: layers.reduce((total, layer) => total + layer.parameters, 0),
    multiplyAdds: layers.reduce((total, layer) => total + layer.multiplyAdds, 0),
  }
}

/**
 * Pixels of its input that one output of a layer sees along an axis, and from one output to the
 * next.
 */
function windowOf(
  layer: tf.layers.Layer,
  [height]: number[],
  flattened: number[] | undefined,
): { size: number; stride: number } {
  if (layer instanceof Convolution) return { size: layer.kernelSize[0], stride: layer.strides }
  if (layer instanceof MaxPooling || layer instanceof AveragePooling) {
    return { size: layer.poolSize[0], stride: layer.strides }
  }
  if (layer instanceof SameMapNormalization) return { size: layer.size, stride: 1 }
  if (layer instanceof AdaptiveAveragePooling) {
    const rows = layer.outputSize[0]
    const sizes = Array.from({ length: rows }, (_, i) => {
      const [start, end] = adaptiveWindow(i, height!, rows)
      return end - start
    })
    return { size: Math.max(...sizes), stride: height! / rows }
  }
  // The first linear layer sees all the pixels that were flattened.
  if (layer.getClassName() === 'Dense' && flattened) return { size: flattened[0]!, stride: 1 }
  return { size: 1, stride: 1 }
}

const kinds = new Map<unknown, string>([
  [Convolution, 'convolution'],
  [MaxPooling, 'max-pooling'],
  [AveragePooling, 'average-pooling'],
  [AdaptiveAveragePooling, 'adaptive-average-pooling'],
  [LocalResponseNormalization, 'local-response-normalization'],
  [SameMapNormalization, 'same-map-normalization'],
  [Dropout, 'dropout'],
])

function kindOf(layer: tf.layers.Layer): string {
  const className = layer.getClassName()
  if (className === 'Dense') return 'linear'
  if (className === 'Activation') return String(layer.getConfig().activation)
  return kinds.get(layer.constructor) ?? className.toLowerCase()
}

function multiplyAdds(layer: tf.layers.Layer, input: number[], output: number[]): number {
  if (layer.getClassName() === 'Dense') return input[0]! * output[0]!
  if (!(layer instanceof Convolution)) return 0
  const [height, width] = layer.kernelSize
  return (product(output) * height * width * input[2]!) / layer.groups
}

function knownShape(tensor: tf.SymbolicTensor | tf.SymbolicTensor[]): number[] {
  return (Array.isArray(tensor) ? tensor[0]! : tensor).shape.slice(1).map((length) => length ?? 0)
}

function product(shape: number[]): number {
  return shape.reduce((total, length) => total * length, 1)
}

/** Short names that keep the table within 80 columns. */
const shortKinds: Record<string, string> = {
  'local-response-normalization': 'lrn',
  'same-map-normalization': 'lrn in map',
  'adaptive-average-pooling': 'adaptive pool',
  'max-pooling': 'max pool',
  'average-pooling': 'average pool',
}

/** A description as a table of plain text, at most 80 columns wide, ending in a line of totals. */
export function formatDescription(description: NetworkDescription): string {
  const { format: number } = new Intl.NumberFormat('en')
  const count = (value: number) => (value === 0 ? '' : number(value))
  const rows = [
    ['layer', 'kind', 'output', 'parameters', 'multiply-adds', 'field', 'stride'],
    ...description.layers.map((layer) => [
      layer.name,
      shortKinds[layer.kind] ?? layer.kind,
      layer.outputShape.join('×'),
      count(layer.parameters),
      count(layer.multiplyAdds),
      number(layer.receptiveField),
      number(Math.round(layer.stride * 100) / 100),
    ]),
    ['total', '', '', number(description.parameters), number(description.multiplyAdds), '', ''],
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const isText = (column: number) => column < 2
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
