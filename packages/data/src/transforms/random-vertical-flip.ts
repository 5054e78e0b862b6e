// Mirroring top and bottom by chance, as torchvision's `RandomVerticalFlip`.

import { flipVertically } from '../operations/flip.ts'
import { requireProbability } from './checks.ts'
import type { Transform } from './transform.ts'

/** Mirrors with probability `p`, default 0.5. */
export function randomVerticalFlip(options: { p?: number } = {}): Transform<{ flip: boolean }> {
  const { p = 0.5 } = options
  requireProbability('randomVerticalFlip', p)
  return {
    name: 'randomVerticalFlip',
    settings: [options],
    sample: (random) => ({ flip: random.float() < p }),
    outputSize: (size) => size,
    apply: (picture, { flip }) => (flip ? flipVertically(picture) : picture),
  }
}
