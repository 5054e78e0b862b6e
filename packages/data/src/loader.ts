// From a data set to batches: shuffled, transformed, normalised, loaded ahead of the consumer.
// What a batch holds depends on the seed, the epoch and the picture's number only, never on which
// picture was read first, so a run can be repeated and an interrupted one resumed at any batch.
//
// Loading is bounded: at most `prefetch` batches wait or are under way beyond the one asked for, and
// without workers at most `concurrency` pictures are being loaded at once. Nothing is loaded before the first batch
// is asked for.

import type { Batch } from './batch.ts'
import {
  type BatchSource,
  type LoadedBatch,
  LocalBatches,
  Plan,
  WorkerBatches,
} from './loader-batches.ts'
import type { LoaderOptions } from './loader-options.ts'
import type { Output } from './loader-part.ts'
import { Rows } from './loader-rows.ts'
import type { PictureError } from './picture.ts'
import type { Platform } from './picture-source.ts'
import { Random, shuffledOrder } from './random.ts'
import { WorkerPool } from './worker-pool.ts'

/** A picture that `onBroken: 'skip'` left out. */
export interface SkippedPicture {
  /** Its number in the data set. */
  readonly index: number
  readonly error: PictureError
}

/** The batches of one epoch. Each iteration begins anew; leaving one early stops its loading. */
export interface Loader<O extends Output = Float32Array> extends AsyncIterable<Batch<O>> {
  /** Batches in the whole epoch, those before `start` included. */
  readonly length: number
  /** Pictures left out so far by the latest iteration, in the order of the epoch. */
  readonly skipped: readonly SkippedPicture[]
}

/**
 * Makes a loader for one epoch on a platform; `loader` of the package is this with the platform it
 * runs on.
 * @throws RangeError where an option is out of its range, or no batch would come of them.
 */
export function createLoader<O extends Output = Float32Array>(
  options: LoaderOptions,
  platform: Platform,
): Loader<O> {
  const { dataset, batchSize, drop = false, start = 0, seed = 0, epoch = 0 } = options
  const { shuffle = false, onBroken = 'stop', batchTransforms = [], recycle = false } = options
  const { workers = 0, onWorkerLost = (message: string) => console.warn(message) } = options
  const concurrency = options.concurrency ?? Math.min(4, platform.processors)
  const prefetch = options.prefetch ?? 2
  requireWhole('batchSize', batchSize, 1)
  requireWhole('concurrency', concurrency, 1)
  requireWhole('prefetch', prefetch, 0)
  requireWhole('epoch', epoch, 0)
  if (!(workers instanceof WorkerPool)) requireWhole('workers', workers, 0, 256)
  const length = (drop ? Math.floor : Math.ceil)(dataset.length / batchSize)
  if (length === 0) {
    throw new RangeError(
      `loader: ${dataset.name} has ${dataset.length} pictures, not one batch of ${batchSize}; use a smaller batchSize${drop ? ' or drop: false' : ''}`,
    )
  }
  requireWhole('start', start, 0, length)
  const end = options.end ?? length
  requireWhole('end', end, start, length)
  const rows = new Rows(options, batchTransforms.length)
  const plan = new Plan(options)
  if (workers !== 0 && !platform.startWorker) {
    throw new RangeError('loader: there are no workers here; leave workers at 0')
  }
  if (workers !== 0) plan.requireRecipes()
  const skipped: SkippedPicture[] = []

  function startSource(): BatchSource {
    if (workers === 0) return new LocalBatches(plan, platform, concurrency)
    const pool = typeof workers === 'number' ? new WorkerPool(workers, platform) : workers
    const close = async () => {
      if (pool !== workers) await pool.close()
    }
    return new WorkerBatches(plan, platform, pool.begin(plan.settings, onWorkerLost), close)
  }

  async function* iterate(): AsyncGenerator<Batch<O>, void, undefined> {
    skipped.length = 0
    const order = shuffle
      ? shuffledOrder(dataset.length, seed, epoch)
      : Int32Array.from({ length: dataset.length }, (_, index) => index)
    const source = startSource()
    const ahead: Promise<PromiseSettledResult<LoadedBatch>>[] = []
    try {
      let next = start
      for (let number = start; number < end; number++) {
        for (; next < end && next <= number + prefetch; next++) {
          const whole = order.subarray(next * batchSize, (next + 1) * batchSize)
          ahead.push(settle(source.load(rows.of(whole))))
        }
        const loaded = await ahead.shift()!
        if (loaded.status === 'rejected') throw loaded.reason
        const { indices, broken } = loaded.value
        for (const { place, error } of broken) {
          if (onBroken === 'stop') throw error
          skipped.push({ index: indices[place]!, error })
        }
        const pictures = Math.min(batchSize, order.length - number * batchSize)
        const batch = finishBatch(number, loaded.value, plan)
        const none = batch ? undefined : rows.none(number, pictures)
        if (none) yield none as Batch<O>
        if (batch) {
          const mixed = batchTransforms.reduce(
            (current: Batch<O>, step, at) => {
              const random = new Random(seed, epoch, number, at, 0)
              return step.apply(current, step.sample(random, current))
            },
            batch as Batch<O>,
          )
          yield rows.cut(mixed, pictures)
          if (recycle) {
            for (const done of new Set([batch.images, loaded.value.output!])) plan.takeBack(done)
          }
        }
      }
    } finally {
      await source.stop()
      await Promise.all(ahead)
    }
  }

  return { length, skipped, [Symbol.asyncIterator]: iterate }
}

/** The batch of the pictures that are not broken, moved together where some are. */
function finishBatch(index: number, loaded: LoadedBatch, plan: Plan): Batch<Output> | undefined {
  const { indices, broken, size } = loaded
  const left = new Set(broken.map(({ place }) => place))
  const kept = Array.from(indices, (_, place) => place).filter((place) => !left.has(place))
  if (kept.length === 0 || !size || !loaded.output) return undefined
  const pictureLength = size.width * size.height * 3
  let output = loaded.output
  if (left.size > 0) {
    kept.forEach((place, slot) => {
      output.copyWithin(slot * pictureLength, place * pictureLength, (place + 1) * pictureLength)
    })
    output = output.slice(0, kept.length * pictureLength)
  }
  const keptIndices = Int32Array.from(kept, (place) => indices[place]!)
  return {
    index,
    images: plan.normalize(output, size, keptIndices),
    shape: [kept.length, size.height, size.width, 3],
    labels: keptIndices.map((picture) => plan.dataset.label(picture)),
    indices: keptIndices,
  }
}

/** A promise that never rejects, so that one not yet waited for does not end the process. */
function settle<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return promise.then(
    (value) => ({ status: 'fulfilled', value }),
    (reason: unknown) => ({ status: 'rejected', reason }),
  )
}

function requireWhole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new RangeError(`loader: ${name} must be a whole number ${range}, not ${value}`)
  }
}
