// What AutoAugment and its followers choose from: named operations, each with a magnitude on a
// scale of its own. The scales are torchvision's, bin by bin.

import { adjustSaturation } from '../operations/color.ts'
import { adjustSharpness } from '../operations/filter.ts'
import { affine, rotate } from '../operations/geometry.ts'
import type { Fill } from '../operations/padding.ts'
import {
  adjustBrightness,
  adjustContrast,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
} from '../operations/point.ts'
import type { WarpInterpolation } from '../operations/warp.ts'
import type { Picture, Size } from '../picture.ts'
import { roundHalfEven } from './transform.ts'

/** torchvision's names of the operations. */
export type AugmentationName =
  | 'Identity'
  | 'ShearX'
  | 'ShearY'
  | 'TranslateX'
  | 'TranslateY'
  | 'Rotate'
  | 'Brightness'
  | 'Color'
  | 'Contrast'
  | 'Sharpness'
  | 'Posterize'
  | 'Solarize'
  | 'AutoContrast'
  | 'Equalize'
  | 'Invert'

/** One operation as drawn. */
export interface AugmentationStep {
  readonly operation: AugmentationName
  /** Shear as a tangent, pixels, degrees, change of a factor, bits or threshold; 0 for none. */
  readonly magnitude: number
}

/** How operations that move pixels do so. */
export interface AugmentationOptions {
  /** Default `nearest`. */
  interpolation?: WarpInterpolation
  /** The colour of what comes into the picture; default black. */
  fill?: Fill
}

/** Applies one step. */
export function applyAugmentation(
  picture: Picture,
  { operation, magnitude }: AugmentationStep,
  options: AugmentationOptions,
): Picture {
  // Shears go about the upper left corner, as in the policies' own code.
  const shear = (x: number, y: number) =>
    affine(
      picture,
      { shear: [degreesOfSlope(x), degreesOfSlope(y)] },
      { ...options, center: [0, 0] },
    )
  switch (operation) {
    case 'Identity':
      return picture
    case 'ShearX':
      return shear(magnitude, 0)
    case 'ShearY':
      return shear(0, magnitude)
    case 'TranslateX':
      return affine(picture, { translate: [Math.trunc(magnitude), 0] }, options)
    case 'TranslateY':
      return affine(picture, { translate: [0, Math.trunc(magnitude)] }, options)
    case 'Rotate':
      return rotate(picture, magnitude, options)
    case 'Brightness':
      return adjustBrightness(picture, 1 + magnitude)
    case 'Color':
      return adjustSaturation(picture, 1 + magnitude)
    case 'Contrast':
      return adjustContrast(picture, 1 + magnitude)
    case 'Sharpness':
      return adjustSharpness(picture, 1 + magnitude)
    case 'Posterize':
      return posterize(picture, Math.trunc(magnitude))
    case 'Solarize':
      return solarize(picture, magnitude)
    case 'AutoContrast':
      return autocontrast(picture)
    case 'Equalize':
      return equalize(picture)
    case 'Invert':
      return invert(picture)
  }
}

/** The magnitude of a bin, and whether its sign is drawn too. */
export interface MagnitudeScale {
  /** The magnitude in bin `bin` of `bins`, for a picture of `size`. */
  magnitude(bin: number, bins: number, size: Size): number
  readonly signed: boolean
  /** The operation has no magnitude: no bin is drawn for it. */
  readonly plain?: boolean
}

/** The operations of one method, in torchvision's order, which drawing depends on. */
export type AugmentationSpace = ReadonlyMap<AugmentationName, MagnitudeScale>

const plain: MagnitudeScale = { magnitude: () => 0, signed: false, plain: true }

/** A scale that rises evenly from 0, its sign drawn. */
export function rising(greatest: number | ((size: Size) => number)): MagnitudeScale {
  return {
    magnitude: (bin, bins, size) =>
      linspace(0, typeof greatest === 'number' ? greatest : greatest(size), bins, bin),
    signed: true,
  }
}

/** Bits to keep, from `most` down by `range`. */
export function fallingBits(most: number, range: number): MagnitudeScale {
  return {
    magnitude: (bin, bins) => most - roundHalfEven(bin / ((bins - 1) / range)),
    signed: false,
  }
}

/** What differs between the methods' scales. */
interface SpaceScales {
  shear: number
  translateX: number | ((size: Size) => number)
  translateY: number | ((size: Size) => number)
  rotate: number
  /** Brightness, colour, contrast and sharpness; undefined leaves them out. */
  factor: number | undefined
  posterize: MagnitudeScale
}

/** Builds a space; `factorsLast` is the order of AugMix, `first` and `last` are added. */
export function augmentationSpace(
  scales: SpaceScales,
  { identity = false, withInvert = false, factorsLast = false } = {},
): AugmentationSpace {
  const factors: [AugmentationName, MagnitudeScale][] =
    scales.factor === undefined
      ? []
      : (['Brightness', 'Color', 'Contrast', 'Sharpness'] as const).map((name) => [
          name,
          rising(scales.factor!),
        ])
  const solarizing: MagnitudeScale = {
    magnitude: (bin, bins) => linspace(255, 0, bins, bin),
    signed: false,
  }
  return new Map<AugmentationName, MagnitudeScale>([
    ...(identity ? [['Identity', plain] as const] : []),
    ['ShearX', rising(scales.shear)],
    ['ShearY', rising(scales.shear)],
    ['TranslateX', rising(scales.translateX)],
    ['TranslateY', rising(scales.translateY)],
    ['Rotate', rising(scales.rotate)],
    ...(factorsLast ? [] : factors),
    ['Posterize', scales.posterize],
    ['Solarize', solarizing],
    ['AutoContrast', plain],
    ['Equalize', plain],
    ...(withInvert ? [['Invert', plain] as const] : []),
    ...(factorsLast ? factors : []),
  ])
}

/**
 * `torch.linspace(start, end, count)[at]`: float32, counted from the nearer end. (torch's own last
 * bit depends on the processor's vectors.)
 */
function linspace(start: number, end: number, count: number, at: number): number {
  if (count === 1) return Math.fround(start)
  const [low, high] = [Math.fround(start), Math.fround(end)]
  const step = Math.fround(Math.fround(high - low) / (count - 1))
  return at < Math.floor(count / 2)
    ? Math.fround(low + Math.fround(step * at))
    : Math.fround(high - Math.fround(step * (count - 1 - at)))
}

function degreesOfSlope(slope: number): number {
  // Python's `math.degrees` to the last bit.
  return Math.atan(slope) * (180 / Math.PI)
}
