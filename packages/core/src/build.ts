// From an architecture's table to a tf.LayersModel. Options change a copy of the table's rows
// (another activation, no LRN, pools that do not overlap); rows keep their numbers, and so layers
// their names, whatever is switched off. Sizes are followed row by row before anything is made, so
// that a picture too small for the network is an error that says what size would do.
import * as tf from '@tensorflow/tfjs'
import type { Activation, Architecture, LayerRecord, NormalizationRecord } from './architecture.ts'
import { getArchitecture, type Variant } from './architectures/index.ts'
import { warnOfCopies } from './copies.ts'
import { OptionError, requireRate, requireWholeNumber, show, suggestion } from './errors.ts'
import { createInitializer, type Initializer, type InitialValues } from './initializers.ts'
import { AdaptiveAveragePooling } from './layers/adaptive-average-pooling.ts'
import { Convolution } from './layers/convolution.ts'
import { Dropout } from './layers/dropout.ts'
import {
  LocalResponseNormalization,
  SameMapNormalization,
} from './layers/local-response-normalization.ts'
import { AveragePooling, MaxPooling } from './layers/pooling.ts'
import { registerLayers } from './layers/register.ts'
import { reluKeepingOutput } from './layers/training-gradients.ts'
import { namedSeed } from './random.ts'
import { type Padding, windowAxes, windowCount } from './window.ts'

/** Options of `buildModel`. */
export interface BuildOptions {
  /** Outputs of the last layer. Default: the architecture's, 1000 or 10. */
  classes?: number
  /** Height and width of the pictures, in pixels. Default: the architecture's. */
  inputSize?: number
  /** Rate of every dropout layer, 0 ≤ rate < 1. Default: the architecture's. */
  dropout?: number
  /**
   * Function of every activation layer. Default: the architecture's, ReLU but for LeNet-5's tanh.
   */
  activation?: Activation
  /** Whether local response normalisation stays. Default true. */
  normalization?: boolean
  /**
   * False shrinks windows of pools that overlap (3×3 every 2 pixels) to the stride (2×2). Default
   * true.
   */
  overlappingPooling?: boolean
  /** Whole number that initial weights and dropout masks follow from. Default 0. */
  seed?: number
  /** False leaves all weights zero, for a model whose weights get loaded. Default true. */
  initialize?: boolean
}

/** Options of `createAlexNet`. */
export interface AlexNetOptions extends BuildOptions {
  /** Which network. Default 'torchvision'. */
  variant?: Variant
}

const optionNames = [
  'variant',
  'classes',
  'inputSize',
  'dropout',
  'activation',
  'normalization',
  'overlappingPooling',
  'seed',
  'initialize',
]

/**
 * An AlexNet, or one of its relatives, as a tf.LayersModel.
 *
 * Input `[batch, inputSize, inputSize, 3]` (NHWC), output logits `[batch, classes]`, no softmax.
 * Layers are named as PyTorch's modules (`features.0`, `classifier.6`), activations, pools,
 * normalisations and dropout being layers of their own: `model.getLayer('features.12').output` is
 * conv5's features.
 *
 * Throws OptionError for an option that is unknown, of the wrong type or out of range.
 */
export function createAlexNet(options: AlexNetOptions = {}): tf.LayersModel {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      throw new OptionError(`there is no option ${show(name)}: ${suggestion(name, optionNames)}`)
    }
  }
  return buildModel(getArchitecture(options.variant ?? 'torchvision'), options)
}

/**
 * The model of any architecture's table; `createAlexNet` for those that are not among the variants.
 */
export function buildModel(architecture: Architecture, options: BuildOptions = {}): tf.LayersModel {
  warnOfCopies()
  registerLayers()
  const settings = resolve(architecture, options)
  // All layers before the first weight is made, so that a bad option leaves no tensor behind.
  const layers = plan(architecture, settings).map((step) => createLayer(step, settings))
  const input = tf.input({ shape: [settings.inputSize, settings.inputSize, 3], name: 'input' })
  let output: tf.SymbolicTensor = input
  for (const layer of layers) output = layer.apply(output) as tf.SymbolicTensor
  return tf.model({ inputs: input, outputs: output, name: architecture.name })
}

/**
 * The convolutional part of an architecture's table, for pictures of any size: `[batch, height, width, 3]` (NHWC) to the
 * output of each of its activations, `[batch, h, w, channels]`, in order. Weights are zero until they are loaded, under the
 * same names as the whole network's (`features.0.weight`).
 */
