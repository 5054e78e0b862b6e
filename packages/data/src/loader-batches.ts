// The two ways to load the pictures of a batch: on the calling thread, several at a time while their
// files are read, or cut into parts that workers do. Both give the same numbers.

import type { Dataset } from './dataset.ts'
import type { LoaderOptions } from './loader-options.ts'
import {
  createOutput,
  type Output,
  type OutputKind,
  type PartSettings,
  sizesDiffer,
} from './loader-part.ts'
import { nextTask } from './next-task.ts'
import { createNormalizer, type Normalizer } from './normalize.ts'
import { type Picture, PictureError, type Size } from './picture.ts'
import {
  type PictureSource,
  type Platform,
  type Preparation,
  preparePicture,
} from './picture-source.ts'
import { Random } from './random.ts'
import { compose, recipesOf, type Transform } from './transforms/transform.ts'
import type { NewPart, PoolJob } from './worker-pool.ts'

/** A batch's pictures as they were loaded, some of them perhaps missing. */
export interface LoadedBatch {
  readonly indices: Int32Array
  readonly size: Size | undefined
  readonly output: Output | undefined
  readonly broken: readonly { place: number; error: PictureError }[]
}

/** Loads batches, several at a time if asked to. */
export interface BatchSource {
  load(indices: Int32Array): Promise<LoadedBatch>
  /** Ends what is under way. */
  stop(): Promise<void>
}

/** Arrays kept to be used again; as many as can be under way at the default `prefetch`. */
const MOST_SPARE = 4

/** What to do with every picture of an epoch. */
export class Plan {
  readonly dataset: Dataset
  readonly steps: readonly Transform[]
  readonly settings: PartSettings
  readonly preparation: Preparation
  /** What the parts are written as; bytes, where a normaliser of the caller's own comes after. */
  readonly output: OutputKind
  /** Of `mean` and `std`. */
  readonly normalizer: Normalizer
  /** The caller's own. */
  readonly #normalizer: Normalizer | undefined
  /** Arrays of batches that nobody needs any more. */
  readonly #spare: Output[] = []

  constructor(options: LoaderOptions) {
    const { dataset, transforms = [], mean = [0, 0, 0], std = [1, 1, 1] } = options
    const { seed = 0, epoch = 0, output = 'float32', normalizer } = options
    this.dataset = dataset
    this.steps = transforms
    this.#normalizer = output === 'float32' ? normalizer : undefined
    this.output = this.#normalizer ? 'uint8' : output
    this.normalizer = createNormalizer(mean, std)
    const limits = dataset.limits ?? {}
    this.preparation = { transform: compose(transforms), steps: transforms, limits }
    const recipes = recipesOf(transforms)
    this.settings = { recipes, output: this.output, mean, std, limits, seed, epoch }
  }

  /** @throws RangeError where a transform cannot be sent to a worker. */
  requireRecipes(): void {
    const own = this.steps.find(({ settings }) => settings === undefined)
    if (own) {
      throw new RangeError(
        `loader: the transform ${own.name} has no settings by which workers could make it again; use workers: 0`,
      )
    }
  }

  /** The source of a picture; where it has none, its pixels. */
  async source(index: number): Promise<PictureSource> {
    const { dataset } = this
    if (dataset.source) return dataset.source(index)
    const { width, height, data } = await dataset.load(index)
    return { kind: 'pixels', width, height, data }
  }

  /** Room for a batch, a spare one where there is. What it holds is anything. */
  room(kind: OutputKind, length: number, shared = false): Output {
    const at = this.#spare.findIndex(
      (spare) =>
        spare.length === length &&
        spare instanceof Uint8Array === (kind === 'uint8') &&
        spare.buffer instanceof ArrayBuffer !== shared,
    )
    return at < 0 ? createOutput(kind, length, shared) : this.#spare.splice(at, 1)[0]!
  }

  /** Takes back what `room` gave (or a worker), once nobody reads it any more. */
  takeBack(output: Output): void {
    // What the consumer sent elsewhere has no length; of what workers allot, there is ever more.
    if (output.length > 0 && this.#spare.length < MOST_SPARE) this.#spare.push(output)
  }

  /** Does what is left to the caller's own normaliser. */
  normalize(output: Output, size: Size, indices: Int32Array): Output {
    const normalizer = this.#normalizer
    if (!normalizer) return output
    const length = size.width * size.height * 3
    const normalized = this.room('float32', output.length) as Float32Array
    indices.forEach((index, at) => {
      const data = output.subarray(at * length, (at + 1) * length) as Uint8Array
      const { seed, epoch } = this.settings
      // A stream of its own: the transforms' stream ended in a worker.
      const parameters = normalizer.sample?.(new Random(seed, epoch, index, 1))
      normalizer.write({ ...size, data }, normalized, at * length, parameters)
    })
    return normalized
  }
}

