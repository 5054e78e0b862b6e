// Picture files to pixels and back in Node. The pixels are those of Pillow's
// `Image.open(path).convert('RGB')`, which is what networks were trained on: colour profiles are
// ignored, alpha is dropped and not composited, CMYK is converted by the plain formula. Two things
// differ from it on purpose: the orientation is applied, and 16-bit greyscale is scaled to 8
// bits, where Pillow clips it to white.
//
// Plain JPEG pictures are decoded by `jpeg.ts`, everything else, damage included, by sharp (libvips
// with libjpeg-turbo's decoder in it). sharp is loaded when it is first needed, not by the import, and
// is told then to use one thread a picture and no cache: pictures are loaded several at a time by
// the loader instead.

import type sharpFunction from 'sharp'
import { firstFrame, isLimitedGrey } from '../avif.ts'
import { type BatchSheetOptions, batchSheet } from '../contact-sheet.ts'
import { type DecodeOptions, damagedPicture } from '../decode.ts'
import type { Picture } from '../picture.ts'
import { readPictureHeader } from '../picture-header.ts'

/** Decodes what has passed `inspectPicture`, by sharp alone, as it is stored. */
export async function decodeWithSharp(
  bytes: Uint8Array,
  { path, maxPixels = 178_956_970 }: DecodeOptions = {},
): Promise<Picture> {
  const sharp = await loadSharp()
  const header = readPictureHeader(bytes)
  const isCmyk = header?.channels === 4
  try {
    const reader = sharp(header?.format === 'avif' ? firstFrame(bytes) : bytes, {
      // Pillow, too, reads on past the decoder's warnings, but not past the end of the file.
      failOn: 'truncated',
      limitInputPixels: maxPixels,
      ignoreIcc: true,
      // Rows are read once, from top to bottom: a quarter less time than by random access.
      sequentialRead: true,
    })
    // Told to stay CMYK, sharp leaves the conversion to us; its own follows a printer's profile.
    const image = isCmyk
      ? reader.pipelineColourspace('cmyk').toColourspace('cmyk')
      : reader.removeAlpha().toColourspace('srgb')
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const rgb = isCmyk ? cmykToRgb(pixels) : pixels
    if (header?.format === 'avif' && isLimitedGrey(bytes)) widenRange(rgb)
    return { width: info.width, height: info.height, data: rgb }
  } catch (error) {
    throw damagedPicture(bytes, error, path)
  }
}

/** The picture as a PNG file's bytes. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const sharp = await loadSharp()
  return plainBytes(await rawInput(sharp, picture).png().toBuffer())
}

/**
 * The picture as a JPEG file's bytes, colours not subsampled.
 * @param quality 1 to 100.
 */
export async function encodeJpeg(picture: Picture, quality: number): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const options = { quality, chromaSubsampling: '4:4:4' }
  return plainBytes(await rawInput(sharp, picture).jpeg(options).toBuffer())
}

function rawInput(sharp: typeof sharpFunction, { width, height, data }: Picture) {
  return sharp(data, { raw: { width, height, channels: 3 } })
}

function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * A batch of the loader as a PNG file's bytes: its pictures side by side with their labels.
 */
export function showBatch(
  batch: Parameters<typeof batchSheet>[0],
  options: BatchSheetOptions = {},
): Promise<Uint8Array> {
  return encodePng(batchSheet(batch, options))
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

/** Stretches 16 to 235 to 0 to 255, in place. */
function widenRange(data: Uint8Array): void {
  const widened = Uint8ClampedArray.from({ length: 256 }, (_, value) => ((value - 16) * 255) / 219)
  for (let at = 0; at < data.length; at++) data[at] = widened[data[at]!]!
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
