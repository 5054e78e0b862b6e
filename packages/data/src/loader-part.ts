// The work of a loader on a part of a batch: pictures read, decoded, transformed and written side by
// side into one array. A worker does nothing else; the messages it is sent and answers with are here.

import type { DecodeOptions } from './decode.ts'
import { type ChannelValues, createNormalizer } from './normalize.ts'
import { type Picture, PictureError, type Size } from './picture.ts'
import {
  type PictureSource,
  type Platform,
  type Preparation,
  preparePicture,
} from './picture-source.ts'
import { Random } from './random.ts'
import { createTransform } from './transforms/create-transform.ts'
import { compose, type TransformRecipe } from './transforms/transform.ts'

/** Numbers that the pictures of a batch are written as. */
export type OutputKind = 'float32' | 'uint8'
/** A batch's array. */
export type Output = Float32Array | Uint8Array

/** What all parts of an epoch have in common. */
export interface PartSettings {
  readonly recipes: readonly TransformRecipe[]
  readonly output: OutputKind
  readonly mean: ChannelValues
  readonly std: ChannelValues
  readonly limits: DecodeOptions
  readonly seed: number
  readonly epoch: number
}

/** Pictures to prepare. */
export interface Part {
  readonly id: number
  readonly sources: readonly PictureSource[]
  readonly paths: readonly string[]
  /** Their numbers in the data set, which their random streams follow from. */
  readonly indices: readonly number[]
  /** Where to write, on shared memory, if they come out in this size. */
  readonly room?: { readonly output: Output; readonly size: Size }
}

/** A part that is done. */
export interface PartResult {
  readonly id: number
  readonly size: Size | undefined
  /** The pictures, where they are not in `room`. */
  readonly output: Output | undefined
  /** Those that could not be used, by their place in the part. */
  readonly broken: readonly { place: number; message: string; path: string | undefined }[]
  /** An error that is not a picture's fault, with the picture's path. */
  readonly failure?: { message: string; stack: string | undefined }
}

/** Does parts of one epoch. */
export class PartWorker {
  readonly #settings: PartSettings
  readonly #platform: Platform
  readonly #preparation: Preparation
  readonly #write: (picture: Picture, output: Output, offset: number) => void
  readonly #hasEnded: () => boolean

  /** @param hasEnded Asked before each picture: whether nobody waits for this epoch any more. */
  constructor(settings: PartSettings, platform: Platform, hasEnded = () => false) {
    this.#settings = settings
    this.#platform = platform
    this.#hasEnded = hasEnded
    platform.begin?.()
    const steps = settings.recipes.map(createTransform)
    this.#preparation = { transform: compose(steps), steps, limits: settings.limits }
    const normalizer = createNormalizer(settings.mean, settings.std)
    this.#write = (picture, output, offset) => {
      if (output instanceof Uint8Array) output.set(picture.data, offset)
      else normalizer.write(picture, output, offset)
    }
  }

  async run({ id, sources, paths, indices, room }: Part): Promise<PartResult> {
    const { seed, epoch, output: kind } = this.#settings
    const broken: PartResult['broken'][number][] = []
    let size: Size | undefined
    let output: Output | undefined
    const place = (at: number) => (picture: Picture) => {
      const { width, height } = picture
      const length = width * height * 3
      if (!size || !output) {
        size = { width, height }
        const fits = room && room.size.width === width && room.size.height === height
        output = fits ? room.output : createOutput(kind, sources.length * length)
      } else if (size.width !== width || size.height !== height) {
        throw sizesDiffer(picture, size)
      }
      this.#write(picture, output, at * length)
    }
    for (let at = 0; at < sources.length && !this.#hasEnded(); at++) {
      const path = paths[at]!
      try {
        const random = new Random(seed, epoch, indices[at]!)
        const how = { path, wait: true }
        const source = sources[at]!
        await preparePicture(source, this.#preparation, random, this.#platform, how, place(at))
      } catch (error) {
        if (error instanceof PictureError) {
          broken.push({ place: at, message: error.message, path: error.path })
          continue
        }
        const { message, stack } = error instanceof Error ? error : new Error(String(error))
        return {
          id,
          size,
          output: undefined,
          broken,
          failure: { message: `${path}: ${message}`, stack },
        }
      }
    }
    return { id, size, output: output === room?.output ? undefined : output, broken }
  }
}

/** Room for so many numbers. */
export function createOutput(kind: OutputKind, length: number, shared = false): Output {
  const bytes = kind === 'uint8' ? length : length * 4
  const buffer = shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)
  return kind === 'uint8' ? new Uint8Array(buffer) : new Float32Array(buffer)
}

/** The error for a batch of pictures that do not all come out in one size. */
export function sizesDiffer(picture: Size, other: Size): RangeError {
  return new RangeError(
    `it is ${picture.width}×${picture.height} after its transforms, another picture of its batch ${other.width}×${other.height}; end the transforms with a crop to one size`,
  )
}

/**
 * A message to a worker: the settings of an epoch (a job), then its parts, then that there are no more.
 * `ended` lies on shared memory and is not 0 once nobody waits for the job any more.
 */
export type ToWorker =
  | { readonly job: number; readonly settings: PartSettings; readonly ended?: Int32Array }
  | { readonly job: number; readonly part: Part }
  | { readonly forget: number }

/** A worker's whole life: answers each part with its result, one after the other. */
export function serveParts(
  platform: Platform,
  listen: (handle: (message: ToWorker) => void) => void,
  answer: (result: PartResult, transfer: ArrayBuffer[]) => void,
): void {
  const workers = new Map<number, PartWorker>()
  let last = Promise.resolve()
  listen((message) => {
    if ('forget' in message) {
      workers.delete(message.forget)
      if (workers.size === 0) platform.rest?.()
      return
    }
    if ('settings' in message) {
      const { job, settings, ended } = message
      const hasEnded = () => ended !== undefined && Atomics.load(ended, 0) !== 0
      workers.set(job, new PartWorker(settings, platform, hasEnded))
      return
    }
    const { part } = message
    const worker = workers.get(message.job)!
    last = last.then(async () => {
      const result = await worker.run(part)
      const buffer = result.output?.buffer
      answer(result, buffer instanceof ArrayBuffer ? [buffer] : [])
    })
  })
}
