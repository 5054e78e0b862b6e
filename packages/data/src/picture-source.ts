// Where a picture lies, as plain data that can be sent to a worker: the worker reads and decodes it
// itself. And the way from there to a prepared picture, the same in every thread: read, look at the
// header, draw the transforms' parameters, decode no more of the picture than they read, apply.

import { decodeBmp } from './bmp.ts'
import { type DecodeOptions, inspectPicture } from './decode.ts'
import { decodeGif } from './gif.ts'
import { decodeJpeg } from './jpeg.ts'
import { type JpegFrame, readJpegFrame } from './jpeg-header.ts'
import { decodeNetpbm } from './netpbm.ts'
import { readPictureOrientation, turnUpright } from './orientation.ts'
import type { Box, Picture, Size } from './picture.ts'
import type { PictureHeader } from './picture-header.ts'
import { pixelModule } from './pixel-module.ts'
import { checkPng } from './png.ts'
import type { Random } from './random.ts'
import type { Transform } from './transforms/transform.ts'

/** A picture's place. `encoded` kinds hold a picture file's bytes, the others RGB pixels. */
export type PictureSource =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly start?: number
      readonly length?: number
      /** What a part's bytes must be; Node holds them against it. */
      readonly checksum?: Checksum | undefined
    }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly blob: Blob }
  | { readonly kind: 'url'; readonly url: string }
  | ({ readonly kind: 'pixels' } & Picture)
  | ({
      readonly kind: 'pixelFile'
      readonly path: string
      readonly start: number
      readonly checksum?: Checksum | undefined
    } & Size)

/** A CRC-32, and where to note, on memory that workers share, that the bytes were found to have it. */
export interface Checksum {
  readonly crc32: number
  readonly found: Uint8Array
  readonly at: number
}

/** What differs between Node and browsers. */
export interface Platform {
  /**
   * The bytes of a source, at once where that can be done and `wait` says that nobody minds.
   * @param isLent Whether `giveBack` is told when nobody reads them any more, and `rest` in the end. Default false.
   */
  read(
    source: Exclude<PictureSource, { kind: 'pixels' }>,
    wait: boolean,
    path: string,
    isLent?: boolean,
  ): Uint8Array | Promise<Uint8Array>
  /**
   * Takes bytes back that `read` lent, to be read into again: so many arrays a second keep the garbage collector busy. Of
   * others, such as a caller's own, nothing becomes.
   */
  giveBack?(bytes: Uint8Array): void
  /** A loader begins: files that `read` has left open for another may have been replaced since. */
  begin?(): void
  /** Closes what `read` has left open for those who come again; files may be replaced now. */
  rest?(): void
  /** The address that a plain path stands for, where there are no files: relative to the page. */
  addressOf?(path: string): string
  /** Decodes what this package does not itself, as it is stored; `bytes` have passed `inspectPicture`. */
  decode(bytes: Uint8Array, options: DecodeOptions): Promise<Picture>
  /** Starts a worker that runs `serveParts`; undefined where there are none. */
  startWorker?(): WorkerHandle
  /** How many threads the machine runs at once. */
  readonly processors: number
  /** Whether arrays can be shared with workers. */
  readonly canShare: boolean
}

/** A worker of either kind. */
export interface WorkerHandle {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(listen: (message: unknown) => void): void
  /** Called once if the worker ends without having been told to. */
  onDeath(listen: (reason: string) => void): void
  /** Whether the process is to wait for it before it ends. */
  keepAlive(busy: boolean): void
  stop(): Promise<void>
}

/** How a picture is to be prepared. */
export interface Preparation {
  readonly transform: Transform<readonly unknown[]>
  readonly steps: readonly Transform[]
  readonly limits: DecodeOptions
}

/**
 * Reads, decodes and transforms a picture and hands it to `use`, which must be done with it when it
 * returns: the picture may lie on memory that the next one is decoded to.
 */
