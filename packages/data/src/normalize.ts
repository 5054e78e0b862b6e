// From bytes to what a network takes: float32, scaled to 0…1, less the mean, over the standard
// deviation, per channel. A byte has 256 values, so the arithmetic is done once per value and
// channel in float32, in torchvision's order (`ToTensor`, then `Normalize`), and is equal to it bit
// for bit. The layout stays NHWC, TensorFlow.js's own.

import type { Picture, Size } from './picture.ts'
import type { Random } from './random.ts'

/** One value a channel: red, green, blue. */
export type ChannelValues = readonly [red: number, green: number, blue: number]

/** ImageNet's channel means, of values from 0 to 1, as torchvision's networks expect them. */
export const imagenetMean: ChannelValues = [0.485, 0.456, 0.406]
/** ImageNet's channel standard deviations, of values from 0 to 1. */
export const imagenetStd: ChannelValues = [0.229, 0.224, 0.225]
/** ImageNet's channel means as Caffe has them (ilsvrc_2012_mean.npy), of values from 0 to 1. */
export const caffeMean: ChannelValues = [122.67891434 / 255, 116.66876762 / 255, 104.00698793 / 255]
/** CIFAR-10's channel means over its training pictures, of values from 0 to 1. */
export const cifarMean: ChannelValues = [0.4914, 0.4822, 0.4465]
/** CIFAR-10's channel standard deviations over its training pictures, of values from 0 to 1. */
export const cifarStd: ChannelValues = [0.247, 0.2435, 0.2616]

/**
 * Writes pictures as normalised floats: the last step, after the transforms. Like a transform it may
 * draw something for each picture (`sample`) and is pure given that (`write`).
 */
export interface Normalizer<P = unknown> {
  /** Draws the parameters of one picture; without it there are none. */
  sample?(random: Random): P
  /** Writes `width * height * 3` floats, NHWC, to `out` from `offset` (default 0) on. */
  write(picture: Picture, out: Float32Array, offset?: number, parameters?: P): void
}

/** The mean of every pixel over a data set; see `meanPicture`. */
export interface MeanPicture {
  readonly width: number
  readonly height: number
  /** `width * height * 3` values from 0 to 1, as a picture's bytes are laid out. */
  readonly data: Float32Array
}

/**
 * Prepares `(byte / 255 − mean) / std` for each channel.
 * @throws RangeError where a mean is not a number or a standard deviation not above zero.
 */
export function createNormalizer(mean: ChannelValues, std: ChannelValues): Normalizer {
  if (mean.length !== 3 || !mean.every(Number.isFinite)) {
    throw new RangeError(`normalize: mean must be three numbers, not ${JSON.stringify(mean)}`)
  }
  requireStd(std)
  const table = new Float32Array(3 * 256)
  for (let channel = 0; channel < 3; channel++) {
    for (let byte = 0; byte < 256; byte++) {
      const centered = Math.fround(Math.fround(byte / 255) - Math.fround(mean[channel]!))
      table[channel * 256 + byte] = centered / Math.fround(std[channel]!)
    }
  }
  return {
    write({ data }, out, offset = 0) {
      requireRoom(data, out, offset)
      for (let at = 0, to = offset; at < data.length; at += 3, to += 3) {
        out[to] = table[data[at]!]!
        out[to + 1] = table[256 + data[at + 1]!]!
        out[to + 2] = table[512 + data[at + 2]!]!
      }
    },
  }
}

/** Levels of 0 to 255 added to red, green and blue before the division by `std`. */
export interface PictureShift {
  readonly shift: readonly [red: number, green: number, blue: number]
}

/** What `createMeanPictureNormalizer` does besides subtracting the mean. */
export interface MeanPictureNormalizerOptions {
  /** Default 1/255: the result is in levels of 0 to 255 less the mean, as the 2012 network's input. */
  std?: ChannelValues
  /** Draws what is added to each picture, such as colour noise. Default nothing. */
  drawShift?: (random: Random) => readonly [number, number, number]
  /** Multiplied with the result where something was drawn. Default 1. */
  scale?: number
}

/**
 * Prepares `(byte / 255 − mean picture) / std` for each pixel; a picture smaller than the mean has
 * the mean's middle subtracted, as the 2012 network's 224 crops of 256 pictures had.
 * @throws RangeError where a standard deviation is not above zero, and on writing a picture that is
 *   larger than the mean.
 */
export function createMeanPictureNormalizer(
  mean: MeanPicture,
  options: MeanPictureNormalizerOptions = {},
): Normalizer<PictureShift | undefined> {
  const { std = [1 / 255, 1 / 255, 1 / 255], drawShift, scale = 1 } = options
  requireStd(std)
  const factors = std.map((value) => 1 / value)
  return {
    ...(drawShift && { sample: (random: Random) => ({ shift: drawShift(random) }) }),
    write({ width, height, data }, out, offset = 0, parameters = undefined) {
      requireRoom(data, out, offset)
      const first = middleOf(mean, { width, height })
      const multiply = factors.map((factor) => factor * (parameters ? scale : 1))
      const add = [0, 1, 2].map(
        (channel) => ((parameters?.shift[channel] ?? 0) / 255) * multiply[channel]!,
      )
      let to = offset
      for (let row = 0; row < height; row++) {
        let at = row * width * 3
        let from = first + row * mean.width * 3
        for (let x = 0; x < width; x++) {
          out[to] = (data[at]! / 255 - mean.data[from]!) * multiply[0]! + add[0]!
          out[to + 1] = (data[at + 1]! / 255 - mean.data[from + 1]!) * multiply[1]! + add[1]!
          out[to + 2] = (data[at + 2]! / 255 - mean.data[from + 2]!) * multiply[2]! + add[2]!
          to += 3
          at += 3
          from += 3
        }
      }
    },
  }
}

/** Where the middle `size` of the mean picture begins in its data. */
function middleOf(mean: MeanPicture, { width, height }: Size): number {
  const left = Math.floor((mean.width - width) / 2)
  const top = Math.floor((mean.height - height) / 2)
  if (left < 0 || top < 0) {
    throw new RangeError(
      `normalize: the mean picture is ${mean.width}×${mean.height}, smaller than a picture of ${width}×${height}; make it of the pictures' size`,
    )
  }
  return (top * mean.width + left) * 3
}

function requireRoom(data: Uint8Array, out: Float32Array, offset: number): void {
  if (offset + data.length > out.length) {
    throw new RangeError(
      `normalize: ${data.length} values do not fit ${out.length} from offset ${offset}`,
    )
  }
}

function requireStd(std: ChannelValues): void {
  if (std.length !== 3 || !std.every((value) => Number.isFinite(value) && value > 0)) {
    throw new RangeError(`normalize: std must be three numbers above 0, not ${JSON.stringify(std)}`)
  }
}
