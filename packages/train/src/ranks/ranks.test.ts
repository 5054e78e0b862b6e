// Training by several ranks, in this process: one rank is none, bit for bit, by either way of sharing the work, and two
// that share the pictures have the bits of one that adds up two parts of each batch. Over the system's MPI the command's
// tests train.

import { alone, type Communicator } from '@alexnet/distributed'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import type { BatchSource, TrainingBatch } from '../batch.ts'
import type { TrainingCheckpoint } from '../checkpoint.ts'
import { oneCycle } from '../schedule.ts'
import { Sgd } from '../sgd.ts'
import { batches, createModel } from '../testing/small-run.ts'
import { type FitOptions, Trainer } from '../trainer.ts'
import type { RanksOptions } from './ranked-step.ts'
import { shareCheckpoint } from './share-checkpoint.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const options: FitOptions = { epochs: 2, batches, schedule: oneCycle(0.1) }

function createTrainer(ranks?: RanksOptions) {
  const optimizer = new Sgd({ momentum: 0.9, weightDecay: 1e-3 })
  return new Trainer({ model: createModel(), optimizer, ...(ranks && { ranks }) })
}

/** Losses of a run's steps, and its last checkpoint without the times, which are never the same. */
async function train(trainer: Trainer, more: Partial<FitOptions> = {}) {
  const losses: number[] = []
  for await (const event of trainer.fit({ ...options, ...more })) {
    if (event.type === 'step') losses.push(event.loss)
  }
  return { losses, checkpoint: await trainer.checkpoint() }
}

const comparable = ({ tensors, metadata }: TrainingCheckpoint) => ({
  tensors: new Map([...tensors].map(([name, { data }]) => [name, [...data]])),
  training: JSON.parse(metadata.training!, (key, value) => (key === 'seconds' ? 0 : value)),
})

/** Communicators of ranks that are in this process: each operation waits until all have come to it. */
function inOneProcess(size: number): Communicator[] {
  const meetings: { values: unknown[]; all: Promise<unknown[]>; open(values: unknown[]): void }[] =
    []
  return Array.from({ length: size }, (_, rank) => {
    let next = 0
    const meet = async <T>(value: T): Promise<T[]> => {
      const at = next++
      if (!meetings[at]) {
        let open!: (values: unknown[]) => void
        const all = new Promise<unknown[]>((resolve) => {
          open = resolve
        })
        meetings[at] = { values: [], all, open }
      }
      const { values, all, open } = meetings[at]
      values[rank] = value
      if (Object.keys(values).length === size) open(values)
      return (await all) as T[]
    }
    return {
      ...alone(),
      rank,
      size,
      async allReduce(values) {
        const all = await meet(values.slice())
        for (let i = 0; i < values.length; i++) {
          values[i] = all.reduce(
            (sum, one, of) => (of === 0 ? one[i]! : Math.fround(sum + one[i]!)),
            0,
          )
        }
      },
      allGather: (bytes) => meet(bytes.slice()),
      broadcast: async (bytes, root = 0) => (await meet(bytes.slice()))[root]!,
      barrier: async () => void (await meet(0)),
    }
  })
}

/** A rank's pictures of each batch. */
const partOf =
  (rank: number, size: number): FitOptions['batches'] =>
  (place): BatchSource => {
    const whole = batches(place)
    return {
      length: whole.length,
      async *[Symbol.asyncIterator]() {
        for await (const batch of whole) yield rows(batch, rank, size)
      },
    }
  }

function rows(batch: TrainingBatch, rank: number, size: number): TrainingBatch {
  const [count, ...picture] = batch.shape
  const own = count / size
  const numbers = batch.images.length / count
  const first = rank * own
  return {
    ...batch,
    images: batch.images.slice(first * numbers, (first + own) * numbers),
    labels: batch.labels.slice(first, first + own),
    shape: [own, ...picture],
    part: { first, of: count },
  }
}

it.each<[string, Omit<RanksOptions, 'communicator'>]>([
  ['that shares pictures', {}],
  ['that sends gradients while the backward pass goes on', { overlap: true }],
  ['that splits linear layers', { parallel: 'hybrid' }],
])('one rank %s is none, bit for bit', async (_, how) => {
  const expected = await train(createTrainer())
  const trainer = createTrainer({ ...how, communicator: alone() })
  const found = await train(trainer)
  expect(found.losses).toEqual(expected.losses)
  expect(comparable(found.checkpoint)).toEqual(comparable(expected.checkpoint))
  // And it goes on from there as the other does.
  const further = { epochs: 3 }
  const again = createTrainer({ ...how, communicator: alone() })
  again.restore(found.checkpoint)
  const plain = createTrainer()
  plain.restore(expected.checkpoint)
  expect((await train(again, further)).losses).toEqual((await train(plain, further)).losses)
  for (const one of [trainer, again, plain]) one.dispose()
})

it('two ranks have the bits of one process that adds up two parts of each batch', async () => {
  const expected = await train(createTrainer(), { microBatch: 3 })
  for (const overlap of [false, true]) {
    const found = await Promise.all(
      inOneProcess(2).map((communicator, rank) =>
        train(createTrainer({ communicator, overlap }), { batches: partOf(rank, 2) }),
      ),
    )
    for (const { losses, checkpoint } of found) {
      for (const [step, loss] of losses.entries()) {
        expect(Math.abs(loss - expected.losses[step]!)).toBeLessThan(1e-6)
      }
      expect(comparable(checkpoint).tensors).toEqual(comparable(expected.checkpoint).tensors)
    }
  }
})

it('a rank whose weights are others ends the run, by name', async () => {
  const [one, other] = inOneProcess(2).map((communicator) => createTrainer({ communicator }))
  const [weight] = other!.model.trainableWeights
  const changed = weight!.read() as tf.Variable
  changed.assign(tf.add(changed, 1e-3))
  const runs = [one!, other!].map((trainer, rank) => train(trainer, { batches: partOf(rank, 2) }))
  for (const run of runs) await expect(run).rejects.toThrow(/weights/)
})

it('a checkpoint of the first rank is on all', async () => {
  const trainer = createTrainer()
  const { checkpoint } = await train(trainer)
  const shared = await Promise.all(
    inOneProcess(3).map((communicator, rank) =>
      shareCheckpoint(communicator, rank === 0 ? checkpoint : undefined),
    ),
  )
  for (const one of shared) expect(comparable(one)).toEqual(comparable(checkpoint))
})
