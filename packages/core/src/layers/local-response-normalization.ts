// Local response normalisation, the 2012 paper's "lateral inhibition" (section 3.3), in the two
// forms that cuda-convnet has: across neighbouring channels at one pixel (the paper's), and across
// neighbouring pixels of one channel, which the released net 145 adds after conv2.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber, show } from '../errors.ts'
import { type LayerSettings, oneShape, pictures } from './support.ts'

/**
 * Settings of both normalisations: y = x · (bias + alpha · Σ x²)^(−beta), `alpha` not divided by
 * the size.
 */
export interface NormalizationSettings extends LayerSettings {
  /** Channels (or pixels a side) that the sum goes over, an odd number. Default 5. */
  size?: number
  /** Factor of the sum. Default 1e-4. */
  alpha?: number
  /** Exponent. Default 0.75. */
  beta?: number
  /** What is added to the scaled sum, the paper's k. Default 2; 1 within a channel. */
  bias?: number
}

abstract class Normalization extends tf.layers.Layer {
  readonly size: number
  readonly alpha: number
  readonly beta: number
  readonly bias: number

  constructor(settings: NormalizationSettings, defaultBias: number) {
    super(settings)
    this.size = requireWholeNumber('size', settings.size ?? 5, 1)
    if (this.size % 2 === 0) throw new OptionError(`size must be odd, found ${this.size}`)
    this.alpha = requireNumber('alpha', settings.alpha ?? 1e-4)
    this.beta = requireNumber('beta', settings.beta ?? 0.75)
    this.bias = requireNumber('bias', settings.bias ?? defaultBias)
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape)
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { size, alpha, beta, bias } = this
    return { ...super.getConfig(), size, alpha, beta, bias }
  }
}

/** Settings of LocalResponseNormalization. */
export interface LocalResponseNormalizationSettings extends NormalizationSettings {
  /** Groups of channels that do not see each other, as channels on two GPUs did not. Default 1. */
  groups?: number
}

/**
 * Normalisation across channels (tf.localResponseNormalization with depthRadius (size − 1) / 2).
 * Shapes stay. PyTorch's LocalResponseNorm and Caffe's LRN divide their alpha by the size: pass
 * alpha / size.
 */
export class LocalResponseNormalization extends Normalization {
  static className = 'AlexNetLocalResponseNormalization'
  readonly groups: number

  constructor(settings: LocalResponseNormalizationSettings) {
    super(settings, 2)
    this.groups = requireWholeNumber('groups', settings.groups ?? 1, 1)
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = pictures(inputs)
      const radius = (this.size - 1) / 2
      const normalize = (x: tf.Tensor4D) =>
        tf.localResponseNormalization(x, radius, this.bias, this.alpha, this.beta)
      if (this.groups === 1) return normalize(input)
      const [batch, height, width, channels] = input.shape
      if (channels % this.groups !== 0) {
        throw new OptionError(
          `layer ${this.name}: ${channels} channels cannot be split into ${this.groups} equal groups`,
        )
      }
      // A pixel's groups lie one after the other, so they can pass for pixels: no data moves.
      return normalize(
        input.reshape([batch, height, width * this.groups, channels / this.groups]),
      ).reshape(input.shape)
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups }
  }
}

/**
 * Normalisation within each channel over a square of size × size pixels, clipped at the border:
 * cuda-convnet's `rnorm`, which divides its `scale` by size² (layer.py) and adds 1 (its kernels):
 * pass alpha = scale / size², bias 1. Shapes stay.
 */
export class SameMapNormalization extends Normalization {
  static className = 'AlexNetSameMapNormalization'

  constructor(settings: NormalizationSettings) {
    super(settings, 1)
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = pictures(inputs)
      const radius = (this.size - 1) / 2
      const around: [number, number] = [radius, radius]
      // Padded by hand, so that each average is over whole windows: tf.avgPool's own padding
      // divides by the valid pixels, and by all of them in its gradient.
      const squares = tf.pad(tf.square(input), [[0, 0], around, around, [0, 0]])
      const means = tf.avgPool(squares as tf.Tensor4D, this.size, 1, 'valid')
      const denominators = tf.add(tf.mul(means, this.alpha * this.size ** 2), this.bias)
      return tf.mul(input, tf.pow(denominators, -this.beta))
    })
  }
}

function requireNumber(name: string, value: number): number {
  if (Number.isFinite(value)) return value
  throw new OptionError(`${name} must be a number, found ${show(value)}`)
}
