// What a picture may be given as: a path or address, a file or its bytes, pixels, and in pages whatever shows one.
// All of it becomes a data set, so that one loader decodes and prepares it.

import { type Dataset, type ListedPicture, type Picture, pictureList } from '@alexnet/data'
import { ModelError } from './errors.ts'

/** What a page shows a picture in. */
export type ShownPicture =
  | HTMLImageElement
  | HTMLCanvasElement
  | HTMLVideoElement
  | OffscreenCanvas
  | ImageBitmap
  | ImageData

/**
 * One picture: a path (Node), an address, a Blob or File, a picture file's bytes, pixels; in pages also `<img>`,
 * `<canvas>`, `<video>`, ImageData and ImageBitmap.
 */
export type PictureInput = string | URL | Blob | Uint8Array | ArrayBuffer | Picture | ShownPicture

/** Pictures as a data set, in their order; `first` is the number of the first, for messages. */
export async function asDataset(inputs: readonly PictureInput[], first = 0): Promise<Dataset> {
  const list = await Promise.all(inputs.map((input, index) => listed(input, first + index)))
  return pictureList(list, { name: 'pictures' })
}

async function listed(input: PictureInput, index: number): Promise<ListedPicture> {
  const name = `picture ${index}`
  if (typeof input === 'string') return { picture: addressOf(input), name: input }
  if (input instanceof URL) return { picture: input }
  if (input instanceof Uint8Array) return { picture: input, name }
  if (input instanceof ArrayBuffer) return { picture: new Uint8Array(input), name }
  if (typeof Blob !== 'undefined' && input instanceof Blob) {
    return { picture: input, name: (input as Partial<File>).name || name }
  }
  if (typeof input === 'object' && input !== null) {
    const shown = await fromPage(input as ShownPicture)
    if (shown) return { picture: shown, name }
    if ('data' in input && 'width' in input) {
      return { picture: checkedPixels(input as Picture, name), name }
    }
  }
  throw new ModelError(
    `${name} is ${describe(input)}: give a path, a URL, a Blob or File, a picture file's bytes, or pixels ({ width, height, data })`,
  )
}

/** In a page, a relative address is one beside the page. */
function addressOf(text: string): string {
  const { document } = globalThis
  return document?.baseURI ? new URL(text, document.baseURI).href : text
}

function checkedPixels(picture: Picture, name: string): Picture {
  const { width, height, data } = picture
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ModelError(
      `${name} is ${width}×${height} pixels: width and height must be whole numbers of at least 1`,
    )
  }
  const expected = width * height * 3
  if (data.length === expected) return picture
  const guess = data.length === width * height * 4 ? ' (it looks like RGBA: drop the alpha)' : ''
  throw new ModelError(
    `${name} of ${width}×${height} pixels has ${data.length} bytes, expected ${expected}: red, green and blue of each pixel${guess}`,
  )
}

/** The pixels of what a page shows; undefined for anything else. */
async function fromPage(input: ShownPicture): Promise<Picture | undefined> {
  const is = (name: string) => {
    const type = (globalThis as Record<string, unknown>)[name] as (new () => object) | undefined
    return type !== undefined && input instanceof type
  }
  if (is('ImageData')) return withoutAlpha(input as ImageData)
  const names = [
    'HTMLImageElement',
    'HTMLCanvasElement',
    'HTMLVideoElement',
    'OffscreenCanvas',
    'ImageBitmap',
  ]
  if (!names.some(is)) return undefined
  if (is('HTMLImageElement')) await (input as HTMLImageElement).decode()
  if (is('HTMLVideoElement') && (input as HTMLVideoElement).readyState < 2) {
    throw new ModelError('the video has no picture yet: wait for its "playing" event')
  }
  const bitmap = await createImageBitmap(input, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  })
  try {
    const { width, height } = bitmap
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      willReadFrequently: true,
    })!
    context.drawImage(bitmap, 0, 0)
    return withoutAlpha(context.getImageData(0, 0, width, height))
  } catch (cause) {
    throw new ModelError(
      'the pixels of this element may not be read: its picture is from another origin (serve it with CORS headers and crossorigin="anonymous")',
      { cause },
    )
  } finally {
    bitmap.close()
  }
}

function withoutAlpha({ width, height, data }: ImageData): Picture {
  const rgb = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from]!
    rgb[to + 1] = data[from + 1]!
    rgb[to + 2] = data[from + 2]!
  }
  return { width, height, data: rgb }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  return value.constructor?.name ?? 'an object'
}
