// Max and average pooling by PyTorch's rules: explicit padding, windows that overlap, and sizes
// that may round up. tf.layers.maxPooling2d has neither explicit padding nor rounding up, and
// TensorFlow.js's average pooling has a wrong gradient at padded borders: its forward divides by
// the pixels that a window holds, its backward by the window's whole size.
import * as tf from '@tensorflow/tfjs'
import { requireWholeNumber } from '../errors.ts'
import {
  type Padding,
  reach,
  tensorPadding,
  type WindowAxis,
  windowAxes,
  windowCount,
} from '../window.ts'
import {
  checkPadding,
  countOrNull,
  type LayerSettings,
  oneShape,
  pictures,
  requireWindows,
  sizePair,
} from './support.ts'

/** Settings of both poolings. */
export interface PoolingSettings extends LayerSettings {
  /** Pixels of a window, a number or `[height, width]`. */
  poolSize: number | readonly [number, number]
  /** Pixels from one window to the next, on both axes. Default: the window's height. */
  strides?: number
  /**
   * Pixels around the picture that count as −∞ (max) or 0 (average); negative at the bottom or
   * right leaves that many rows or columns out. Default 0.
   */
  padding?: Padding
  /** Keeps a last window that fits only in part, if it starts inside the picture. Default false. */
  ceilMode?: boolean
}

abstract class Pooling extends tf.layers.Layer {
  readonly poolSize: [number, number]
  readonly strides: number
  readonly padding: Padding
  readonly ceilMode: boolean

  constructor(settings: PoolingSettings) {
    super(settings)
    this.poolSize = sizePair('poolSize', settings.poolSize)
    this.strides = requireWholeNumber('strides', settings.strides ?? this.poolSize[0], 1)
    this.padding = checkPadding(settings.padding ?? 0, { mayCrop: true })
    this.ceilMode = settings.ceilMode ?? false
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = oneShape(inputShape)
    const [vertical, horizontal] = this.axes()
    return [
      batch!,
      countOrNull(height!, (length) => windowCount(length, vertical)),
      countOrNull(width!, (length) => windowCount(length, horizontal)),
      channels!,
    ]
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const input = pictures(inputs)
      const axes = this.axes()
      const counts = axes.map((axis, i) => windowCount(input.shape[i + 1]!, axis))
      requireWindows(this.name, input.shape, counts)
      const [height, width] = axes.map((axis, i) => input.shape[i + 1]! + Math.min(axis.after, 0))
      const isCropped = height !== input.shape[1] || width !== input.shape[2]
      const kept = isCropped ? input.slice([0, 0, 0, 0], [-1, height!, width!, -1]) : input
      for (const axis of axes) axis.after = Math.max(axis.after, 0)
      return this.pool(kept, axes)
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      poolSize: this.poolSize,
      strides: this.strides,
      padding: this.padding as number | number[][],
      ceilMode: this.ceilMode,
    }
  }

  /** The windows along rows and columns. */
  axes(): [WindowAxis, WindowAxis] {
    return windowAxes({
      size: this.poolSize,
      stride: this.strides,
      padding: this.padding,
      ceilMode: this.ceilMode,
    })
  }

  protected abstract pool(input: tf.Tensor4D, axes: [WindowAxis, WindowAxis]): tf.Tensor4D
}

/**
 * Max pooling, torch.nn.MaxPool2d: `[batch, h, w, channels]` to `[batch, h', w', channels]` with
 * h' = ⌊(h + top + bottom − size) / strides⌋ + 1, ⌈…⌉ with `ceilMode`.
 */
export class MaxPooling extends Pooling {
  static className = 'AlexNetMaxPooling'

  protected override pool(input: tf.Tensor4D, axes: [WindowAxis, WindowAxis]): tf.Tensor4D {
    const pad = tensorPadding([input.shape[1], input.shape[2]], axes)
    return tf.maxPool(input, this.poolSize, this.strides, pad)
  }
}

/** Settings of AveragePooling. */
export interface AveragePoolingSettings extends PoolingSettings {
  /**
   * Whether padding counts as pixels of value 0, or the average is over real pixels. Default true.
   */
  countIncludePad?: boolean
}

/**
 * Average pooling, torch.nn.AvgPool2d, sizes as MaxPooling. A window that `ceilMode` lets reach
 * past the padding is divided by what it holds of picture and padding, as in PyTorch.
 */
export class AveragePooling extends Pooling {
  static className = 'AlexNetAveragePooling'
  readonly countIncludePad: boolean

  constructor(settings: AveragePoolingSettings) {
    super(settings)
    this.countIncludePad = settings.countIncludePad ?? true
  }

  protected override pool(input: tf.Tensor4D, axes: [WindowAxis, WindowAxis]): tf.Tensor4D {
    const margins = axes.map((axis, i) => reach(input.shape[i + 1]!, axis))
    const isPadded = margins.flat().some((margin) => margin > 0)
    // Padded by hand, so that TensorFlow.js sees whole windows only and its gradient is right.
    const padded = isPadded ? tf.pad(input, [[0, 0], margins[0]!, margins[1]!, [0, 0]]) : input
    const means = tf.avgPool(padded, this.poolSize, this.strides, 'valid')
    if (!isPadded) return means
    const [rows, columns] = axes.map((axis, i) => this.#shares(input.shape[i + 1]!, axis))
    if ([...rows!, ...columns!].every((share) => share === 1)) return means
    // A factor for each channel too: no backend is quick at repeating along the last axis.
    const channels = means.shape[3]
    const factors = rows!.flatMap((row) =>
      columns!.flatMap((column) => Array<number>(channels).fill(row * column)),
    )
    return tf.mul(means, tf.tensor4d(factors, [1, rows!.length, columns!.length, channels]))
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), countIncludePad: this.countIncludePad }
  }

  /**
   * For each window of an axis: its size over the number of pixels that its average is to be over.
   */
  #shares(length: number, axis: WindowAxis): number[] {
    const [first, last] = this.countIncludePad ? [-axis.before, length + axis.after] : [0, length]
    return Array.from({ length: windowCount(length, axis) }, (_, i) => {
      const start = i * axis.stride - axis.before
      return axis.size / (Math.min(start + axis.size, last) - Math.max(start, first))
    })
  }
}
