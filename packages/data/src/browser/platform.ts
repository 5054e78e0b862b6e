/**
 * A browser's side of loading: Blobs and URLs, Web Workers, and the browser's own decoder for what
 * `jpeg.ts` leaves. The browser is told to leave colours as they are stored and alpha apart; its
 * decoder may still differ by a level or two from Pillow's where colour is subsampled.
 */
import { type DecodeOptions, damagedPicture } from '../decode.ts'
import { type Picture, PictureError } from '../picture.ts'
import type { Platform, WorkerHandle } from '../picture-source.ts'
import { readBlob, readUrl } from '../read-source.ts'

/** A browser as `createLoader` needs it. */
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
  decode: decodeWithBrowser,
  startWorker: startWebWorker,
  get processors() {
    return globalThis.navigator?.hardwareConcurrency ?? 2
  },
  get canShare() {
    return globalThis.crossOriginIsolated === true
  },
}

/** Decodes by `createImageBitmap`, upright. */
export async function decodeWithBrowser(
  bytes: Uint8Array,
  { path }: DecodeOptions = {},
): Promise<Picture> {
  try {
    const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
      imageOrientation: 'from-image',
    })
    return pictureOf(bitmap)
  } catch (error) {
    throw damagedPicture(bytes, error, path)
  }
}

/** The pixels of a bitmap, which is closed. */
export function pictureOf(bitmap: ImageBitmap): Picture {
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
  })!
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  const { data: rgba } = context.getImageData(0, 0, width, height)
  const data = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from]!
    data[to + 1] = rgba[from + 1]!
    data[to + 2] = rgba[from + 2]!
  }
  return { width, height, data }
}

function startWebWorker(): WorkerHandle {
  // Bundlers find the worker by this very expression.
  const worker = new Worker(new URL('./loader-worker.js', import.meta.url), { type: 'module' })
  return {
    post: (message, transfer) => worker.postMessage(message, [...(transfer ?? [])]),
    onMessage: (listen) => worker.addEventListener('message', ({ data }) => listen(data)),
    onDeath(listen) {
      worker.addEventListener(
        'error',
        ({ message }) => {
          worker.terminate()
          listen(message || 'it could not be started')
        },
        { once: true },
      )
    },
    keepAlive() {},
    async stop() {
      worker.terminate()
    },
  }
}
