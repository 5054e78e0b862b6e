/**
 * Mirroring left and right by chance, as torchvision's `RandomHorizontalFlip`.
 */
import type { Picture } from '../picture.ts'
import type { Transform } from './transform.ts'

/** Mirrors with probability `p`, default 0.5. */
export function randomHorizontalFlip(options: { p?: number } = {}): Transform<{ flip: boolean }> {
  const { p = 0.5 } = options
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`randomHorizontalFlip: p must be a probability from 0 to 1, not ${p}`)
  }
  return {
    name: 'randomHorizontalFlip',
    sample: (random) => ({ flip: random.float() < p }),
    outputSize: (size) => size,
    apply: (picture, { flip }) => (flip ? flipPicture(picture) : picture),
  }
}

/** The picture mirrored left to right. */
export function flipPicture({ width, height, data }: Picture): Picture {
  const flipped = new Uint8Array(data.length)
  for (let row = 0; row < height; row++) {
    let from = (row + 1) * width * 3 - 3
    let to = row * width * 3
    for (let x = 0; x < width; x++) {
      flipped[to] = data[from]!
      flipped[to + 1] = data[from + 1]!
      flipped[to + 2] = data[from + 2]!
      from -= 3
      to += 3
    }
  }
  return { width, height, data: flipped }
}
