// A network in the layers that TensorFlow.js has itself, so that a file of it opens where this project is not
// installed. Explicit padding becomes 'same' where the two agree, otherwise ZeroPadding2D; sizes that round up
// likewise; a dropout that does not scale in training gets a Rescaling after it. Local response normalisation and
// groups of channels have no stock layer: those stay as they are, and are named.

import type { NetworkLayer } from './network/layers.ts'
import { askedMargins, type Margins, marginsOf } from './windows.ts'

/** A network as model.json has it. */
export interface LayersModelTopology {
  /** `modelTopology` of a layers-model. */
  topology: object
  /** Layers that only `registerLayers()` of @alexnet/core makes known; of most variants none. */
  own: { name: string; className: string }[]
}

interface StockLayer {
  className: string
  config: Readonly<Record<string, unknown>>
}

/** Pixels of a layer's input. */
interface Size {
  height: number
  width: number
}

/**
 * The topology of a chain of layers, weights keeping their layers' names and layouts.
 *
 * @param name the model's
 * @param layers as `encodeOnnx` takes them, the input first
 * @throws RangeError when the first layer is no input
 */
export function layersModelTopology(
  name: string,
  layers: readonly NetworkLayer[],
): LayersModelTopology {
  const [input, ...rest] = layers
  if (input?.className !== 'InputLayer') throw new RangeError('the first layer is no input')
  const chain: StockLayer[] = [{ className: 'InputLayer', config: input.config }]
  const own: LayersModelTopology['own'] = []
  let before = input
  // Zeros around a picture are no less than its pixels: then they do for a maximum what −∞ does.
  let isPositive = false
  for (const layer of rest) {
    const [, height, width] = before.outputShape as number[]
    const stock = inStockLayers(layer, { height: height!, width: width! }, isPositive)
    if (!stock) own.push({ name: layer.name, className: layer.className })
    chain.push(...(stock ?? [{ className: layer.className, config: layer.config }]))
    isPositive = staysPositive(layer, isPositive)
    before = layer
  }
  const nameOf = ({ config }: StockLayer) => config.name as string
  const entries = chain.map((layer, at) => ({
    class_name: layer.className,
    config: pythonic(layer.config),
    name: nameOf(layer),
    inbound_nodes: at === 0 ? [] : [[[nameOf(chain[at - 1]!), 0, 0, {}]]],
  }))
  const config = {
    name,
    layers: entries,
    input_layers: [[nameOf(chain[0]!), 0, 0]],
    output_layers: [[nameOf(chain.at(-1)!), 0, 0]],
  }
  return { topology: { class_name: 'Model', config, keras_version: '2.2.4' }, own }
}

/** A layer in TensorFlow.js's own, undefined where they cannot say it. */
function inStockLayers(
  layer: NetworkLayer,
  size: Size,
  isPositive: boolean,
): StockLayer[] | undefined {
  const { className, name, config } = layer
  const { trainable } = config
  const common = { name, trainable }
  switch (className) {
    case 'AlexNetConvolution':
      return config.groups === 1 ? convolution(layer, size) : undefined
    case 'AlexNetMaxPooling':
      return pooling(layer, size, isPositive)
    case 'AlexNetAveragePooling':
      return pooling(layer, size, false)
    case 'AlexNetAdaptiveAveragePooling':
      return adaptivePooling(layer, size)
    case 'AlexNetDropout': {
      const { rate, inverted } = config
      const dropout = { className: 'Dropout', config: { ...common, rate } }
      if (inverted !== false || rate === 0) return [dropout]
      // Stock dropout divides by what this multiplies with: in training nothing is left of both.
      const scale = { name: `${name}.scale`, scale: 1 - (rate as number), offset: 0 }
      return [dropout, { className: 'Rescaling', config: scale }]
    }
    case 'Dense':
      return [{ className, config: { ...config, ...withoutInitialValues } }]
    case 'Activation':
    case 'Flatten':
      return [{ className, config }]
    default:
      return undefined
  }
}

/** Weights come with the file: nothing is drawn for them. */
const withoutInitialValues = {
  kernelInitializer: { className: 'Zeros', config: {} },
  biasInitializer: { className: 'Zeros', config: {} },
}

function convolution(layer: NetworkLayer, size: Size): StockLayer[] {
  const { name, config } = layer
  const { filters, kernelSize, strides, trainable } = config
  const kernel = kernelSize as [number, number]
  const margins = marginsOf(layer, kernel, size)
  const isSame = isSamePadding(margins, layer, kernel, size)
  const settings = {
    name,
    trainable,
    filters,
    kernelSize: kernel,
    strides: [strides, strides],
    padding: isSame ? 'same' : 'valid',
    dataFormat: 'channels_last',
    dilationRate: [1, 1],
    activation: 'linear',
    useBias: true,
    ...withoutInitialValues,
  }
  return [...(isSame ? [] : padded(name, margins)), { className: 'Conv2D', config: settings }]
}

