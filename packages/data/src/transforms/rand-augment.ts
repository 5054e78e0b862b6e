// RandAugment (Cubuk et al., 2019): a few operations drawn evenly, all of one magnitude, as
// torchvision's `RandAugment`.

import { requireWarp } from '../operations/warp.ts'
import {
  type AugmentationOptions,
  type AugmentationStep,
  applyAugmentation,
  augmentationSpace,
  fallingBits,
} from './augmentation-space.ts'
import { requireWhole } from './checks.ts'
import type { Transform } from './transform.ts'

/** Options of `randAugment`: `interpolation` (default nearest), `fill` (black), and these. */
export interface RandAugmentOptions extends AugmentationOptions {
  /** Operations one after the other. Default 2. */
  numOps?: number
  /** Bin of the magnitudes, below `numMagnitudeBins`. Default 9. */
  magnitude?: number
  /** Default 31. */
  numMagnitudeBins?: number
}

const space = augmentationSpace(
  {
    shear: 0.3,
    translateX: ({ width }) => (150 / 331) * width,
    translateY: ({ height }) => (150 / 331) * height,
    rotate: 30,
    factor: 0.9,
    posterize: fallingBits(8, 4),
  },
  { identity: true },
)
const names = [...space.keys()]

/** Draws `numOps` operations, each equally likely, and the signs of their magnitudes. */
export function randAugment(
  options: RandAugmentOptions = {},
): Transform<readonly AugmentationStep[]> {
  const { numOps = 2, magnitude = 9, numMagnitudeBins = 31, ...how } = options
  requireWhole('randAugment', 'numOps', numOps, 0)
  requireWhole('randAugment', 'numMagnitudeBins', numMagnitudeBins, 2)
  requireWhole('randAugment', 'magnitude', magnitude, 0)
  if (magnitude >= numMagnitudeBins) {
    throw new RangeError(
      `randAugment: magnitude must be below numMagnitudeBins (${numMagnitudeBins}), not ${magnitude}`,
    )
  }
  requireWarp('randAugment', how)
  return {
    name: 'randAugment',
    settings: [options],
    sample: (random, size) =>
      Array.from({ length: numOps }, () => {
        const operation = names[random.integer(names.length)]!
        const scale = space.get(operation)!
        const level = scale.magnitude(magnitude, numMagnitudeBins, size)
        const negative = scale.signed && random.integer(2) === 1
        return { operation, magnitude: negative ? -level : level }
      }),
    outputSize: (size) => size,
    apply: (picture, steps) =>
      steps.reduce((current, step) => applyAugmentation(current, step, how), picture),
  }
}
