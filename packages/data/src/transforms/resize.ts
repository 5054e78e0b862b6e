// Resizing the whole picture as torchvision's `Resize` does on a PIL picture.

import type { Size } from '../picture.ts'
import { type Interpolation, requireInterpolation, resample } from '../resample.ts'
import { readSize, type SizeOption } from './checks.ts'
import { cropPicture } from './crop.ts'
import type { Transform } from './transform.ts'

/** How `resize` resizes. */
export interface ResizeOptions {
  /** Pillow's filter of this name, antialiased. Default `bilinear`. */
  interpolation?: Interpolation
  /** Most pixels of the longer side, where the size is one number. Default no limit. */
  maxSize?: number
}

/**
 * Resizes with one of Pillow's antialiased filters.
 * @param size A number: the shorter side gets this many pixels, the longer one keeps the ratio,
 *   rounded down as torchvision does. A pair `[height, width]`: exactly that.
 */
export function resize(size: SizeOption, options: ResizeOptions = {}): Transform<Size> {
  const { interpolation = 'bilinear', maxSize } = options
  requireInterpolation('resize', interpolation)
  readSize('resize', size)
  if (maxSize !== undefined && (typeof size !== 'number' || !(maxSize > size))) {
    throw new RangeError(
      `resize: maxSize must be above the size, which must be one number; found ${maxSize} and ${size}`,
    )
  }
  return {
    name: 'resize',
    settings: [size, options],
    sample: (_random, picture) => resizedSize(picture, size, maxSize),
    outputSize: (_size, parameters) => parameters,
    apply: (picture, { width, height }) =>
      width === picture.width && height === picture.height
        ? picture
        : resample(picture, { width, height, interpolation }),
    applyWindow: (picture, { width, height }, window) =>
      width === picture.width && height === picture.height
        ? cropPicture(picture, window)
        : resample(picture, { width, height, window, interpolation }),
  }
}

/**
 * The size that `resize(size, { maxSize })` gives a picture.
 * @throws RangeError where `maxSize` leaves no pixel of the shorter side.
 */
export function resizedSize(picture: Size, size: SizeOption, maxSize?: number): Size {
  const [height, width] = readSize('resize', size)
  if (typeof size !== 'number') return { width, height }
  const shorter = Math.min(picture.width, picture.height)
  const longer = Math.max(picture.width, picture.height)
  let newShorter = size
  let newLonger = Math.trunc((size * longer) / shorter)
  if (maxSize !== undefined && newLonger > maxSize) {
    newShorter = Math.trunc((maxSize * newShorter) / newLonger)
    if (newShorter < 1) {
      throw new RangeError(
        `resize: a picture of ${picture.width}×${picture.height} whose longer side has ${maxSize} pixels at most has none in the shorter one; give a larger maxSize`,
      )
    }
    newLonger = maxSize
  }
  return picture.width <= picture.height
    ? { width: newShorter, height: newLonger }
    : { width: newLonger, height: newShorter }
}
