/**
 * From a data set to batches: shuffled, transformed, normalised, loaded ahead of the consumer.
 * What a batch holds depends on the seed, the epoch and the picture's number only, never on which
 * picture was read first, so a run can be repeated and an interrupted one resumed at any batch.
 *
 * Loading is bounded twice: at most `concurrency` pictures are being loaded and at most `prefetch`
 * batches wait or are under way beyond the one asked for. Nothing is loaded before the first batch
 * is asked for.
 */
import type { Dataset } from './dataset.ts'
import { type ChannelValues, createNormalizer } from './normalize.ts'
import { PictureError, type Size } from './picture.ts'
import { Random, shuffledOrder } from './random.ts'
import { compose, type Transform, transformPicture } from './transforms/transform.ts'

/** What to load and how. */
export interface LoaderOptions {
  dataset: Dataset
  /** Applied in order; their result must have one size for all pictures. Default none. */
  transforms?: readonly Transform[]
  /** Channel means of values from 0 to 1; default 0, that is values stay from 0 to 1. */
  mean?: ChannelValues
  /** Channel standard deviations of values from 0 to 1; default 1. */
  std?: ChannelValues
  /** Pictures a batch; the last one may be smaller. */
  batchSize: number
  /** In an order drawn from the seed and the epoch; default false, in the data set's order. */
  shuffle?: boolean
  /** Default 0. */
  seed?: number
  /** Changes the order and the drawn transforms; default 0. */
  epoch?: number
  /** Number of the first batch to give, to go on within an epoch; default 0. */
  start?: number
  /** Leaves a last, smaller batch out; default false. */
  drop?: boolean
  /** Pictures being loaded at once; default 4, or the number of processors where that is less. */
  concurrency?: number
  /** Batches prepared beyond the one asked for; default 2. */
  prefetch?: number
  /**
   * What to do with a picture that cannot be used: `stop` (the default) rejects with its
   * `PictureError`; `skip` leaves it out of its batch and lists it in `skipped`.
   */
  onBroken?: 'stop' | 'skip'
}

/** Pictures ready for a network. Its arrays are its own: no later batch writes to them. */
export interface Batch {
  /** Its number within the epoch, from 0. */
  readonly index: number
  /** Normalised pictures, NHWC. */
  readonly images: Float32Array
  readonly shape: readonly [count: number, height: number, width: number, channels: 3]
  /** Class numbers. */
  readonly labels: Int32Array
  /** Numbers of the pictures in the data set. */
  readonly indices: Int32Array
}

/** A picture that `onBroken: 'skip'` left out. */
export interface SkippedPicture {
  /** Its number in the data set. */
  readonly index: number
  readonly error: PictureError
}

/** The batches of one epoch. Each iteration begins anew; leaving one early stops its loading. */
export interface Loader extends AsyncIterable<Batch> {
  /** Batches in the whole epoch, those before `start` included. */
  readonly length: number
  /** Pictures left out so far by the latest iteration, in the order of the epoch. */
  readonly skipped: readonly SkippedPicture[]
}

/**
 * Makes a loader for one epoch.
 * @throws RangeError where an option is out of its range, or no batch would come of them.
 */