export function buildFeatures(architecture: Architecture): tf.LayersModel {
  warnOfCopies()
  registerLayers()
  const settings = resolve(architecture, { initialize: false })
  const steps = plan(architecture, settings).filter(({ name }) => name.startsWith('features.'))
  const last = steps.findLastIndex(({ record }) => record.kind === 'activation')
  const inputs = tf.input({ shape: [null, null, 3], name: 'input' })
  const outputs: tf.SymbolicTensor[] = []
  let output: tf.SymbolicTensor = inputs
  for (const step of steps.slice(0, last + 1)) {
    output = createLayer(step, settings).apply(output) as tf.SymbolicTensor
    if (step.record.kind === 'activation') outputs.push(output)
  }
  return tf.model({ inputs, outputs, name: `${architecture.name}-features` })
}

/**
 * Names and shapes of the weights that a model of an architecture's table has, by PyTorch's names and in its
 * layouts, in the order of its layers; nothing is made. `recognise` of `@alexnet/model` holds files against them.
 *
 * @throws OptionError as `buildModel`
 */
export function weightShapes(
  architecture: Architecture,
  options: BuildOptions = {},
): Map<string, readonly number[]> {
  const settings = resolve(architecture, options)
  const shapes = new Map<string, readonly number[]>()
  for (const { name, record, input } of plan(architecture, settings)) {
    if (record.kind !== 'convolution' && record.kind !== 'linear') continue
    const outputs = outputSize(record, input, settings).channels
    const shape =
      record.kind === 'linear'
        ? [outputs, input.channels]
        : [outputs, input.channels / (record.groups ?? 1), record.size, record.size]
    shapes.set(`${name}.weight`, shape).set(`${name}.bias`, [outputs])
  }
  return shapes
}

type Settings = ReturnType<typeof resolve>

function resolve(architecture: Architecture, options: BuildOptions) {
  const settings = {
    classes: requireWholeNumber('classes', options.classes ?? architecture.classes, 1),
    inputSize: requireWholeNumber('inputSize', options.inputSize ?? architecture.inputSize, 1),
    dropout: options.dropout === undefined ? undefined : requireRate('dropout', options.dropout),
    activation: options.activation,
    normalization: requireBoolean('normalization', options.normalization),
    overlappingPooling: requireBoolean('overlappingPooling', options.overlappingPooling),
    seed: requireWholeNumber('seed', options.seed ?? 0, 0),
    initialize: requireBoolean('initialize', options.initialize),
  }
  const activations = ['relu', 'sigmoid', 'tanh']
  if (settings.activation !== undefined && !activations.includes(settings.activation)) {
    throw new OptionError(
      `activation must be one of ${activations.join(', ')}, found ${show(settings.activation)}`,
    )
  }
  return settings
}

function requireBoolean(name: string, value: unknown): boolean {
  if (value === undefined) return true
  if (typeof value === 'boolean') return value
  throw new OptionError(`${name} must be true or false, found ${show(value)}`)
}

/** Pixels a side and channels; 1 × 1 pixels once flattened. */
interface Size {
  pixels: number
  channels: number
}

/** A row of the table with its layer's name and the size of its input. */
interface Step {
  name: string
  record: LayerRecord | { kind: 'flatten' }
  input: Size
}

/** Rows of a table in order, as they are when switched off ones are left out. */
function plan(architecture: Architecture, settings: Settings): Step[] {
  const steps = follow(architecture, settings, settings.inputSize)
  if (typeof steps !== 'string') return steps
  let smallest = settings.inputSize + 1
  while (typeof follow(architecture, settings, smallest) === 'string') smallest++
  throw new OptionError(
    `inputSize ${settings.inputSize} is too small for ${architecture.name}: ${steps} has nothing left ` +
      `to look at; the smallest size that works is ${smallest}`,
  )
}

/**
 * The steps for pictures of `inputSize`, or the name of the first layer that they are too small
 * for.
 */
function follow(
  architecture: Architecture,
  settings: Settings,
  inputSize: number,
): Step[] | string {
  const rows: { name: string; record: Step['record'] }[] = [
    ...architecture.features.map((record, i) => ({ name: `features.${i}`, record })),
    ...(architecture.avgpool ? [{ name: 'avgpool', record: architecture.avgpool }] : []),
    { name: 'flatten', record: { kind: 'flatten' } },
    ...architecture.classifier.map((record, i) => ({ name: `classifier.${i}`, record })),
  ]
  const steps: Step[] = []
  let input: Size = { pixels: inputSize, channels: 3 }
  for (const { name, record } of rows) {
    if (!settings.normalization && record.kind.endsWith('normalization')) continue
    steps.push({ name, record, input })
    input = outputSize(record, input, settings)
    if (input.pixels < 1) return name
  }
  return steps
}

function outputSize(record: Step['record'], input: Size, settings: Settings): Size {
  switch (record.kind) {
    case 'convolution':
      return { pixels: squareCount(input.pixels, record), channels: record.filters }
    case 'max-pooling':
    case 'average-pooling':
      return { pixels: squareCount(input.pixels, record), channels: input.channels }
    case 'adaptive-average-pooling':
      return { pixels: record.size, channels: input.channels }
    case 'flatten':
      return { pixels: 1, channels: input.pixels ** 2 * input.channels }
    case 'linear':
      return { pixels: 1, channels: record.units === 'classes' ? settings.classes : record.units }
    default:
      return input
  }
}

