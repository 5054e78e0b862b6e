// TrivialAugment with wide ranges (Müller and Hutter, 2021): one operation of a magnitude drawn
// evenly, nothing to tune, as torchvision's `TrivialAugmentWide`.

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

/** Options of `trivialAugmentWide`: `interpolation` (default nearest), `fill` (black), and this. */
export interface TrivialAugmentWideOptions extends AugmentationOptions {
  /** Default 31. */
  numMagnitudeBins?: number
}

const space = augmentationSpace(
  {
    shear: 0.99,
    translateX: 32,
    translateY: 32,
    rotate: 135,
    factor: 0.99,
    posterize: fallingBits(8, 6),
  },
  { identity: true },
)
const names = [...space.keys()]

/** Draws an operation, its magnitude's bin and its sign. */
export function trivialAugmentWide(
  options: TrivialAugmentWideOptions = {},
): Transform<AugmentationStep> {
  const { numMagnitudeBins = 31, ...how } = options
  requireWhole('trivialAugmentWide', 'numMagnitudeBins', numMagnitudeBins, 2)
  requireWarp('trivialAugmentWide', how)
  return {
    name: 'trivialAugmentWide',
    settings: [options],
    sample(random, size) {
      const operation = names[random.integer(names.length)]!
      const scale = space.get(operation)!
      const bin = scale.plain ? 0 : random.integer(numMagnitudeBins)
      const magnitude = scale.magnitude(bin, numMagnitudeBins, size)
      const negative = scale.signed && random.integer(2) === 1
      return { operation, magnitude: negative ? -magnitude : magnitude }
    },
    outputSize: (size) => size,
    apply: (picture, step) => applyAugmentation(picture, step, how),
  }
}
