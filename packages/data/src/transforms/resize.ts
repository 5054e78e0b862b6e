/**
 * Resizing the whole picture as torchvision's `Resize` does on a PIL picture.
 */
import type { Size } from '../picture.ts'
import { resample } from '../resample.ts'
import { cropPicture } from './crop.ts'
import type { Transform } from './transform.ts'

/**
 * Resizes with Pillow's antialiased bilinear filter.
 * @param size A number: the shorter side gets this many pixels, the longer one keeps the ratio,
 *   rounded down as torchvision does. A pair `[height, width]`: exactly that.
 */
export function resize(size: number | readonly [height: number, width: number]): Transform<Size> {
  return {
    name: 'resize',
    sample: (_random, picture) => resizedSize(picture, size),
    outputSize: (_size, parameters) => parameters,
    apply: (picture, { width, height }) =>
      width === picture.width && height === picture.height
        ? picture
        : resample(picture, { width, height }),
    applyWindow: (picture, { width, height }, window) =>
      width === picture.width && height === picture.height
        ? cropPicture(picture, window)
        : resample(picture, { width, height, window }),
  }
}

/** The size that `resize(size)` gives a picture. */
export function resizedSize(picture: Size, size: number | readonly [number, number]): Size {
  const [height, width] = typeof size === 'number' ? [size, size] : size
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new RangeError(`resize: sizes must be positive whole numbers, not ${size}`)
  }
  if (typeof size !== 'number') return { width, height }
  if (picture.width <= picture.height) {
    return { width, height: Math.trunc((size * picture.height) / picture.width) }
  }
  return { width: Math.trunc((size * picture.width) / picture.height), height }
}