export async function preparePicture(
  source: PictureSource,
  { transform, steps, limits }: Preparation,
  random: Random,
  platform: Platform,
  { path, wait }: { path: string; wait: boolean },
  use: (picture: Picture) => void,
): Promise<void> {
  // A transform that is not this package's may keep what it is given.
  const isOurs = steps.every(({ settings }) => settings !== undefined)
  const lending = (work: () => void) => (isOurs ? pixelModule().lend(work) : work())
  const finish = (picture: Picture, parameters = transform.sample(random, picture)) =>
    lending(() => use(transform.apply(picture, parameters)))
  if (source.kind === 'pixels') return finish(source)
  const reading = platform.read(source, wait, path, true)
  const bytes = reading instanceof Uint8Array ? reading : await reading
  if (source.kind === 'pixelFile') {
    return finish({ width: source.width, height: source.height, data: bytes })
  }
  const options = { ...limits, path }
  const header = inspectPicture(bytes, options)
  const frame = readJpegFrame(bytes)
  if (frame && frame.orientation === 1) {
    const parameters = transform.sample(random, frame)
    const picture = decodeJpeg(bytes, frame, windowOf(steps[0], parameters[0], frame))
    if (picture) platform.giveBack?.(bytes)
    return finish(picture ?? (await platform.decode(bytes, options)), parameters)
  }
  finish(await decodeChecked(bytes, header, frame, platform, options))
}

/** Decodes a picture's file to a picture of its own. */
export async function decodeWith(
  given: Uint8Array | ArrayBuffer,
  platform: Pick<Platform, 'decode'>,
  options: DecodeOptions,
): Promise<Picture> {
  const bytes = bytesOf(given)
  const header = inspectPicture(bytes, options)
  return decodeChecked(bytes, header, readJpegFrame(bytes), platform, options)
}

async function decodeChecked(
  bytes: Uint8Array,
  { format }: PictureHeader,
  frame: JpegFrame | undefined,
  platform: Pick<Platform, 'decode'>,
  options: DecodeOptions,
): Promise<Picture> {
  switch (format) {
    case 'gif':
      return decodeGif(bytes, options.path)
    case 'bmp':
      return decodeBmp(bytes, options.path)
    case 'netpbm':
      return decodeNetpbm(bytes, options.path)
    case 'png':
      checkPng(bytes, options.path)
  }
  const picture = frame && decodeJpeg(bytes, frame)
  if (picture && frame.orientation === 1) return { ...picture, data: picture.data.slice() }
  const orientation = frame?.orientation ?? (await readPictureOrientation(bytes, format))
  return turnUpright(picture ?? (await platform.decode(bytes, options)), orientation)
}

/** @throws TypeError where it is neither an ArrayBuffer nor a view of one. */
function bytesOf(given: Uint8Array | ArrayBuffer): Uint8Array {
  if (given instanceof Uint8Array) return given
  if (ArrayBuffer.isView(given)) {
    const { buffer, byteOffset, byteLength } = given as ArrayBufferView
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
  const kind = Object.prototype.toString.call(given).slice(8, -1)
  if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') return new Uint8Array(given)
  throw new TypeError(
    `decodePicture: it takes a file's bytes as a Uint8Array or ArrayBuffer, not ${kind}`,
  )
}

/** The part of the picture that the first transform reads, as far as it tells. */
function windowOf(step: Transform | undefined, parameters: unknown, size: Size): Box {
  const box = step?.reads?.(parameters) ?? step?.window?.(parameters)
  if (!box) return { left: 0, top: 0, width: size.width, height: size.height }
  const left = Math.max(0, Math.min(size.width - 1, box.left))
  const top = Math.max(0, Math.min(size.height - 1, box.top))
  const right = Math.max(left + 1, Math.min(size.width, box.left + box.width))
  const bottom = Math.max(top + 1, Math.min(size.height, box.top + box.height))
  // A reflected border shows pixels from inside the picture that a clipped box does not have.
  const outside = left !== box.left || top !== box.top
  if (outside || right !== box.left + box.width || bottom !== box.top + box.height) {
    return { left: 0, top: 0, width: size.width, height: size.height }
  }
  return { left, top, width: right - left, height: bottom - top }
}
