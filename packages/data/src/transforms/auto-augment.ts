// AutoAugment: one of 25 learned pairs of operations, as torchvision's `AutoAugment`.

import { requireWarp } from '../operations/warp.ts'
import {
  type AugmentationOptions,
  type AugmentationStep,
  applyAugmentation,
  augmentationSpace,
  fallingBits,
} from './augmentation-space.ts'
import { type AutoAugmentPolicy, policies } from './auto-augment-policies.ts'
import type { Transform } from './transform.ts'

/** Options of `autoAugment`: `interpolation` (default nearest), `fill` (black), and this. */
export interface AutoAugmentOptions extends AugmentationOptions {
  /** Default `imagenet`. */
  policy?: AutoAugmentPolicy
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
  { withInvert: true },
)

/** Draws a pair of the policy, then for each of the two whether it is applied and its sign. */
export function autoAugment(
  options: AutoAugmentOptions = {},
): Transform<readonly AugmentationStep[]> {
  const { policy = 'imagenet', ...how } = options
  const pairs = policies[policy]
  if (!pairs) {
    throw new RangeError(
      `autoAugment: there is no policy '${policy}'; they are ${Object.keys(policies).join(', ')}`,
    )
  }
  requireWarp('autoAugment', how)
  return {
    name: 'autoAugment',
    settings: [options],
    sample(random, size) {
      const pair = pairs[random.integer(pairs.length)]!
      const chances = [random.float(), random.float()]
      const negative = [random.integer(2) === 0, random.integer(2) === 0]
      return pair.flatMap(([operation, probability, bin], at) => {
        if (chances[at]! > probability) return []
        const scale = space.get(operation)!
        const magnitude = bin === undefined ? 0 : scale.magnitude(bin, 10, size)
        return [{ operation, magnitude: scale.signed && negative[at] ? -magnitude : magnitude }]
      })
    },
    outputSize: (size) => size,
    apply: (picture, steps) =>
      steps.reduce((current, step) => applyAugmentation(current, step, how), picture),
  }
}
