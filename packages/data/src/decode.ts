// What is checked of a picture's file before anything is decoded, in Node and browsers alike: that
// it is one, that its header is whole, and that its size is within limits, so that a small file
// cannot ask for gigabytes.

import { PictureError } from './picture.ts'
import {
  describeForeignBytes,
  type PictureHeader,
  pictureFormat,
  readPictureHeader,
} from './picture-header.ts'

/** Limits of `decodePicture`. */
export interface DecodeOptions {
  /** Named in errors. */
  path?: string
  /** Pictures with fewer pixels on a side are refused; default 2. */
  minPixelsPerSide?: number
  /** Pictures with more pixels on a side are refused unread; default 1,000,000. */
  maxPixelsPerSide?: number
  /** Pictures with more pixels are refused unread; default 178,956,970, which is Pillow's limit. */
  maxPixels?: number
  /** Files with more bytes are refused; default 512 MiB. */
  maxBytes?: number
}

/**
 * Reads the header and holds it against the limits.
 * @throws PictureError, one line with the path.
 */
export function inspectPicture(bytes: Uint8Array, options: DecodeOptions = {}): PictureHeader {
  const { path, minPixelsPerSide = 2, maxPixelsPerSide = 1_000_000 } = options
  const { maxPixels = 178_956_970, maxBytes = 2 ** 29 } = options
  const refuse = (problem: string) => new PictureError(problem, { path })
  if (bytes.length === 0) {
    throw refuse('is empty (0 bytes); restore the picture or remove the file')
  }
  if (bytes.length > maxBytes) {
    throw refuse(
      `has ${bytes.length} bytes, more than the ${maxBytes} allowed; compress it, or raise maxBytes if you trust it`,
    )
  }
  const format = pictureFormat(bytes)
  if (!format) {
    throw refuse(
      `is no JPEG, PNG, WebP, GIF, AVIF, BMP, PNM or TIFF picture but ${describeForeignBytes(bytes)}; convert or remove it`,
    )
  }
  const header = readPictureHeader(bytes)
  if (!header || header.width === 0 || header.height === 0) {
    throw refuse(
      `begins as ${format.toUpperCase()} but its header is cut off or damaged; restore the picture or remove the file`,
    )
  }
  const size = `${header.width}×${header.height}`
  if (header.width * header.height > maxPixels) {
    throw refuse(
      `is ${size}, more than the ${maxPixels} pixels allowed; scale it down, or raise maxPixels if you trust it`,
    )
  }
  if (Math.max(header.width, header.height) > maxPixelsPerSide) {
    throw refuse(
      `is ${size}, more than the ${maxPixelsPerSide} pixels allowed on a side; cut it, or raise maxPixelsPerSide if you trust it`,
    )
  }
  if (Math.min(header.width, header.height) < minPixelsPerSide) {
    throw refuse(
      `is ${size}, too small to be a picture; at least ${minPixelsPerSide}×${minPixelsPerSide} is needed, so replace or remove it`,
    )
  }
  return header
}

/** The error for a picture that a decoder gave up on. */
export function damagedPicture(bytes: Uint8Array, error: unknown, path?: string): PictureError {
  // libvips reports every warning on a line of its own; the first one says what happened.
  const [reason] = (error instanceof Error ? error.message : String(error)).trim().split('\n')
  return new PictureError(
    `is a ${pictureFormat(bytes)?.toUpperCase()} picture that is cut off or damaged (${reason}); restore the picture or remove the file`,
    { path, cause: error },
  )
}
