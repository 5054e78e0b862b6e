// A network as the steps that a file of another program says: each layer with its settings checked and named, the
// sizes of what it reads and gives, and where its windows lie. ONNX and LiteRT are written from these.

import { askedMargins, type Margins, marginsOf } from '../windows.ts'

/**
 * One layer of a tf.LayersModel:
 * `{ className: layer.getClassName(), name: layer.name, config: layer.getConfig(), outputShape: layer.outputShape }`.
 */
export interface NetworkLayer {
  className: string
  name: string
  config: Readonly<Record<string, unknown>>
  /** `[batch, height, width, channels]` or `[batch, units]`. */
  outputShape: readonly unknown[]
}

/** Extents of a picture; of a vector 1, 1 and its length. */
export interface PictureSize {
  height: number
  width: number
  channels: number
}

interface Placed {
  /** The layer's, which is what its weights' names begin with. */
  name: string
  input: PictureSize
  output: PictureSize
}

/** A step that looks through windows. */
export interface WindowedStep extends Placed {
  /** `[height, width]`. */
  kernel: readonly [number, number]
  stride: number
  /** Pixels around the picture with which every window fits whole; negative ones are left out. */
  margins: Margins
  /** Of these, those that the layer's padding names; the others come of rounding up. */
  asked: Margins
}

export interface ConvolutionStep extends WindowedStep {
  kind: 'convolution'
  groups: number
}

export interface PoolingStep extends WindowedStep {
  kind: 'max-pooling' | 'average-pooling'
  /** Whether an average counts the padding that was asked for. */
  countsPadding: boolean
}

export interface AdaptivePoolingStep extends Placed {
  kind: 'adaptive-average-pooling'
}

/** Division by (bias + alpha · sum of squares)^beta: over `size` channels, or over size × size pixels. */
export interface NormalizationStep extends Placed {
  kind: 'local-response-normalization' | 'same-map-normalization'
  size: number
  alpha: number
  beta: number
  bias: number
  /** Groups of channels that do not see each other. */
  groups: number
}

export interface ActivationStep extends Placed {
  kind: 'activation'
  activation: 'relu' | 'sigmoid' | 'tanh'
}

/** Multiplication by a number: a dropout that did not scale in training. */
export interface ScalingStep extends Placed {
  kind: 'scaling'
  factor: number
}

/** Pixels to a vector, in PyTorch's order: channel by channel. */
export interface FlattenStep extends Placed {
  kind: 'flatten'
}

export interface LinearStep extends Placed {
  kind: 'linear'
}

export type NetworkStep =
  | ConvolutionStep
  | PoolingStep
  | AdaptivePoolingStep
  | NormalizationStep
  | ActivationStep
  | ScalingStep
  | FlattenStep
  | LinearStep

/**
 * What a chain of layers computes; layers that do nothing when the network is used are left out.
 *
 * @param layers all of them in order, the input first
 * @throws RangeError for a layer that has no step, naming it, and for sizes that are not fixed
 */
export function networkSteps(layers: readonly NetworkLayer[]): {
  input: PictureSize
  steps: NetworkStep[]
} {
  const [first, ...rest] = layers
  if (first?.className !== 'InputLayer') throw new RangeError('the first layer is no input')
  const steps: NetworkStep[] = []
  let before = sizeOf(first)
  const input = before
  for (const layer of rest) {
    const output = sizeOf(layer)
    steps.push(...stepsOf(layer, { name: layer.name, input: before, output }))
    before = output
  }
  return { input, steps }
}

function sizeOf({ name, outputShape }: NetworkLayer): PictureSize {
  const extents = outputShape.slice(1)
  const isKnown = extents.every((extent) => Number.isSafeInteger(extent))
  if (!isKnown || (extents.length !== 1 && extents.length !== 3)) {
    throw new RangeError(`layer ${name}: its output shape [${outputShape}] is not fixed`)
  }
  const [height, width, channels] = (
    extents.length === 3 ? extents : [1, 1, extents[0]]
  ) as number[]
  return { height: height!, width: width!, channels: channels! }
}

function stepsOf(layer: NetworkLayer, placed: Placed): NetworkStep[] {
  const { className, name, config } = layer
  const { input, output } = placed
  switch (className) {
    case 'AlexNetConvolution': {
      const groups = config.groups as number
      return [
        { kind: 'convolution', ...placed, ...windowsOf(layer, config.kernelSize, input), groups },
      ]
    }
    case 'AlexNetMaxPooling':
    case 'AlexNetAveragePooling': {
      const kind = className === 'AlexNetMaxPooling' ? 'max-pooling' : 'average-pooling'
      const countsPadding = config.countIncludePad !== false
      return [{ kind, ...placed, ...windowsOf(layer, config.poolSize, input), countsPadding }]
    }
    case 'AlexNetAdaptiveAveragePooling': {
      const isNothing = input.height === output.height && input.width === output.width
      return isNothing ? [] : [{ kind: 'adaptive-average-pooling', ...placed }]
    }
    case 'AlexNetLocalResponseNormalization':
      return [{ kind: 'local-response-normalization', ...placed, ...normalizationOf(config) }]
    case 'AlexNetSameMapNormalization':
      return [{ kind: 'same-map-normalization', ...placed, ...normalizationOf(config) }]
    case 'AlexNetDropout': {
      const { rate, inverted } = config as { rate: number; inverted?: boolean }
      const isNothing = inverted !== false || rate === 0
      return isNothing ? [] : [{ kind: 'scaling', ...placed, factor: 1 - rate }]
    }
    case 'Activation':
      return activationOf(layer, placed)
    case 'Flatten':
      return [{ kind: 'flatten', ...placed }]
    case 'Dense': {
      const after = { name: `${name}.${config.activation}`, input: output, output }
      return [{ kind: 'linear', ...placed }, ...activationOf(layer, after)]
    }
    default:
      throw new RangeError(
        `layer ${name}: ${className} has no counterpart in files of other programs`,
      )
  }
}

function windowsOf(layer: NetworkLayer, size: unknown, input: PictureSize) {
  const kernel = size as [number, number]
  return {
    kernel,
    stride: layer.config.strides as number,
    margins: marginsOf(layer, kernel, input),
    asked: askedMargins(layer.config),
  }
}

function normalizationOf(config: NetworkLayer['config']) {
  const {
    size,
    alpha,
    beta,
    bias,
    groups = 1,
  } = config as Record<'size' | 'alpha' | 'beta' | 'bias', number> & { groups?: number }
  return { size, alpha, beta, bias, groups }
}

function activationOf({ name, config }: NetworkLayer, placed: Placed): ActivationStep[] {
  const { activation } = config
  if (activation === 'linear') return []
  if (activation === 'relu' || activation === 'sigmoid' || activation === 'tanh') {
    return [{ kind: 'activation', ...placed, activation }]
  }
  throw new RangeError(
    `layer ${name}: the activation ${activation} has no counterpart in files of other programs`,
  )
}
