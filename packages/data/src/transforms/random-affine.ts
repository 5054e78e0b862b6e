// Turn, shift, scale and shear drawn together, as torchvision's `RandomAffine`.

import { affine, type Point } from '../operations/geometry.ts'
import { requireWarp, type WarpOptions } from '../operations/warp.ts'
import { type Range, readRange, readSymmetric } from './checks.ts'
import { roundHalfEven, type Transform } from './transform.ts'

/** Options of `randomAffine`: `interpolation` (default nearest), `fill` (black), and these. */
export interface RandomAffineOptions extends Omit<WarpOptions, 'size'> {
  /** Degrees clockwise: from [−x, x], or from the given range. */
  degrees: number | Range
  /** Greatest shift as a share of the width and of the height, 0 to 1. Default none. */
  translate?: readonly [x: number, y: number]
  /** Default 1. */
  scale?: Range
  /**
   * Degrees: a number or a range for x alone, `[least x, greatest x, least y, greatest y]` for
   * both. Default none.
   */
  shear?: number | Range | readonly [number, number, number, number]
  /** The point that stays; default the middle. */
  center?: Point
}

/** Degrees, whole pixels, a factor, degrees. */
export interface RandomAffineParameters {
  readonly angle: number
  readonly translate: readonly [x: number, y: number]
  readonly scale: number
  readonly shear: readonly [x: number, y: number]
}

/** Draws angle, shift, scale and shear, each evenly from its range. */
export function randomAffine(options: RandomAffineOptions): Transform<RandomAffineParameters> {
  const { degrees, translate, scale, shear, ...how } = options
  const angles = readSymmetric('randomAffine', 'degrees', degrees)
  if (translate?.some((share) => !(share >= 0 && share <= 1))) {
    throw new RangeError(`randomAffine: translate must be two shares from 0 to 1, not ${translate}`)
  }
  if (scale) readRange('randomAffine', 'scale', scale, [Number.MIN_VALUE, Number.MAX_VALUE])
  const [shearX, shearY] = readShear(shear)
  requireWarp('randomAffine', how)
  return {
    name: 'randomAffine',
    settings: [options],
    sample(random, size) {
      const angle = random.uniform(angles[0], angles[1])
      const shift = (greatest: number) => roundHalfEven(random.uniform(-greatest, greatest))
      return {
        angle,
        translate: translate
          ? [shift(translate[0] * size.width), shift(translate[1] * size.height)]
          : [0, 0],
        scale: scale ? random.uniform(scale[0], scale[1]) : 1,
        shear: [
          shearX ? random.uniform(shearX[0], shearX[1]) : 0,
          shearY ? random.uniform(shearY[0], shearY[1]) : 0,
        ],
      }
    },
    outputSize: (size) => size,
    apply: (picture, parameters) => affine(picture, parameters, how),
  }
}

function readShear(shear: RandomAffineOptions['shear']): [x?: Range, y?: Range] {
  if (shear === undefined) return []
  if (typeof shear === 'number' || shear.length === 2) {
    return [readSymmetric('randomAffine', 'shear', shear)]
  }
  return [
    readRange('randomAffine', 'shear', [shear[0], shear[1]]),
    readRange('randomAffine', 'shear', [shear[2], shear[3]]),
  ]
}
