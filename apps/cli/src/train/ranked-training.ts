// A training run of several ranks: rank 0's beginning given to all, what each reads of every batch, what is said of
// the bytes that travel.

import { type Communicator, rangeOf, type Wire } from '@alexnet/distributed'
import { bytesPerStep, chooseParallel, shareCheckpoint, Trainer } from '@alexnet/train'
import { UsageError } from '../terminal/errors.ts'
import type { RunSettings } from './settings.ts'

/** How ranks share the work; these change no number but `wire`. */
export interface ParallelOptions {
  parallel?: 'data' | 'hybrid' | 'auto'
  wire?: Wire
  overlap?: boolean
  backend?: string
}

/** A trainer on every rank that begins where rank 0's stands; what it was made of goes over to it. */
export async function joinedTrainer(
  trainer: Trainer,
  communicator: Communicator,
  { recipe, microBatch }: RunSettings,
  pictures: number,
  options: ParallelOptions,
): Promise<{ trainer: Trainer; parallel: 'data' | 'hybrid' }> {
  const { size: ranks, rank } = communicator
  const batch = recipe.batchSize
  if (batch < ranks) {
    throw new UsageError(
      `a batch of ${batch} pictures cannot be shared by ${ranks} ranks: give a --batch-size of at least ${ranks}`,
    )
  }
  const problem = hybridProblem(options, { recipe, microBatch }, pictures, ranks)
  if (options.parallel === 'hybrid' && problem) {
    throw new UsageError(`--parallel hybrid: ${problem}; leave it out, or give --parallel data`)
  }
  const parallel =
    options.parallel === 'data' || problem
      ? 'data'
      : options.parallel === 'hybrid'
        ? 'hybrid'
        : chooseParallel(trainer.model, { ranks, batch })
  const { model, optimizer } = trainer
  const own = rank === 0 ? await trainer.checkpoint() : undefined
  const first = await shareCheckpoint(communicator, own)
  const joined = new Trainer({
    model,
    optimizer,
    averageDecay: recipe.averageDecay,
    ranks: {
      communicator,
      parallel,
      wire: options.wire ?? 'float32',
      overlap: (options.overlap ?? true) && (options.backend ?? 'cpu') === 'cpu',
    },
  })
  joined.restore(first)
  return { trainer: joined, parallel }
}

/** What stands in the way of splitting the fully connected layers. */
function hybridProblem(
  { backend = 'cpu' }: ParallelOptions,
  { recipe, microBatch }: Pick<RunSettings, 'recipe' | 'microBatch'>,
  pictures: number,
  ranks: number,
): string | undefined {
  const last = pictures % recipe.batchSize
  if (backend !== 'cpu') return 'it needs a backend that reads at once, the processor (cpu)'
  if (microBatch !== null) return 'it takes the whole batch, without --micro-batch'
  if (recipe.averageDecay !== undefined)
    return 'it keeps no running mean of the weights (--average-decay)'
  if (recipe.clipNorm !== undefined) return 'no rank has the whole gradient to cut (--clip-norm)'
  if (last > 0 && last < ranks)
    return `the last batch of an epoch has ${last} pictures for ${ranks} ranks`
  return undefined
}

/** Which part of each batch a rank reads. */
export const shareOf = ({ rank, size }: Communicator) =>
  size > 1 ? { share: { part: rank, of: size } } : {}

/** Which batches of a validation a rank does. */
export const batchesOf = ({ rank, size }: Communicator, pictures: number, batchSize: number) =>
  rangeOf(Math.ceil(pictures / batchSize), rank, size)

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** What is about to travel, a line for a person. */
export function describeRanks(
  trainer: Trainer,
  { size, library }: Communicator,
  parallel: 'data' | 'hybrid',
  batch: number,
): string {
  const { payload, sent } = bytesPerStep(trainer.model, { parallel, ranks: size, batch })
  return `${size} ranks (${library}), ${parallel} parallel: ${megabytes(payload)} of gradients and activations a step, ${megabytes(sent)} sent by each rank`
}

/** Counts what travelled from step to step. */
export class TrafficCounter {
  readonly #communicator: Communicator
  #last = 0

  constructor(communicator: Communicator) {
    this.#communicator = communicator
    this.#last = communicator.traffic.sent
  }

  /** Bytes that this rank sent since the last call; nothing for a process alone. */
  next(): { bytesSent?: number } {
    if (this.#communicator.size === 1) return {}
    const { sent } = this.#communicator.traffic
    const bytesSent = sent - this.#last
    this.#last = sent
    return { bytesSent }
  }
}
