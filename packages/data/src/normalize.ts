/**
 * From bytes to what a network takes: float32, scaled to 0…1, less the mean, over the standard
 * deviation, per channel. A byte has 256 values, so the arithmetic is done once per value and
 * channel in float32, in torchvision's order (`ToTensor`, then `Normalize`), and is equal to it bit
 * for bit. The layout stays NHWC, TensorFlow.js's own.
 */
import type { Picture } from './picture.ts'

/** One value a channel: red, green, blue. */
export type ChannelValues = readonly [red: number, green: number, blue: number]

/** ImageNet's channel means, of values from 0 to 1, as torchvision's networks expect them. */
export const imagenetMean: ChannelValues = [0.485, 0.456, 0.406]
/** ImageNet's channel standard deviations, of values from 0 to 1. */
export const imagenetStd: ChannelValues = [0.229, 0.224, 0.225]
/** CIFAR-10's channel means over its training pictures, of values from 0 to 1. */
export const cifarMean: ChannelValues = [0.4914, 0.4822, 0.4465]
/** CIFAR-10's channel standard deviations over its training pictures, of values from 0 to 1. */
export const cifarStd: ChannelValues = [0.247, 0.2435, 0.2616]

/** Writes pictures as normalised floats. */
export interface Normalizer {
  /** Writes `width * height * 3` floats, NHWC, to `out` from `offset` (default 0) on. */
  write(picture: Picture, out: Float32Array, offset?: number): void
}

/**
 * Prepares `(byte / 255 − mean) / std` for each channel.
 * @throws RangeError where a mean is not a number or a standard deviation not above zero.
 */
export function createNormalizer(mean: ChannelValues, std: ChannelValues): Normalizer {
  if (mean.length !== 3 || !mean.every(Number.isFinite)) {
    throw new RangeError(`normalize: mean must be three numbers, not ${JSON.stringify(mean)}`)
  }
  if (std.length !== 3 || !std.every((value) => Number.isFinite(value) && value > 0)) {
    throw new RangeError(`normalize: std must be three numbers above 0, not ${JSON.stringify(std)}`)
  }
  const table = new Float32Array(3 * 256)
  for (let channel = 0; channel < 3; channel++) {
    for (let byte = 0; byte < 256; byte++) {
      const centered = Math.fround(Math.fround(byte / 255) - Math.fround(mean[channel]!))
      table[channel * 256 + byte] = centered / Math.fround(std[channel]!)
    }
  }
  return {
    write({ data }, out, offset = 0) {
      if (offset + data.length > out.length) {
        throw new RangeError(
          `normalize: ${data.length} values do not fit ${out.length} from offset ${offset}`,
        )
      }
      for (let at = 0, to = offset; at < data.length; at += 3, to += 3) {
        out[to] = table[data[at]!]!
        out[to + 1] = table[256 + data[at + 1]!]!
        out[to + 2] = table[512 + data[at + 2]!]!
      }
    },
  }
}
