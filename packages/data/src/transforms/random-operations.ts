// One operation by chance: torchvision's `RandomInvert`, `RandomPosterize`, `RandomSolarize`,
// `RandomAdjustSharpness`, `RandomAutocontrast` and `RandomEqualize`.

import { adjustSharpness } from '../operations/filter.ts'
import { requireFactor } from '../operations/pixel.ts'
import { autocontrast, equalize, invert, posterize, solarize } from '../operations/point.ts'
import type { Picture } from '../picture.ts'
import { requireProbability } from './checks.ts'
import type { Transform } from './transform.ts'

/** Whether the operation is applied. */
export interface ByChance {
  readonly apply: boolean
}

/** Inverts with probability `p`, default 0.5. */
export function randomInvert(options: { p?: number } = {}): Transform<ByChance> {
  return byChance('randomInvert', options, invert)
}

/** Keeps `bits` bits a byte with probability `p`, default 0.5. */
export function randomPosterize(options: { bits: number; p?: number }): Transform<ByChance> {
  const { bits } = options
  if (!Number.isInteger(bits) || bits < 0 || bits > 8) {
    throw new RangeError(`randomPosterize: bits must be a whole number from 0 to 8, not ${bits}`)
  }
  return byChance('randomPosterize', options, (picture) => posterize(picture, bits))
}

/** Inverts bytes of `threshold` and more with probability `p`, default 0.5. */
export function randomSolarize(options: { threshold: number; p?: number }): Transform<ByChance> {
  const { threshold } = options
  if (!Number.isFinite(threshold)) {
    throw new RangeError(`randomSolarize: threshold must be a number, not ${threshold}`)
  }
  return byChance('randomSolarize', options, (picture) => solarize(picture, threshold))
}

/** Sharpens by `sharpnessFactor` (1 changes nothing) with probability `p`, default 0.5. */
export function randomAdjustSharpness(options: {
  sharpnessFactor: number
  p?: number
}): Transform<ByChance> {
  const { sharpnessFactor } = options
  requireFactor('randomAdjustSharpness', sharpnessFactor)
  return byChance('randomAdjustSharpness', options, (picture) =>
    adjustSharpness(picture, sharpnessFactor),
  )
}

/** Stretches each channel's contrast with probability `p`, default 0.5. */
export function randomAutocontrast(options: { p?: number } = {}): Transform<ByChance> {
  return byChance('randomAutocontrast', options, autocontrast)
}

/** Equalises each channel's histogram with probability `p`, default 0.5. */
export function randomEqualize(options: { p?: number } = {}): Transform<ByChance> {
  return byChance('randomEqualize', options, equalize)
}

function byChance(
  name: string,
  options: { p?: number },
  operation: (picture: Picture) => Picture,
): Transform<ByChance> {
  const { p = 0.5 } = options
  requireProbability(name, p)
  return {
    name,
    settings: [options],
    sample: (random) => ({ apply: random.float() < p }),
    outputSize: (size) => size,
    apply: (picture, { apply }) => (apply ? operation(picture) : picture),
  }
}
