// Several crops of one picture, as torchvision's `FiveCrop` and `TenCrop`: the corners and the
// middle, and their mirror images. The 2012 network's error was measured by averaging its answers
// to such ten views; `viewsOf` and `averageViews` do that for any data set and network.

import type { Dataset } from '../dataset.ts'
import { flipHorizontally, flipVertically } from '../operations/flip.ts'
import type { Box, Picture, Size } from '../picture.ts'
import { Random } from '../random.ts'
import { readSize, type SizeOption } from './checks.ts'
import { centerCrop, cropPicture } from './crop.ts'
import { compose, type Transform, transformPicture } from './transform.ts'

/** From one picture to several of one size. */
export interface Views {
  /** torchvision's name of it, first letter small. */
  readonly name: string
  /** How many. */
  readonly count: number
  /** Always in the same order; the picture is not changed. */
  apply(picture: Picture): Picture[]
}

/** Upper left, upper right, lower left, lower right, middle. */
export function fiveCrop(size: SizeOption): Views {
  readSize('fiveCrop', size)
  return {
    name: 'fiveCrop',
    count: 5,
    apply: (picture) =>
      fiveBoxes('fiveCrop', picture, size).map((box) => cropPicture(picture, box)),
  }
}

/** The crops of `fiveCrop`, then those of the mirrored picture. */
export function tenCrop(size: SizeOption, options: { verticalFlip?: boolean } = {}): Views {
  readSize('tenCrop', size)
  const flip = options.verticalFlip ? flipVertically : flipHorizontally
  return {
    name: 'tenCrop',
    count: 10,
    apply(picture) {
      const boxes = fiveBoxes('tenCrop', picture, size)
      const flipped = flip(picture)
      return [picture, flipped].flatMap((source) => boxes.map((box) => cropPicture(source, box)))
    },
  }
}

function fiveBoxes(name: string, picture: Size, size: SizeOption): Box[] {
  const [height, width] = readSize(name, size)
  if (width > picture.width || height > picture.height) {
    throw new RangeError(
      `${name}: cannot cut ${width}×${height} from ${picture.width}×${picture.height}; resize first`,
    )
  }
  const [right, bottom] = [picture.width - width, picture.height - height]
  const box = (left: number, top: number) => ({ left, top, width, height })
  const middle = centerCrop(size).sample(new Random(0), picture)
  return [box(0, 0), box(right, 0), box(0, bottom), box(right, bottom), middle]
}

/**
 * A data set of the views of another's pictures: `views.count` for each, one after the other, with
 * its label. Load it unshuffled in batches of a multiple of `views.count`, with no transforms, and
 * average the network's answers with `averageViews`.
 * @param transforms Applied before the views are taken; nothing in them may be drawn.
 */
export function viewsOf(
  dataset: Dataset,
  views: Views,
  transforms: readonly Transform[] = [],
): Dataset {
  const prepare = compose(transforms)
  const own = (index: number) => Math.floor(index / views.count)
  // The views of a picture are asked for one after the other, a few pictures at a time.
  const recent = new Map<number, Promise<Picture[]>>()
  const load = (index: number) => {
    let pictures = recent.get(index)
    if (!pictures) {
      pictures = dataset
        .load(index)
        .then((picture) => views.apply(transformPicture(prepare, picture, new Random(index))))
      recent.set(index, pictures)
      const [oldest] = recent.keys()
      if (recent.size > 8) recent.delete(oldest!)
    }
    return pictures
  }
  return {
    name: dataset.name,
    classes: dataset.classes,
    length: dataset.length * views.count,
    split: dataset.split,
    label: (index) => dataset.label(own(index)),
    load: async (index) => (await load(own(index)))[index % views.count]!,
    path: (index) => dataset.path(own(index)),
    fingerprint: async () => `${await dataset.fingerprint()} ${views.name}`,
  }
}

/**
 * Means over each picture's views.
 * @param rows Rows of `length` numbers, such as class probabilities, `count` for each picture.
 * @returns One row for each picture.
 */
export function averageViews(rows: Float32Array, length: number, count: number): Float32Array {
  if (rows.length % (length * count) !== 0) {
    throw new RangeError(
      `averageViews: ${rows.length} numbers are not rows of ${length}, ${count} for each picture`,
    )
  }
  const means = new Float32Array(rows.length / count)
  for (let at = 0; at < means.length; at++) {
    const first = Math.floor(at / length) * length * count + (at % length)
    let sum = 0
    for (let view = 0; view < count; view++) sum += rows[first + view * length]!
    means[at] = sum / count
  }
  return means
}
