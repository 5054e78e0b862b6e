/**
 * Picture files to pixels and back in Node, by sharp (libvips, with libjpeg-turbo's decoder in it).
 * The pixels are those of Pillow's `Image.open(path).convert('RGB')`, which is what networks were
 * trained on: colour profiles are ignored, alpha is dropped and not composited, CMYK is converted
 * by the plain formula. Two things differ from it on purpose: the EXIF orientation is applied, and
 * 16-bit greyscale is scaled to 8 bits, where Pillow clips it to white.
 *
 * sharp is loaded by the first call, not by the import, and is told then to use one thread a
 * picture and no cache: pictures are loaded several at a time by the loader instead.
 */
import { readFile } from 'node:fs/promises'
import type sharpFunction from 'sharp'
import { type Picture, PictureError } from '../picture.ts'
import { describeForeignBytes, pictureFormat, readPictureHeader } from '../picture-header.ts'

/** Limits of `decodePicture`. */
export interface DecodeOptions {
  /** Named in errors. */
  path?: string
  /** Pictures with fewer pixels on a side are refused; default 2. */
  minPixelsPerSide?: number
  /** Pictures with more pixels are refused unread; default 178,956,970, which is Pillow's limit. */
  maxPixels?: number
}

/**
 * Decodes a JPEG, PNG or WebP picture of any kind to 8-bit RGB, upright.
 * @throws PictureError, one line with the path, for bytes that are no such picture, are cut off or
 *   damaged, or whose size is beyond the limits.
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<Picture> {
  const { path, minPixelsPerSide = 2, maxPixels = 178_956_970 } = options
  if (bytes.length === 0) {
    throw new PictureError('is empty (0 bytes); restore the picture or remove the file', { path })
  }
  const format = pictureFormat(bytes)
  if (!format) {
    throw new PictureError(
      `is no JPEG, PNG or WebP picture but ${describeForeignBytes(bytes)}; convert or remove it`,
      { path },
    )
  }
  const header = readPictureHeader(bytes)
  if (!header || header.width === 0 || header.height === 0) {
    throw new PictureError(
      `begins as ${format.toUpperCase()} but its header is cut off or damaged; restore the picture or remove the file`,
      { path },
    )
  }
  const size = `${header.width}×${header.height}`
  if (header.width * header.height > maxPixels) {
    throw new PictureError(
      `is ${size}, more than the ${maxPixels} pixels allowed; scale it down, or raise maxPixels if you trust it`,
      { path },
    )
  }
  if (Math.min(header.width, header.height) < minPixelsPerSide) {
    throw new PictureError(
      `is ${size}, too small to be a picture; at least ${minPixelsPerSide}×${minPixelsPerSide} is needed, so replace or remove it`,
      { path },
    )
  }

  const sharp = await loadSharp()
  const isCmyk = header.channels === 4
  try {
    const reader = sharp(bytes, {
      // Pillow, too, reads on past the decoder's warnings, but not past the end of the file.
      failOn: 'truncated',
      limitInputPixels: maxPixels,
      ignoreIcc: true,
      autoOrient: true,
    })
    // Told to stay CMYK, sharp leaves the conversion to us; its own follows a printer's profile.
    const image = isCmyk
      ? reader.pipelineColourspace('cmyk').toColourspace('cmyk')
      : reader.removeAlpha().toColourspace('srgb')
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const rgb = isCmyk ? cmykToRgb(pixels) : pixels
    return { width: info.width, height: info.height, data: rgb }
  } catch (error) {
    // libvips reports every warning on a line of its own; the first one says what happened.
    const [reason] = (error instanceof Error ? error.message : String(error)).trim().split('\n')
    throw new PictureError(
      `is a ${format.toUpperCase()} picture that is cut off or damaged (${reason}); restore the picture or remove the file`,
      { path, cause: error },
    )
  }
}

/**
 * Reads and decodes a picture file.
 * @throws PictureError for a file that cannot be read, and as `decodePicture` does.
 */
export async function readPicture(
  path: string,
  options: Omit<DecodeOptions, 'path'> = {},
): Promise<Picture> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    const problem =
      code === 'ENOENT'
        ? 'does not exist; check the path'
        : code === 'EISDIR'
          ? 'is a folder, not a picture; name a file in it'
          : `cannot be read (${code}); check the file and its permissions`
    throw new PictureError(problem, { path, cause: error })
  }
  return decodePicture(bytes, { ...options, path })
}

/** The picture as a PNG file's bytes. */
export async function encodePng({ width, height, data }: Picture): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  return new Uint8Array(png.buffer, png.byteOffset, png.byteLength)
}

let loaded: Promise<typeof sharpFunction> | undefined

/** Loads sharp at the first call and sets it, for the whole process, to one thread and no cache. */
function loadSharp(): Promise<typeof sharpFunction> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return loaded
}

/** Pillow's `cmyk2rgb` (Convert.c), which rounds products by 255 with a shift. */
function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3)
  for (let from = 0, to = 0; from < cmyk.length; from += 4, to += 3) {
    const white = 255 - cmyk[from + 3]!
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[from + channel]! * white + 128
      rgb[to + channel] = white - (((product >> 8) + product) >> 8)
    }
  }
  return rgb
}
