// Grey pictures, always or by chance, as torchvision's `Grayscale` and `RandomGrayscale`. A picture
// here has three channels, so grey has three equal ones (`num_output_channels=3`).

import { toGrayscale } from '../operations/color.ts'
import { requireProbability } from './checks.ts'
import type { Transform } from './transform.ts'

/** Grey in all three channels. */
export function grayscale(): Transform<null> {
  return {
    name: 'grayscale',
    settings: [],
    sample: () => null,
    outputSize: (size) => size,
    apply: (picture) => toGrayscale(picture),
  }
}

/** Grey with probability `p`, default 0.1. */
export function randomGrayscale(options: { p?: number } = {}): Transform<{ gray: boolean }> {
  const { p = 0.1 } = options
  requireProbability('randomGrayscale', p)
  return {
    name: 'randomGrayscale',
    settings: [options],
    sample: (random) => ({ gray: random.float() < p }),
    outputSize: (size) => size,
    apply: (picture, { gray }) => (gray ? toGrayscale(picture) : picture),
  }
}
