// A browser's side of loading: Blobs and URLs, and the browser's own decoder for what `jpeg.ts` leaves.
// Workers import this file, so it starts none: a worker that can start itself is a circle on which bundlers
// hang. The browser is told to leave colours as they are stored and alpha apart; its
// decoder may still differ by a level or two from Pillow's where colour is subsampled.

import { firstFrame } from '../avif.ts'
import { type DecodeOptions, damagedPicture } from '../decode.ts'
import { jpegSegments } from '../jpeg-segments.ts'
import { type Picture, PictureError } from '../picture.ts'
import { pictureFormat } from '../picture-header.ts'
import type { Platform } from '../picture-source.ts'
import { pixelChunks } from '../png.ts'
import { readBlob, readUrl } from '../read-source.ts'

/** A browser as a loader's thread needs it. */
export const browserPlatform: Platform = {
  read(source, _wait, path) {
    switch (source.kind) {
      case 'bytes':
        return source.bytes
      case 'blob':
        return readBlob(source.blob, path)
      case 'url':
        return readUrl(source.url, path)
      default:
        throw new PictureError('is a file by its path, which browsers do not read', { path })
    }
  },
  addressOf: (path) =>
    new URL(path, globalThis.document?.baseURI ?? globalThis.location?.href).href,
  decode: decodeWithBrowser,
  get processors() {
    return globalThis.navigator?.hardwareConcurrency ?? 2
  },
  get canShare() {
    return globalThis.crossOriginIsolated === true
  },
}

/** Decodes by `createImageBitmap`: AVIF upright, everything else as it is stored. */
export async function decodeWithBrowser(
  bytes: Uint8Array,
  { path }: DecodeOptions = {},
): Promise<Picture> {
  try {
    const bitmap = await createImageBitmap(new Blob([withoutMetadata(bytes)]), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
      imageOrientation: 'from-image',
    })
    return pictureOf(bitmap)
  } catch (error) {
    throw damagedPicture(bytes, error, path)
  }
}

/**
 * The file without what browsers turn pictures by, each in its way (Chromium does not for WebP): the orientation
 * is applied to the pixels. Of an animation it is the picture that programs without animation show.
 */
function withoutMetadata(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const format = pictureFormat(bytes)
  if (format === 'avif') return firstFrame(bytes) as Uint8Array<ArrayBuffer>
  if (format === 'png') return pixelChunks(bytes) as Uint8Array<ArrayBuffer>
  if (format !== 'jpeg' && format !== 'webp') return bytes as Uint8Array<ArrayBuffer>
  const copy = bytes.slice()
  if (format === 'webp' && copy[15] === 0x58) copy[20]! &= ~0x0c // VP8X: neither EXIF nor XMP
  if (format === 'jpeg') {
    for (const { marker, start, end } of jpegSegments(bytes)) {
      if (marker === 0xe1) copy.fill(0, start, end)
    }
  }
  return copy
}

/** The pixels of a bitmap, which is closed. */
export function pictureOf(bitmap: ImageBitmap): Picture {
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
  })!
  context.drawImage(bitmap, 0, 0)
  let rgba: Uint8Array | Uint8ClampedArray = context.getImageData(0, 0, width, height).data
  if (isTransparent(rgba)) rgba = unmultiplied(bitmap) ?? rgba
  bitmap.close()
  const data = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from]!
    data[to + 1] = rgba[from + 1]!
    data[to + 2] = rgba[from + 2]!
  }
  return { width, height, data }
}

function isTransparent(rgba: Uint8ClampedArray): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true
  return false
}

/**
 * The colours that lie under alpha, which is dropped as Pillow drops it: a 2D canvas multiplies them with
 * alpha and so loses them, a texture does not. Undefined where there is no WebGL or the picture is larger than
 * its textures.
 */
function unmultiplied(bitmap: ImageBitmap): Uint8Array | undefined {
  const { width, height } = bitmap
  const gl = new OffscreenCanvas(1, 1).getContext('webgl')
  if (!gl || Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined
  const texture = gl.createTexture()
  gl.bindTexture(gl.TEXTURE_2D, texture)
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap)
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer())
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
  const rgba = new Uint8Array(width * height * 4)
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba)
  const isRead = gl.getError() === gl.NO_ERROR
  gl.getExtension('WEBGL_lose_context')?.loseContext()
  return isRead ? rgba : undefined
}