/** @param mayPad whether zeros at the borders change nothing */
function pooling(layer: NetworkLayer, size: Size, mayPad: boolean): StockLayer[] | undefined {
  const { className, name, config } = layer
  const { poolSize, strides, trainable, countIncludePad } = config
  const window = poolSize as [number, number]
  const margins = marginsOf(layer, window, size)
  const isMax = className === 'AlexNetMaxPooling'
  const asked = askedMargins(config)
  // Averages count the padding that was asked for, and not what rounding up adds; 'same' counts none.
  const isAsked = Object.values(asked).some((side) => side > 0)
  const countsNone = isMax || !isAsked || countIncludePad === false
  const isSame = countsNone && isSamePadding(margins, layer, window, size)
  const countsAll = isAsked && countIncludePad !== false && isEqual(margins, asked)
  if (!isSame && Object.values(margins).some((side) => side > 0) && !mayPad && !countsAll) {
    return undefined
  }
  const settings = {
    name,
    trainable,
    poolSize: window,
    strides: [strides, strides],
    padding: isSame ? 'same' : 'valid',
    dataFormat: 'channels_last',
  }
  const stock = isMax ? 'MaxPooling2D' : 'AveragePooling2D'
  return [...(isSame ? [] : padded(name, margins)), { className: stock, config: settings }]
}

function adaptivePooling(
  { name, config }: NetworkLayer,
  { height, width }: Size,
): StockLayer[] | undefined {
  const [rows, columns] = config.outputSize as [number, number]
  // Nothing to do; its name stays, for those who ask for its output.
  if (rows === height && columns === width) {
    return [{ className: 'Activation', config: { name, activation: 'linear' } }]
  }
  if (height % rows !== 0 || width % columns !== 0) return undefined
  const window = [height / rows, width / columns]
  const settings = { name, poolSize: window, strides: window, padding: 'valid' }
  return [{ className: 'AveragePooling2D', config: { ...settings, dataFormat: 'channels_last' } }]
}

/** What comes before windows that are all inside: rows and columns added, or left out. */
function padded(name: string, { top, bottom, left, right }: Margins): StockLayer[] {
  const layers: StockLayer[] = []
  const dataFormat = 'channels_last'
  if (bottom < 0 || right < 0) {
    const cropping = [
      [0, Math.max(0, -bottom)],
      [0, Math.max(0, -right)],
    ]
    const config = { name: `${name}.cropping`, cropping, dataFormat }
    layers.push({ className: 'Cropping2D', config })
  }
  if (top > 0 || left > 0 || bottom > 0 || right > 0) {
    const padding = [
      [top, Math.max(0, bottom)],
      [left, Math.max(0, right)],
    ]
    const config = { name: `${name}.padding`, padding, dataFormat }
    layers.push({ className: 'ZeroPadding2D', config })
  }
  return layers
}

/** Whether TensorFlow's 'same', ⌈length / stride⌉ windows with the odd pixel after, is this padding. */
function isSamePadding(
  { top, bottom, left, right }: Margins,
  { config, outputShape }: NetworkLayer,
  kernel: readonly [number, number],
  { height, width }: Size,
): boolean {
  const stride = config.strides as number
  const isSame = (before: number, after: number, size: number, length: number, count: unknown) => {
    const windows = Math.ceil(length / stride)
    const sum = Math.max(0, (windows - 1) * stride + size - length)
    return windows === count && before === Math.floor(sum / 2) && after === Math.ceil(sum / 2)
  }
  return (
    isSame(top, bottom, kernel[0], height, outputShape[1]) &&
    isSame(left, right, kernel[1], width, outputShape[2])
  )
}

const isEqual = (one: Margins, other: Margins) =>
  one.top === other.top &&
  one.bottom === other.bottom &&
  one.left === other.left &&
  one.right === other.right

/** Whether no value of a layer's output is below 0. */
function staysPositive({ className, config }: NetworkLayer, isPositive: boolean): boolean {
  if (className === 'Activation') {
    return isPositive || ['relu', 'sigmoid'].includes(String(config.activation))
  }
  return isPositive && className !== 'AlexNetConvolution' && className !== 'Dense'
}

/** Settings as Keras names them: `kernelSize` is `kernel_size`. */
function pythonic(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pythonic)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      pythonic(inside),
    ]),
  )
}
