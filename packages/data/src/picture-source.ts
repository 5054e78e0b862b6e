// Where a picture lies, as plain data that can be sent to a worker: the worker reads and decodes it
// itself. And the way from there to a prepared picture, the same in every thread: read, look at the
// header, draw the transforms' parameters, decode no more of the picture than they read, apply.

import { type DecodeOptions, inspectPicture } from './decode.ts'
import { decodeJpeg } from './jpeg.ts'
import { type JpegFrame, readJpegFrame } from './jpeg-header.ts'
import type { Box, Picture, Size } from './picture.ts'
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
  /** The bytes of a source, at once where that can be done and `wait` says that nobody minds. */
  read(
    source: Exclude<PictureSource, { kind: 'pixels' }>,
    wait: boolean,
    path: string,
  ): Uint8Array | Promise<Uint8Array>
  /** The address that a plain path stands for, where there are no files: relative to the page. */
  addressOf?(path: string): string
  /** Decodes what `decodeJpeg` does not; `bytes` have passed `inspectPicture`. */
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
  const finish = (picture: Picture, parameters = transform.sample(random, picture)) =>
    use(transform.apply(picture, parameters))
  if (source.kind === 'pixels') return finish(source)
  const reading = platform.read(source, wait, path)
  const bytes = reading instanceof Uint8Array ? reading : await reading
  if (source.kind === 'pixelFile') {
    return finish({ width: source.width, height: source.height, data: bytes })
  }
  const options = { ...limits, path }
  inspectPicture(bytes, options)
  const frame = readJpegFrame(bytes)
  if (frame && frame.orientation === 1) {
    const parameters = transform.sample(random, frame)
    const picture = decodeJpeg(bytes, frame, windowOf(steps[0], parameters[0], frame))
    return finish(picture ?? (await platform.decode(bytes, options)), parameters)
  }
  finish(await decodeChecked(bytes, frame, platform, options))
}

/** Decodes a picture's file to a picture of its own. */
export async function decodeWith(
  bytes: Uint8Array,
  platform: Pick<Platform, 'decode'>,
  options: DecodeOptions,
): Promise<Picture> {
  inspectPicture(bytes, options)
  return decodeChecked(bytes, readJpegFrame(bytes), platform, options)
}

async function decodeChecked(
  bytes: Uint8Array,
  frame: JpegFrame | undefined,
  platform: Pick<Platform, 'decode'>,
  options: DecodeOptions,
): Promise<Picture> {
  const picture = frame && decodeJpeg(bytes, frame)
  if (!picture) return platform.decode(bytes, options)
  return frame.orientation === 1
    ? { ...picture, data: picture.data.slice() }
    : turnUpright(picture, frame.orientation)
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

/** Undoes EXIF's orientation: 2 to 4 mirror or turn by 180°, 5 to 8 exchange rows and columns. */
export function turnUpright(picture: Picture, orientation: number): Picture {
  const exchanged = orientation >= 5
  const width = exchanged ? picture.height : picture.width
  const height = exchanged ? picture.width : picture.height
  const data = new Uint8Array(width * height * 3)
  const fromRight = [2, 3, 7, 8].includes(orientation)
  const fromBottom = [3, 4, 6, 7].includes(orientation)
  let to = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = exchanged ? [y, x] : [x, y]
      const sourceX = fromRight ? picture.width - 1 - column : column
      const sourceY = fromBottom ? picture.height - 1 - row : row
      const from = (sourceY * picture.width + sourceX) * 3
      data[to] = picture.data[from]!
      data[to + 1] = picture.data[from + 1]!
      data[to + 2] = picture.data[from + 2]!
      to += 3
    }
  }
  return { width, height, data }
}