/** Batches loaded on the calling thread. */
export class LocalBatches implements BatchSource {
  readonly #plan: Plan
  readonly #platform: Platform
  readonly #gate: Gate
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(plan: Plan, platform: Platform, concurrency: number) {
    this.#plan = plan
    this.#platform = platform
    this.#gate = new Gate(concurrency)
    platform.begin?.()
  }

  async load(indices: Int32Array): Promise<LoadedBatch> {
    const filling = new Filling(this.#plan, indices.length)
    const loads = Array.from(indices, (index, place) =>
      this.#gate.run(() => this.#place(index, place, filling)),
    )
    const all = Promise.allSettled(loads)
    this.#underWay.add(all)
    const results = await all
    this.#underWay.delete(all)
    await nextTask()
    const broken: LoadedBatch['broken'][number][] = []
    results.forEach((result, place) => {
      if (result.status === 'fulfilled') return
      if (!(result.reason instanceof PictureError)) throw result.reason
      broken.push({ place, error: result.reason })
    })
    return { indices, size: filling.size, output: filling.output, broken }
  }

  async stop(): Promise<void> {
    this.#gate.close()
    await Promise.all(this.#underWay)
    this.#platform.rest?.()
  }

  async #place(index: number, place: number, filling: Filling): Promise<void> {
    const { dataset, settings, preparation } = this.#plan
    const path = dataset.path(index)
    try {
      const source = await this.#plan.source(index)
      const random = new Random(settings.seed, settings.epoch, index)
      const how = { path, wait: false }
      const use = (picture: Picture) => filling.write(picture, place)
      await preparePicture(source, preparation, random, this.#platform, how, use)
    } catch (error) {
      throw error instanceof PictureError ? error : withPath(error, path)
    }
  }
}

/** Batches cut into parts that workers do. */
export class WorkerBatches implements BatchSource {
  readonly #plan: Plan
  readonly #canShare: boolean
  readonly #job: PoolJob
  /** The size that pictures came out in so far, by which shared memory is given out. */
  #size: Size | undefined
  readonly #close: () => Promise<void>

  /** @param close Called when the job has ended. */
  constructor(plan: Plan, platform: Platform, job: PoolJob, close: () => Promise<void>) {
    this.#plan = plan
    this.#canShare = platform.canShare
    this.#job = job
    this.#close = close
  }

  async load(indices: Int32Array): Promise<LoadedBatch> {
    const { dataset, output: kind } = this.#plan
    const count = indices.length
    const cuts = Math.min(this.#job.size, count)
    const size = this.#size
    const pictureLength = size ? size.width * size.height * 3 : 0
    const shared =
      size && this.#canShare && cuts > 1
        ? this.#plan.room(kind, count * pictureLength, true)
        : undefined
    const broken: LoadedBatch['broken'][number][] = []
    const work = async (cut: number) => {
      const start = Math.floor((cut * count) / cuts)
      const end = Math.floor(((cut + 1) * count) / cuts)
      const places: number[] = []
      const sources: PictureSource[] = []
      for (let place = start; place < end; place++) {
        const index = indices[place]!
        try {
          sources.push(dataset.source ? dataset.source(index) : await this.#plan.source(index))
          places.push(place)
        } catch (error) {
          if (!(error instanceof PictureError)) throw withPath(error, dataset.path(index))
          broken.push({ place, error })
        }
      }
      const part: NewPart = {
        sources,
        paths: places.map((place) => dataset.path(indices[place]!)),
        indices: places.map((place) => indices[place]!),
        ...(shared &&
          size && {
            room: {
              output: shared.subarray(start * pictureLength, end * pictureLength),
              size,
            },
          }),
      }
      return { start, places, result: await this.#job.run(part) }
    }
    const settled = await Promise.allSettled(Array.from({ length: cuts }, (_, cut) => work(cut)))
    const parts = settled.map((part) => {
      if (part.status === 'rejected') throw part.reason
      const { failure } = part.value.result
      if (failure) throw Object.assign(new Error(failure.message), { stack: failure.stack })
      return part.value
    })
    for (const { places, result } of parts) {
      for (const { place, message, path } of result.broken) {
        broken.push({ place: places[place]!, error: revive(message, path) })
      }
    }
    broken.sort((a, b) => a.place - b.place)
    const sizes = parts.flatMap(({ result }) => (result.size ? [result.size] : []))
    const found = sizes[0]
    const other = sizes.find((s) => s.width !== found!.width || s.height !== found!.height)
    if (other) {
      const at = parts.find(({ result }) => result.size === other)!
      throw withPath(sizesDiffer(other, found!), dataset.path(indices[at.start]!))
    }
    if (!found) return { indices, size: undefined, output: undefined, broken }
    this.#size = found
    const output = gather(parts, kind, count, found, shared)
    return { indices, size: found, output, broken }
  }

  async stop(): Promise<void> {
    this.#job.end()
    await this.#close()
  }
}

/** One array of all parts: the shared one, the only part's own, or a new one that they are copied to. */
function gather(
  parts: readonly {
    places: number[]
    result: { output: Output | undefined; size: Size | undefined }
  }[],
  kind: OutputKind,
  count: number,
  size: Size,
  shared: Output | undefined,
): Output {
  const length = size.width * size.height * 3
  const [only] = parts
  if (parts.length === 1 && only!.result.output && only!.places.length === count) {
    return only!.result.output
  }
  const inPlace = ({ places }: { places: number[] }) =>
    places.every((place, at) => place === places[0]! + at)
  const isWhole = parts.every((part) => !part.result.output && inPlace(part))
  if (shared && isWhole && parts.reduce((sum, { places }) => sum + places.length, 0) === count) {
    return shared
  }
  const output = createOutput(kind, count * length)
  let start = 0
  for (const { places, result } of parts) {
    // A part without pictures of its own to give back wrote them to its share of the shared array.
    const from = result.output ?? shared?.subarray(start * length)
    if (from && result.size) {
      places.forEach((place, at) => {
        output.set(from.subarray(at * length, (at + 1) * length), place * length)
      })
    }
    start += places.length
  }
  return output
}

/** A batch while its pictures arrive, in any order; its size is known with the first one. */
class Filling {
  size: Size | undefined
  output: Output | undefined
  readonly #plan: Plan
  readonly #count: number

  constructor(plan: Plan, count: number) {
    this.#plan = plan
    this.#count = count
  }

  write(picture: Picture, place: number): void {
    const { width, height } = picture
    const length = width * height * 3
    this.size ??= { width, height }
    if (width !== this.size.width || height !== this.size.height) {
      throw sizesDiffer(picture, this.size)
    }
    this.output ??= this.#plan.room(this.#plan.output, this.#count * length)
    if (this.output instanceof Uint8Array) this.output.set(picture.data, place * length)
    else this.#plan.normalizer.write(picture, this.output, place * length)
  }
}

/** Lets at most `limit` tasks run at once, in the order they came; closed, it starts no more. */
class Gate {
  #free: number
  #closed = false
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#free = limit
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (this.#closed) throw new Error('loading was stopped')
      return await task()
    } finally {
      // The place passes straight to the longest waiting task, if there is one.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  close(): void {
    this.#closed = true
  }
}

/** A `PictureError` that came from a worker as text; its message has its path already. */
function revive(message: string, path: string | undefined): PictureError {
  const error = new PictureError('', { path })
  error.message = message
  return error
}

function withPath(error: unknown, path: string): Error {
  const problem = error instanceof Error ? error.message : String(error)
  return new Error(`${path}: ${problem}`, { cause: error })
}
