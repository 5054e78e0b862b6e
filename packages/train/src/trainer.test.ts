import { Dropout } from '@alexnet/core'
import { encodeSafetensors, readSafetensors } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BatchSource } from './batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { TrainEvent } from './events.ts'
import { oneCycle } from './schedule.ts'
import { Sgd } from './sgd.ts'
import { type FitOptions, Trainer, TrainingError } from './trainer.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

/** Pictures of 4×4 that a linear layer can tell apart, another order each epoch. */
function batches({ epoch, start }: { epoch: number; start: number }): BatchSource {
  return {
    length: 5,
    async *[Symbol.asyncIterator]() {
      for (let batch = start; batch < 5; batch++) {
        const labels = Int32Array.from({ length: 6 }, (_, row) => (row + batch + epoch) % 3)
        const images = new Float32Array(6 * 48)
        for (const [row, label] of labels.entries()) {
          for (let place = 0; place < 48; place++) {
            images[row * 48 + place] =
              Math.sin(place * (label + 1)) + 0.3 * Math.cos(17 * row + batch)
          }
        }
        yield { images, shape: [6, 4, 4, 3], labels }
      }
    },
  }
}

function createModel(): tf.LayersModel {
  const glorot = (seed: number) => tf.initializers.glorotUniform({ seed })
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        name: 'features.0',
        inputShape: [4, 4, 3],
        filters: 4,
        kernelSize: 3,
        kernelInitializer: glorot(1),
      }),
      tf.layers.flatten({ name: 'flatten' }),
      new Dropout({ name: 'classifier.0', rate: 0.5, seed: 7 }),
      tf.layers.dense({ name: 'classifier.1', units: 3, kernelInitializer: glorot(2) }),
    ],
  })
}

function createTrainer() {
  const optimizer = new Sgd({ momentum: 0.9, weightDecay: 1e-3, nesterov: true })
  return new Trainer({ model: createModel(), optimizer })
}

const options: FitOptions = {
  epochs: 3,
  batches,
  validation: () => batches({ epoch: 99, start: 0 }),
  schedule: oneCycle(0.1),
}

async function collect(trainer: Trainer, more: Partial<FitOptions> = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = []
  for await (const event of trainer.fit({ ...options, ...more })) events.push(event)
  return events
}

/** As a file would: to bytes and back. */
function throughBytes({ tensors, metadata }: Checkpoint) {
  return readSafetensors(new Uint8Array(Buffer.concat(encodeSafetensors(tensors, metadata))))
}

/** A checkpoint without the times, which are never the same. */
const comparable = ({ tensors, metadata }: Checkpoint) => ({
  tensors: new Map(tensors),
  training: JSON.parse(metadata.training!, (key, value) => (key === 'seconds' ? 0 : value)),
})

describe('Trainer', () => {
  it('learns, and tells each step, epoch and checkpoint', async () => {
    const events = await collect(createTrainer())
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(15)
    const epochs = events.filter((event) => event.type === 'epoch')
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 5],
      [2, 10],
      [3, 15],
    ])
    expect(epochs.at(-1)!.train.loss).toBeLessThan(0.5 * epochs[0]!.train.loss)
    expect(epochs.at(-1)!.validation!.top1).toBe(1)
    expect(epochs.at(-1)!.train.pictures).toBe(30)
    const [first] = events
    expect(first).toMatchObject({ step: 1, steps: 15, epoch: 1, epochs: 3, batch: 1, batches: 5 })
    expect(events.at(-1)).toMatchObject({ type: 'checkpoint', reason: 'epoch', step: 15 })
  })

  it('resumed at any step, it ends as an uninterrupted run does, bit for bit', async () => {
    const whole = createTrainer()
    await collect(whole)
    const expected = comparable(await whole.checkpoint())
    for (const stopAt of [1, 3, 5, 8, 14]) {
      const stop = new AbortController()
      const first = createTrainer()
      for await (const event of first.fit({ ...options, signal: stop.signal })) {
        if (event.type === 'step' && event.step === stopAt) stop.abort()
      }
      expect(first.step).toBe(stopAt)
      const second = createTrainer()
      second.restore(throughBytes(await first.checkpoint()))
      const events = await collect(second)
      expect(events.filter(({ type }) => type === 'step')).toHaveLength(15 - stopAt)
      expect(comparable(await second.checkpoint())).toEqual(expected)
    }
  })

  it('asks for a checkpoint inside an epoch, and before it stops', async () => {
    const stop = new AbortController()
    const reasons: string[] = []
    const trainer = createTrainer()
    for await (const event of trainer.fit({
      ...options,
      checkpointEvery: 2,
      signal: stop.signal,
    })) {
      if (event.type === 'checkpoint') reasons.push(`${event.step} ${event.reason}`)
      if (event.type === 'step' && event.step === 7) stop.abort()
    }
    expect(reasons).toEqual(['2 interval', '4 interval', '5 epoch', '6 interval', '7 interrupted'])
  })

  it('says which epoch was the best so far', async () => {
    const events = await collect(createTrainer(), { epochs: 4 })
    const tops = events.flatMap((event) => (event.type === 'epoch' ? [event.validation!.top1] : []))
    const best = events.flatMap((event) => (event.type === 'checkpoint' ? [event.best] : []))
    expect(best).toEqual(tops.map((top, index) => tops.slice(0, index).every((one) => one < top)))
  })

  it('leaves no tensor behind', async () => {
    const trainer = createTrainer()
    await collect(trainer, { epochs: 1 }) // makes the momentum buffers
    const before = tf.memory().numTensors
    await collect(trainer, { epochs: 2 })
    await trainer.checkpoint()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('stops on a loss that is no number, with the step in the message and the weights as they were', async () => {
    const trainer = createTrainer()
    const explode = trainer.fit({ ...options, schedule: () => 1e30 })
    await expect(
      (async () => {
        for await (const _ of explode);
      })(),
    ).rejects.toThrow(TrainingError)
    expect(trainer.step).toBeGreaterThan(0)
    await expect(collect(trainer)).rejects.toThrow(
      new RegExp(`loss became NaN at step ${trainer.step + 1} \\(epoch 1, learning rate`),
    )
  })

  it('does not resume from weights alone or from another network', async () => {
    const trainer = createTrainer()
    expect(() => trainer.restore({ tensors: new Map(), metadata: {} })).toThrow(/cannot be resumed/)
    const { tensors, metadata } = await trainer.checkpoint()
    const wrong = new Map(tensors)
    wrong.set('classifier.1.bias', { dtype: 'float32', shape: [4], data: new Float32Array(4) })
    expect(() => trainer.restore({ tensors: wrong, metadata })).toThrow(
      /classifier\.1\.bias is \[4\] where the model has \[3\]/,
    )
  })
})