export function loader(options: LoaderOptions): Loader {
  const { dataset, batchSize, drop = false, start = 0, seed = 0, epoch = 0 } = options
  const concurrency = options.concurrency ?? defaultConcurrency()
  const prefetch = options.prefetch ?? 2
  requireWhole('batchSize', batchSize, 1)
  requireWhole('concurrency', concurrency, 1)
  requireWhole('prefetch', prefetch, 0)
  requireWhole('epoch', epoch, 0)
  const length = (drop ? Math.floor : Math.ceil)(dataset.length / batchSize)
  if (length === 0) {
    throw new RangeError(
      `loader: ${dataset.name} has ${dataset.length} pictures, not one batch of ${batchSize}; use a smaller batchSize${drop ? ' or drop: false' : ''}`,
    )
  }
  requireWhole('start', start, 0, length)

  const transform = compose(options.transforms ?? [])
  const normalizer = createNormalizer(options.mean ?? [0, 0, 0], options.std ?? [1, 1, 1])
  const skipped: SkippedPicture[] = []

  async function* iterate(): AsyncGenerator<Batch, void, undefined> {
    skipped.length = 0
    const order = options.shuffle
      ? shuffledOrder(dataset.length, seed, epoch)
      : Int32Array.from({ length: dataset.length }, (_, index) => index)
    const gate = new Gate(concurrency)

    /** Loads one picture into its place; resolves to why it is to be left out, if it is. */
    const place = async (index: number, position: number, batch: Filling) => {
      try {
        const picture = await dataset.load(index)
        const random = new Random(seed, epoch, index)
        const transformed = transformPicture(transform, picture, random)
        normalizer.write(transformed, batch.room(transformed), batch.offset(position))
      } catch (error) {
        throw error instanceof PictureError ? error : withPath(error, dataset.path(index))
      }
    }
    const load = async (number: number) => {
      const indices = order.slice(number * batchSize, (number + 1) * batchSize)
      const batch = new Filling(indices.length)
      const results = await Promise.allSettled(
        Array.from(indices, (index, position) => gate.run(() => place(index, position, batch))),
      )
      return { indices, batch, results }
    }

    const ahead: ReturnType<typeof load>[] = []
    try {
      let next = start
      for (let number = start; number < length; number++) {
        while (next < length && next <= number + prefetch) ahead.push(load(next++))
        const { indices, batch, results } = await ahead.shift()!
        const kept: number[] = []
        results.forEach((result, position) => {
          if (result.status === 'fulfilled') kept.push(position)
          else if (options.onBroken === 'skip' && result.reason instanceof PictureError) {
            skipped.push({ index: indices[position]!, error: result.reason })
          } else throw result.reason
        })
        if (kept.length > 0) yield batch.finish(number, kept, indices, dataset)
      }
    } finally {
      gate.close()
      await Promise.allSettled(ahead)
    }
  }

  return { length, skipped, [Symbol.asyncIterator]: iterate }
}

/** A batch while its pictures arrive, in any order; its size is known with the first one. */
class Filling {
  readonly #count: number
  #images: Float32Array | undefined
  #height = 0
  #width = 0

  constructor(count: number) {
    this.#count = count
  }

  /** The batch's floats, made at the first call; all pictures must have the first one's size. */
  room({ width, height }: Size): Float32Array {
    if (!this.#images) {
      this.#width = width
      this.#height = height
      this.#images = new Float32Array(this.#count * height * width * 3)
    } else if (width !== this.#width || height !== this.#height) {
      throw new RangeError(
        `it is ${width}×${height} after its transforms, another picture of its batch ${this.#width}×${this.#height}; end the transforms with a crop to one size`,
      )
    }
    return this.#images
  }

  offset(position: number): number {
    return position * this.#height * this.#width * 3
  }

  /** The batch of the pictures at `kept`, moved together where some are missing. */
  finish(index: number, kept: number[], indices: Int32Array, dataset: Dataset): Batch {
    const pictureLength = this.#height * this.#width * 3
    let images = this.#images!
    if (kept.length < this.#count) {
      kept.forEach((position, slot) => {
        images.copyWithin(
          slot * pictureLength,
          position * pictureLength,
          (position + 1) * pictureLength,
        )
      })
      images = images.slice(0, kept.length * pictureLength)
    }
    const keptIndices = Int32Array.from(kept, (position) => indices[position]!)
    return {
      index,
      images,
      shape: [kept.length, this.#height, this.#width, 3],
      labels: keptIndices.map((picture) => dataset.label(picture)),
      indices: keptIndices,
    }
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

function withPath(error: unknown, path: string): Error {
  const problem = error instanceof Error ? error.message : String(error)
  return new Error(`${path}: ${problem}`, { cause: error })
}

function defaultConcurrency(): number {
  return Math.min(4, globalThis.navigator?.hardwareConcurrency ?? 2)
}

function requireWhole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new RangeError(`loader: ${name} must be a whole number ${range}, not ${value}`)
  }
}
