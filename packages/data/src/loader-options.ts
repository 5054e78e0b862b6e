// What a loader is told.

import type { Dataset } from './dataset.ts'
import type { OutputKind } from './loader-part.ts'
import type { BatchTransform } from './mixing.ts'
import type { ChannelValues, Normalizer } from './normalize.ts'
import type { Transform } from './transforms/transform.ts'
import type { WorkerPool } from './worker-pool.ts'

/** What to load and how. */
export interface LoaderOptions {
  dataset: Dataset
  /** Applied in order; their result must have one size for all pictures. Default none. */
  transforms?: readonly Transform[]
  /** Channel means of values from 0 to 1; default 0, that is values stay from 0 to 1. */
  mean?: ChannelValues
  /** Channel standard deviations of values from 0 to 1; default 1. */
  std?: ChannelValues
  /**
   * Used in place of `mean` and `std`, for what those cannot say; presets bring it. Runs on the
   * calling thread.
   */
  normalizer?: Normalizer
  /**
   * What batches hold: `float32` (the default), or `uint8`, the pictures' bytes as they are, a quarter
   * of the memory; the network must normalise them then.
   */
  output?: OutputKind
  /** Applied to whole batches, such as `mixUp()`; their draws follow from seed, epoch and batch. */
  batchTransforms?: readonly BatchTransform[]
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
  /** Number of the batch to end before; default the epoch's length. Several processes share the batches so. */
  end?: number
  /**
   * One part of `of` of every batch, from 0, as several processes share each: the pictures, their draws and what
   * they are mixed with are those of the whole batch. Default all of it.
   */
  share?: { readonly part: number; readonly of: number }
  /** Leaves a last, smaller batch out; default false. */
  drop?: boolean
  /**
   * Worker threads (Web Workers in browsers) that read, decode and transform; default 0: all is done
   * on the calling thread. A number of them are started for each iteration and ended after it; a pool
   * (`createWorkerPool`) lends its own and keeps them. Any number gives the same batches. The
   * transforms must be this package's.
   */
  workers?: number | WorkerPool
  /** Told when a worker died and was replaced; default a warning on the console. */
  onWorkerLost?: (message: string) => void
  /**
   * Without workers: pictures being loaded at once; default 4, or the number of processors where that
   * is less.
   */
  concurrency?: number
  /** Batches prepared beyond the one asked for; default 2. */
  prefetch?: number
  /**
   * Whether a batch's arrays are used again once the next batch is asked for; default false, they are
   * the consumer's to keep. New memory costs the system more time to clear and map than filling it
   * takes, so a training loop, which is done with a batch by then, gains (with float32 most).
   */
  recycle?: boolean
  /**
   * What to do with a picture that cannot be used: `stop` (the default) rejects with its
   * `PictureError`; `skip` leaves it out of its batch and lists it in `skipped`.
   */
  onBroken?: 'stop' | 'skip'
}
