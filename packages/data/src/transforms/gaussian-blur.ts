// Blur of drawn width, as torchvision's `GaussianBlur`.

import { gaussianBlur as blur } from '../operations/filter.ts'
import { type Range, readRange } from './checks.ts'
import type { Transform } from './transform.ts'

/** Options of `gaussianBlur`. */
export interface GaussianBlurOptions {
  /** Odd number of pixels, or `[x, y]`. */
  kernelSize: number | readonly [x: number, y: number]
  /** Standard deviation in pixels, or a range to draw it from. Default [0.1, 2]. */
  sigma?: number | Range
}

/** Blurs with a Gaussian of drawn standard deviation. */
export function gaussianBlur(options: GaussianBlurOptions): Transform<{ sigma: number }> {
  const { kernelSize, sigma = [0.1, 2] } = options
  const sizes = typeof kernelSize === 'number' ? [kernelSize] : kernelSize
  if (sizes.some((size) => !Number.isInteger(size) || size < 1 || size % 2 === 0)) {
    throw new RangeError(`gaussianBlur: kernelSize must be odd whole numbers, not ${kernelSize}`)
  }
  const range: Range = typeof sigma === 'number' ? [sigma, sigma] : sigma
  readRange('gaussianBlur', 'sigma', range, [Number.MIN_VALUE, Number.MAX_VALUE])
  return {
    name: 'gaussianBlur',
    settings: [options],
    sample: (random) => ({ sigma: random.uniform(range[0], range[1]) }),
    outputSize: (size) => size,
    apply: (picture, parameters) => blur(picture, { kernelSize, sigma: parameters.sigma }),
  }
}
