// What an architecture is: a table of layer records, data and not code, from which the builder
// makes a model. A record's place in its table gives the layer its name (`features.3`,
// `classifier.6`), which is the name of the same module in PyTorch's nn.Sequential, so weights map
// by name.
import type { InitialValues } from './initializers.ts'

/** The functions that can stand in the place of the original's non-linearity. */
export type Activation = 'relu' | 'sigmoid' | 'tanh'

/**
 * Convolution over `size` × `size` pixels; defaults: stride 1, padding 0, 1 group, sizes round
 * down.
 */
export interface ConvolutionRecord {
  kind: 'convolution'
  filters: number
  size: number
  stride?: number
  padding?: number
  groups?: number
  ceilMode?: boolean
  initial: InitialValues
}

/** Fully connected layer; `units: 'classes'` marks the head. */
export interface LinearRecord {
  kind: 'linear'
  units: number | 'classes'
  initial: InitialValues
}

/** The non-linearity, which the option `activation` replaces. */
export interface ActivationRecord {
  kind: 'activation'
  activation: Activation
}

/** Normalisation across channels, or within each channel over size × size pixels. */
export interface NormalizationRecord {
  kind: 'local-response-normalization' | 'same-map-normalization'
  size: number
  /** Factor of the sum of squares, not divided by anything. */
  alpha: number
  beta: number
  bias: number
  /** Groups of channels that do not see each other. Default 1; across channels only. */
  groups?: number
}

/** Max or average pooling over size × size pixels; `ceilMode` rounds sizes up (default down). */
export interface PoolingRecord {
  kind: 'max-pooling' | 'average-pooling'
  size: number
  stride: number
  ceilMode?: boolean
}

/** Average pooling to `size` × `size` pixels from any size. */
export interface AdaptivePoolingRecord {
  kind: 'adaptive-average-pooling'
  size: number
}

/** Dropout; `inverted` (default) scales in training, otherwise inference multiplies by 1 − rate. */
export interface DropoutRecord {
  kind: 'dropout'
  rate: number
  inverted?: boolean
}

/** One row of an architecture's table. */
export type LayerRecord =
  | ConvolutionRecord
  | LinearRecord
  | ActivationRecord
  | NormalizationRecord
  | PoolingRecord
  | AdaptivePoolingRecord
  | DropoutRecord

/** One value a channel: red, green, blue. */
type ChannelValues = readonly [red: number, green: number, blue: number]

/**
 * What evaluation does to a picture before it is cut to the network's input: the record that
 * @alexnet/data takes, less the crop.
 */
export interface Preparation {
  /** Pixels of the shorter side after resizing, for an input of the default size. */
  readonly resize: number
  /** Channel means of values from 0 to 1. */
  readonly mean: ChannelValues
  /** Channel standard deviations of values from 0 to 1; 1/255 keeps the scale of 0 to 255. */
  readonly std: ChannelValues
}

/** A network: convolutional features, flattened, then a classifier. */
export interface Architecture {
  /** The variant's name. */
  name: string
  /** One line on where it comes from. */
  description: string
  /** Default height and width of the input, in pixels; it has three channels. */
  inputSize: number
  /** How pictures are prepared for it where its weights do not say otherwise. */
  preparation: Preparation
  /** Default number of classes. */
  classes: number
  /** Layers `features.0`, `features.1`, … */
  features: readonly LayerRecord[]
  /** Layer `avgpool` between features and classifier, where there is one. */
  avgpool?: AdaptivePoolingRecord
  /** Layers `classifier.0`, `classifier.1`, … on the flattened features. */
  classifier: readonly LayerRecord[]
}

type ConvolutionOptions = Pick<
  ConvolutionRecord,
  'stride' | 'padding' | 'groups' | 'ceilMode' | 'initial'
>

/** A convolution's row. */
export function convolution(
  filters: number,
  size: number,
  options: ConvolutionOptions,
): ConvolutionRecord {
  return { kind: 'convolution', filters, size, ...options }
}

/** A fully connected layer's row. */
export function linear(units: number | 'classes', initial: InitialValues): LinearRecord {
  return { kind: 'linear', units, initial }
}

/** A non-linearity's row. */
export function activation(name: Activation): ActivationRecord {
  return { kind: 'activation', activation: name }
}

/** A max pooling's row; AlexNet's pools overlap: 3×3 pixels every 2. */
export function maxPooling(
  size: number,
  stride: number,
  options: { ceilMode?: boolean } = {},
): PoolingRecord {
  return { kind: 'max-pooling', size, stride, ...options }
}

/** An average pooling's row. */
export function averagePooling(
  size: number,
  stride: number,
  options: { ceilMode?: boolean } = {},
): PoolingRecord {
  return { kind: 'average-pooling', size, stride, ...options }
}

/** A dropout's row. */
export function dropout(rate: number, options: { inverted?: boolean } = {}): DropoutRecord {
  return { kind: 'dropout', rate, ...options }
}
