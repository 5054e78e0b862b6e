// How a picture is prepared for a trained network, as a record that can be kept as JSON beside the
// weights, and the functions it describes: one view of the picture, or ten.

import {
  type ChannelValues,
  createMeanPictureNormalizer,
  createNormalizer,
  type MeanPicture,
  type Normalizer,
} from './normalize.ts'
import type { Picture } from './picture.ts'
import { Random } from './random.ts'
import { type Interpolation, requireInterpolation } from './resample.ts'
import { centerCrop } from './transforms/crop.ts'
import { tenCrop } from './transforms/multi-crop.ts'
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
  /** Subtracted in place of `mean`, for networks that were trained so. */
  readonly meanPicture?: PackedMeanPicture
}

/** A mean picture that JSON can hold. */
export interface PackedMeanPicture {
  readonly width: number
  readonly height: number
  /** The values as little-endian float32, in base64. */
  readonly base64: string
}

/**
 * Makes the function that a record describes: a picture of any size in, `crop * crop * 3` floats
 * (NHWC) out, equal to torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize` in turn.
 * @throws RangeError, naming the field, where the record is not a valid one.
 */
export function createPreprocess(record: Preprocessing): (picture: Picture) => Float32Array {
  const normalizer = createRecordNormalizer(record)
  const { interpolation } = record
  const transform = compose([resize(record.resize, { interpolation }), centerCrop(record.crop)])
  // Neither transform draws anything; the stream is there for the interface's sake.
  const random = new Random(0)
  return (picture) => {
    const out = new Float32Array(record.crop * record.crop * 3)
    normalizer.write(transformPicture(transform, picture, random), out)
    return out
  }
}

/**
 * The ten views that the 2012 network was tested with: of the record's resized picture the four
 * corners and the middle of its square middle part, and their mirror images, normalised.
 * @returns A function from a picture to ten inputs, `10 * crop * crop * 3` floats (NHWC); the mean
 *   of the network's ten answers is the answer (`averageViews`).
 * @throws RangeError where the record is not a valid one, or its `resize` is less than its `crop`.
 */
export function createTenViewPreprocess(record: Preprocessing): (picture: Picture) => Float32Array {
  const normalizer = createRecordNormalizer(record)
  const { crop, interpolation } = record
  if (record.resize < crop) {
    throw new RangeError(
      `preprocessing: ten views need "resize" (${record.resize}) to be at least "crop" (${crop})`,
    )
  }
  const square = compose([resize(record.resize, { interpolation }), centerCrop(record.resize)])
  const views = tenCrop(crop)
  const random = new Random(0)
  const length = crop * crop * 3
  return (picture) => {
    const out = new Float32Array(views.count * length)
    views
      .apply(transformPicture(square, picture, random))
      .forEach((view, at) => void normalizer.write(view, out, at * length))
    return out
  }
}

/**
 * The normaliser of a record: by channel, or by its mean picture.
 * @throws RangeError, naming the field, where the record is not a valid one.
 */
export function createRecordNormalizer(record: Preprocessing): Normalizer {
  checkRecord(record)
  if (!record.meanPicture) return createNormalizer(record.mean, record.std)
  const mean = unpackMeanPicture(record.meanPicture)
  return createMeanPictureNormalizer(mean, { std: record.std }) as Normalizer
}

/**
 * What a record subtracts: a number a channel, or, of a mean picture, one for each of a prepared
 * picture's `crop * crop * 3` values (NHWC).
 */
export function subtractedMean(record: Preprocessing): readonly number[] | Float32Array {
  if (!record.meanPicture) return record.mean
  const { crop } = record
  const black = { width: crop, height: crop, data: new Uint8Array(crop * crop * 3) }
  const out = new Float32Array(black.data.length)
  createRecordNormalizer({ ...record, std: [1, 1, 1] }).write(black, out)
  return out.map((value) => -value)
}

/** A mean picture as a record holds it. */
export function packMeanPicture({ width, height, data }: MeanPicture): PackedMeanPicture {
  const view = new DataView(new ArrayBuffer(data.length * 4))
  data.forEach((value, at) => void view.setFloat32(at * 4, value, true))
  const bytes = new Uint8Array(view.buffer)
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return { width, height, base64: btoa(text) }
}

/** @throws RangeError where the packed values are not as many as its size says. */
export function unpackMeanPicture({ width, height, base64 }: PackedMeanPicture): MeanPicture {
  let bytes: Uint8Array
  try {
    bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    throw new RangeError('preprocessing: "meanPicture" must hold its values in base64')
  }
  if (bytes.length !== width * height * 12) {
    throw new RangeError(
      `preprocessing: "meanPicture" of ${width}×${height} must have ${width * height * 12} bytes, not ${bytes.length}`,
    )
  }
  const view = new DataView(bytes.buffer)
  const data = Float32Array.from({ length: bytes.length / 4 }, (_, at) =>
    view.getFloat32(at * 4, true),
  )
  return { width, height, data }
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
  requireInterpolation('preprocessing', record.interpolation)
  const { meanPicture, crop } = record
  if (meanPicture && !(meanPicture.width >= crop && meanPicture.height >= crop)) {
    throw new RangeError(
      `preprocessing: "meanPicture" of ${meanPicture.width}×${meanPicture.height} does not cover "crop" (${crop})`,
    )
  }
}
