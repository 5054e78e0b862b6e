// Pictures in the worker: from files to pixels, and from pixels to what a canvas shows.
import { decodePicture, type Picture } from '@alexnet/data'
import { Random, resize, transformPicture } from '@alexnet/data/transforms'
import type { Pixels } from './protocol.ts'

/** Larger pictures are refused before they are decoded into memory. */
const MOST_PIXELS = 100_000_000

/**
 * A picture file's pixels, upright, as the command line decodes them.
 * @throws PictureError that names the picture and says what to do
 */
export async function decode(blob: Blob, name: string): Promise<Picture> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  return decodePicture(bytes, { path: name, maxPixels: MOST_PIXELS, minPixelsPerSide: 1 })
}

/** Side in pixels that no picture to train on need be larger than. */
const MOST_SIDE = 256

/** A picture whose shorter side is no larger than the networks here use. */
export function reduced(picture: Picture): Picture {
  const isLarge = Math.min(picture.width, picture.height) > MOST_SIDE
  return isLarge ? transformPicture(resize(MOST_SIDE), picture, new Random(0)) : picture
}

/** A picture as a canvas takes it. */
export function toPixels({ width, height, data }: Picture): Pixels {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!
    rgba[to + 1] = data[from + 1]!
    rgba[to + 2] = data[from + 2]!
    rgba[to + 3] = 255
  }
  return { width, height, data: rgba }
}

/** A picture as a file: a PNG has the very pixels, a JPEG a tenth of the bytes. */
export async function toFile(
  picture: Picture,
  type: 'image/png' | 'image/jpeg' = 'image/png',
): Promise<Blob> {
  const { width, height, data } = toPixels(picture)
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0)
  return canvas.convertToBlob({ type, quality: 0.95 })
}