/** Windows a side that a square record places on a square picture. */
function squareCount(
  pixels: number,
  record: { size: number; stride?: number; padding?: Padding; ceilMode?: boolean },
): number {
  const { size, stride = 1, padding = 0, ceilMode = false } = record
  return windowCount(pixels, windowAxes({ size: [size, size], stride, padding, ceilMode })[0])
}

function createLayer({ name, record, input }: Step, settings: Settings): tf.layers.Layer {
  switch (record.kind) {
    case 'convolution': {
      const { filters, size, stride = 1, padding = 0, groups = 1, ceilMode = false } = record
      const fanIn = (size ** 2 * input.channels) / groups
      return new Convolution({
        name,
        filters,
        kernelSize: size,
        strides: stride,
        padding,
        groups,
        ceilMode,
        ...initializers(name, record, fanIn, settings),
      })
    }
    case 'linear': {
      const units = record.units === 'classes' ? settings.classes : record.units
      requireRoom(name, input.channels * units)
      return tf.layers.dense({
        name,
        units,
        ...initializers(name, record, input.channels, settings),
      })
    }
    case 'activation':
      return activationLayer(name, settings.activation ?? record.activation)
    case 'local-response-normalization':
      return new LocalResponseNormalization({ ...withoutKind(record), name })
    case 'same-map-normalization':
      return new SameMapNormalization({ ...withoutKind(record), name })
    case 'max-pooling':
    case 'average-pooling': {
      const Pooling = record.kind === 'max-pooling' ? MaxPooling : AveragePooling
      const { size, stride, ceilMode = false } = record
      if (size > stride && !settings.overlappingPooling) {
        return new Pooling({ name, ...withoutOverlap(record, input.pixels) })
      }
      return new Pooling({ name, poolSize: size, strides: stride, ceilMode })
    }
    case 'adaptive-average-pooling':
      return new AdaptiveAveragePooling({ name, outputSize: record.size })
    case 'flatten':
      return tf.layers.flatten({ name })
    case 'dropout': {
      const { rate, inverted = true } = record
      const seed = namedSeed(settings.seed, name)
      return new Dropout({ name, rate: settings.dropout ?? rate, inverted, seed })
    }
  }
}

/** TensorFlow.js's own layer, its ReLU in the form that keeps less memory in training. */
function activationLayer(name: string, activation: Activation): tf.layers.Layer {
  const layer = tf.layers.activation({ name, activation })
  if (activation === 'relu') {
    layer.call = (inputs) => reluKeepingOutput(Array.isArray(inputs) ? inputs[0]! : inputs)
  }
  return layer
}

/** A normalisation's numbers, which are its layer's settings. */
function withoutKind({ kind: _, ...settings }: NormalizationRecord) {
  return settings
}

/**
 * Windows of stride × stride pixels that give as many outputs as the record's overlapping ones do,
 * so that the layers after see the same sizes. Smaller windows fit once more where the larger ones,
 * rounding down, leave pixels over (3×3 every 2 on 12 pixels: 5 windows, 2×2: 6); those pixels are
 * left out.
 */
function withoutOverlap(
  record: { size: number; stride: number; ceilMode?: boolean },
  pixels: number,
) {
  const poolSize = record.stride
  const count = squareCount(pixels, record)
  const left = pixels - (count - 1) * record.stride - poolSize
  const excess = left >= record.stride ? record.stride - 1 - left : 0
  const padding: Padding = excess
    ? [
        [0, excess],
        [0, excess],
      ]
    : 0
  return { poolSize, strides: record.stride, padding, ceilMode: left < 0 }
}

/** A layer's two initialisers; each weight of a model draws from a stream of its own. */
function initializers(
  name: string,
  { initial }: { initial: InitialValues },
  fanIn: number,
  { seed, initialize }: Settings,
): { kernelInitializer: Initializer; biasInitializer: Initializer } {
  const { weights, biases } = initialize ? initial : ({ weights: 0, biases: 0 } as const)
  return {
    kernelInitializer: createInitializer(weights, fanIn, namedSeed(seed, `${name}.weight`)),
    biasInitializer: createInitializer(biases, fanIn, namedSeed(seed, `${name}.bias`)),
  }
}

/** Most numbers that one weight may hold: 4 GiB of float32. */
const LARGEST_WEIGHT = 2 ** 30

function requireRoom(name: string, count: number): void {
  if (count <= LARGEST_WEIGHT) return
  throw new OptionError(
    `layer ${name} would have ${count.toLocaleString('en')} weights, more than a tensor can hold: ` +
      'choose a smaller inputSize or fewer classes',
  )
}
