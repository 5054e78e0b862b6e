// Two-dimensional convolution with explicit padding and groups. tf.layers.conv2d knows only 'same'
// and 'valid' padding and no groups; AlexNet pads by given numbers of pixels, splits conv2, conv4
// and conv5 into two groups, and its released source rounds sizes up.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { type Initializer, toInitializer } from '../initializers.ts'
import { type Padding, tensorPadding, windowAxes, windowCount } from '../window.ts'
import {
  checkPadding,
  countOrNull,
  type LayerSettings,
  oneShape,
  pictures,
  requireWindows,
  sizePair,
} from './support.ts'
import { convolveGroups, convolveWithBias, knowsGroups } from './training-gradients.ts'

/** Settings of a Convolution. */
export interface ConvolutionSettings extends LayerSettings {
  /** Output channels, a multiple of `groups`. */
  filters: number
  /** Pixels of the filter, a number or `[height, width]`. */
  kernelSize: number | readonly [number, number]
  /** Pixels from one window to the next, on both axes. Default 1. */
  strides?: number
  /** Zeros around the picture. Default 0. */
  padding?: Padding
  /** Pads at the bottom and right so that sizes round up instead of down. Default false. */
  ceilMode?: boolean
  /**
   * Groups that the channels are split into; group i's outputs see group i's inputs alone. Default
   * 1.
   */
  groups?: number
  /** Default zeros. */
  kernelInitializer?: Initializer | string | object
  /** Default zeros. */
  biasInitializer?: Initializer | string | object
}

/**
 * Convolution with bias, `[batch, h, w, channels]` to `[batch, h', w', filters]`, cross-correlation
 * as in every framework. Weights: `kernel` `[height, width, channels / groups, filters]`, `bias`
 * `[filters]`. Sizes are PyTorch's: h' = ⌊(h + top + bottom − height) / strides⌋ + 1, ⌈…⌉ with
 * `ceilMode`.
 */
export class Convolution extends tf.layers.Layer {
  static className = 'AlexNetConvolution'
  readonly filters: number
  readonly kernelSize: [number, number]
  readonly strides: number
  readonly padding: Padding
  readonly ceilMode: boolean
  readonly groups: number
  readonly #kernelInitializer: Initializer
  readonly #biasInitializer: Initializer
  #kernel: tf.LayerVariable | undefined
  #bias: tf.LayerVariable | undefined

  constructor(settings: ConvolutionSettings) {
    super(settings)
    this.filters = requireWholeNumber('filters', settings.filters, 1)
    this.kernelSize = sizePair('kernelSize', settings.kernelSize)
    this.strides = requireWholeNumber('strides', settings.strides ?? 1, 1)
    this.padding = checkPadding(settings.padding ?? 0)
    this.ceilMode = settings.ceilMode ?? false
    this.groups = requireWholeNumber('groups', settings.groups ?? 1, 1)
    this.#kernelInitializer = toInitializer(settings.kernelInitializer ?? 'zeros')
    this.#biasInitializer = toInitializer(settings.biasInitializer ?? 'zeros')
    this.#requireDivisible('filters', this.filters)
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = oneShape(inputShape)[3]!
    this.#requireDivisible('input channels', channels)
    const shape = [...this.kernelSize, channels / this.groups, this.filters]
    this.#kernel = this.addWeight('kernel', shape, 'float32', this.#kernelInitializer)
    this.#bias = this.addWeight('bias', [this.filters], 'float32', this.#biasInitializer)
    this.built = true
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width] = oneShape(inputShape)
    const [vertical, horizontal] = this.axes()
    return [
      batch!,
      countOrNull(height!, (length) => windowCount(length, vertical)),
      countOrNull(width!, (length) => windowCount(length, horizontal)),
      this.filters,
    ]
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: Record<string, unknown> = {},
  ): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      const input = pictures(inputs)
      const axes = this.axes()
      const [height, width] = [input.shape[1], input.shape[2]]
      requireWindows(this.name, input.shape, [
        windowCount(height, axes[0]),
        windowCount(width, axes[1]),
      ])
      const pad = tensorPadding([height, width], axes)
      const filter = this.#kernel!.read() as tf.Tensor4D
      const bias = this.#bias!.read() as tf.Tensor1D
      if (this.groups > 1 && knowsGroups()) {
        return convolveGroups(input, filter, bias, { strides: this.strides, pad }, this.groups)
      }
      if (this.groups > 1) {
        const filters = tf.split<tf.Tensor4D>(filter, this.groups, 3)
        const outputs = tf
          .split<tf.Tensor4D>(input, this.groups, 3)
          .map((part, group) => tf.conv2d(part, filters[group]!, this.strides, pad))
        return tf.add(tf.concat(outputs, 3), bias)
      }
      if (kwargs.training === true) {
        return convolveWithBias(input, filter, bias, { strides: this.strides, pad })
      }
      return tf.fused.conv2d({ x: input, filter, strides: this.strides, pad, bias })
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      filters: this.filters,
      kernelSize: this.kernelSize,
      strides: this.strides,
      padding: this.padding as number | number[][],
      ceilMode: this.ceilMode,
      groups: this.groups,
      kernelInitializer: serialized(this.#kernelInitializer),
      biasInitializer: serialized(this.#biasInitializer),
    }
  }

  /** The windows along rows and columns. */
  axes() {
    return windowAxes({
      size: this.kernelSize,
      stride: this.strides,
      padding: this.padding,
      ceilMode: this.ceilMode,
    })
  }

  #requireDivisible(what: string, count: number): void {
    if (count % this.groups === 0) return
    throw new OptionError(
      `layer ${this.name}: ${count} ${what} cannot be split into ${this.groups} equal groups`,
    )
  }
}

function serialized(initializer: Initializer): tf.serialization.ConfigDict {
  return { className: initializer.getClassName(), config: initializer.getConfig() }
}
