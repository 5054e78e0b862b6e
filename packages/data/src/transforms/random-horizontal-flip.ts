// Mirroring left and right by chance, as torchvision's `RandomHorizontalFlip`.

import { flipHorizontally } from '../operations/flip.ts'
import { requireProbability } from './checks.ts'
import type { Transform } from './transform.ts'

export { flipHorizontally as flipPicture } from '../operations/flip.ts'

/** Mirrors with probability `p`, default 0.5. */
export function randomHorizontalFlip(options: { p?: number } = {}): Transform<{ flip: boolean }> {
  const { p = 0.5 } = options
  requireProbability('randomHorizontalFlip', p)
  return {
    name: 'randomHorizontalFlip',
    settings: [options],
    sample: (random) => ({ flip: random.float() < p }),
    outputSize: (size) => size,
    apply: (picture, { flip }) => (flip ? flipHorizontally(picture) : picture),
  }
}
