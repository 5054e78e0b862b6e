// Pictures in the worker: from files to pixels, and from pixels to what a canvas shows.
import { decodePicture, type Picture } from '@alexnet/data'
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

/** A picture as a PNG file. */
export async function toPng(picture: Picture): Promise<Blob> {
  const { width, height, data } = toPixels(picture)
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}
