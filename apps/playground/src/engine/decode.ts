// Pictures in the worker: from files to pixels, and from pixels to what a canvas shows.
import type { Picture } from '@alexnet/data'
import type { Pixels } from './protocol.ts'

/** Larger pictures are refused before they are decoded into memory: 4 bytes a pixel. */
const MOST_PIXELS = 100_000_000

/**
 * Decodes a picture as the browser does, turned upright, its colours as they are in the file.
 * @throws Error that names the picture and says what to do
 */
export async function decode(blob: Blob, name: string): Promise<Picture> {
  if (blob.size === 0) throw new Error(`${name} is empty (0 bytes): choose another picture`)
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(blob, {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
      imageOrientation: 'from-image',
    })
  } catch {
    throw new Error(
      `${name} is no picture that this browser can read, or it is damaged: use a JPEG, PNG or WebP file`,
    )
  }
  try {
    const { width, height } = bitmap
    if (width * height > MOST_PIXELS) {
      throw new Error(`${name} is ${width}×${height} pixels, too large: scale it down`)
    }
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      willReadFrequently: true,
    })!
    context.drawImage(bitmap, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    const rgb = new Uint8Array(width * height * 3)
    for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
      rgb[to] = data[from]!
      rgb[to + 1] = data[from + 1]!
      rgb[to + 2] = data[from + 2]!
    }
    return { width, height, data: rgb }
  } finally {
    bitmap.close()
  }
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
