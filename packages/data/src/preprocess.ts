/**
 * How a picture is prepared for a trained network, as a record that can be kept as JSON beside the
 * weights, and the function it describes.
 */
import { type ChannelValues, createNormalizer } from './normalize.ts'
import type { Picture } from './picture.ts'
import { Random } from './random.ts'
import type { Interpolation } from './resample.ts'
import { centerCrop } from './transforms/crop.ts'
import { resize } from './transforms/resize.ts'
import { compose, transformPicture } from './transforms/transform.ts'

/** Resize, centre crop, normalise: everything that evaluation does to a picture. */
export interface Preprocessing {
  /** Pixels of the shorter side after resizing. */
  readonly resize: number
  /** Side in pixels of the square centre crop: the network's input size. */
  readonly crop: number
  /** Channel means of values from 0 to 1. */
  readonly mean: ChannelValues
  /** Channel standard deviations of values from 0 to 1. */
  readonly std: ChannelValues
  /** The resize filter: Pillow's antialiased one of this name. */
  readonly interpolation: Interpolation
}

/**
 * Makes the function that a record describes: a picture of any size in, `crop * crop * 3` floats
 * (NHWC) out, equal to torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` in turn.
 * @throws RangeError, naming the field, where the record is not a valid one.
 */
export function createPreprocess(record: Preprocessing): (picture: Picture) => Float32Array {
  checkRecord(record)
  const transform = compose([resize(record.resize), centerCrop(record.crop)])
  const normalizer = createNormalizer(record.mean, record.std)
  // Neither transform draws anything; the stream is there for the interface's sake.
  const random = new Random(0)
  return (picture) => {
    const out = new Float32Array(record.crop * record.crop * 3)
    normalizer.write(transformPicture(transform, picture, random), out)
    return out
  }
}

/** Records come from files, so their fields are checked, not believed. */
function checkRecord(record: Preprocessing): void {
  for (const field of ['resize', 'crop'] as const) {
    if (!Number.isInteger(record[field]) || record[field] < 1) {
      throw new RangeError(
        `preprocessing: "${field}" must be a positive whole number of pixels, not ${JSON.stringify(record[field])}`,
      )
    }
  }
  for (const field of ['mean', 'std'] as const) {
    if (!Array.isArray(record[field])) {
      throw new RangeError(
        `preprocessing: "${field}" must be a list of three numbers, not ${JSON.stringify(record[field])}`,
      )
    }
  }
  if (record.interpolation !== 'bilinear') {
    throw new RangeError(
      `preprocessing: "interpolation" must be "bilinear", not ${JSON.stringify(record.interpolation)}`,
    )
  }
}
