// A training run of several ranks: rank 0's beginning given to all, and what is said of the bytes that travel.

import type { Communicator } from '@alexnet/distributed'
import {
  bytesPerStep,
  chooseParallel,
  createTrainer,
  shareCheckpoint,
  type TrainEvent,
  type Trainer,
} from '@alexnet/train'
import type { LayersModel } from '@tensorflow/tfjs'
import { UsageError } from '../terminal/errors.ts'
import { tell } from '../terminal/print.ts'
import type { TrainOptions } from './options.ts'
import type { RunSettings } from './run-settings.ts'

/** @throws UsageError where the run is one that several ranks cannot share */
export function requireShareable(
  { recipe: { batchSize }, onBroken }: RunSettings,
  { size }: Communicator,
): void {
  if (size === 1) return
  if (batchSize < size) {
    throw new UsageError(
      `a batch of ${batchSize} pictures cannot be shared by ${size} ranks: give a --batch-size of at least ${size}`,
    )
  }
  if (onBroken === 'skip') {
    throw new UsageError(
      '--on-broken skip: several ranks cannot leave pictures out, the batches would no longer be one; remove those that alexnet data stats names',
    )
  }
}

/** A trainer on every rank that begins where rank 0's stands, which is disposed of. */
export async function joinedTrainer(
  first: Trainer,
  communicator: Communicator,
  settings: RunSettings,
  pictures: number,
  options: TrainOptions,
): Promise<{ trainer: Trainer; parallel: 'data' | 'hybrid' }> {
  const { model } = first
  const { wire, overlap = true, backend = 'cpu' } = options
  const parallel = parallelOf(model, communicator.size, settings, pictures, options)
  const own = communicator.rank === 0 ? await first.checkpoint() : undefined
  first.dispose()
  const beginning = await shareCheckpoint(communicator, own)
  const trainer = createTrainer(model, settings.recipe, {
    communicator,
    parallel,
    wire,
    overlap: overlap && backend === 'cpu',
  })
  trainer.restore(beginning)
  return { trainer, parallel }
}

/** What `--parallel` comes to. @throws UsageError where the fully connected layers cannot be split as it asks */
function parallelOf(
  model: LayersModel,
  ranks: number,
  settings: RunSettings,
  pictures: number,
  { parallel = 'auto', backend = 'cpu' }: TrainOptions,
): 'data' | 'hybrid' {
  if (parallel === 'data') return parallel
  const problem = hybridProblem(settings, pictures, ranks, backend)
  if (parallel === 'auto') {
    return problem ? 'data' : chooseParallel(model, { ranks, batch: settings.recipe.batchSize })
  }
  if (!problem) return parallel
  throw new UsageError(`--parallel hybrid: ${problem}; leave it out, or give --parallel data`)
}

/** What stands in the way of splitting the fully connected layers. */
function hybridProblem(
  { recipe: { batchSize, averageDecay, clipNorm }, microBatch }: RunSettings,
  pictures: number,
  ranks: number,
  backend: string,
): string | undefined {
  const last = pictures % batchSize
  if (backend !== 'cpu') return 'it needs a backend that reads at once, the processor (cpu)'
  if (microBatch !== null) return 'it takes the whole batch, without --micro-batch'
  if (averageDecay !== undefined)
    return 'it keeps no running mean of the weights (--average-decay 0)'
  if (clipNorm !== undefined) return 'no rank has the whole gradient to cut (--clip-norm)'
  if (last > 0 && last < ranks) {
    return `the last batch of an epoch has ${last} pictures for ${ranks} ranks`
  }
  return undefined
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** What is about to travel, a line for a person. */
export function describeRanks(
  model: LayersModel,
  { size, library }: Communicator,
  parallel: 'data' | 'hybrid',
  batch: number,
): string {
  const { payload, sent } = bytesPerStep(model, { parallel, ranks: size, batch })
  return `${size} ranks (${library}), ${parallel} parallel: ${megabytes(payload)} of gradients and activations a step, ${megabytes(sent)} sent by each rank`
}

/** Counts what this rank sends from step to step. */
export class TrafficCounter {
  readonly #communicator: Communicator
  #before: number
  #steps = 0
  #last = 0
  #total = 0

  constructor(communicator: Communicator) {
    this.#communicator = communicator
    this.#before = communicator.traffic.sent
  }

  /** A step is done. */
  count(): void {
    const { sent } = this.#communicator.traffic
    this.#last = sent - this.#before
    this.#before = sent
    this.#total += this.#last
    this.#steps += 1
  }

  /** What a step's event has besides: bytes that this rank sent; nothing for a process alone. */
  of({ type }: TrainEvent): { bytesSent?: number } {
    return this.#communicator.size > 1 && type === 'step' ? { bytesSent: this.#last } : {}
  }

  /** Tells of the mean. */
  report(): void {
    if (this.#communicator.size === 1 || this.#steps === 0) return
    tell(`rank 0 sent ${megabytes(this.#total / this.#steps)} a step, counted`)
  }
}
