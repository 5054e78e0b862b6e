import { encodeSafetensors, readSafetensors } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { AdamW } from './adamw.ts'
import type { TrainingCheckpoint } from './checkpoint.ts'
import type { TrainEvent } from './events.ts'
import { oneCycle, plateau, withWarmUp } from './schedule.ts'
import { Sgd } from './sgd.ts'
import { batches, createModel } from './testing/small-run.ts'
import { type FitOptions, Trainer, type TrainerOptions, TrainingError } from './trainer.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

function createTrainer(more: Partial<TrainerOptions> = {}) {
  const optimizer = new Sgd({ momentum: 0.9, weightDecay: 1e-3, nesterov: true })
  return new Trainer({ model: createModel(), optimizer, ...more })
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
function throughBytes({ tensors, metadata }: TrainingCheckpoint) {
  return readSafetensors(new Uint8Array(Buffer.concat(encodeSafetensors(tensors, metadata))))
}

/** A checkpoint without the times, which are never the same. */
const comparable = ({ tensors, metadata }: TrainingCheckpoint) => ({
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
    expect(events.at(-2)).toMatchObject({ type: 'checkpoint', reason: 'epoch', step: 15 })
    expect(events.at(-1)).toEqual({ type: 'end', reason: 'epochs', step: 15, epoch: 3 })
  })

  const runs: [string, () => Trainer, Partial<FitOptions>][] = [
    ['SGD', createTrainer, {}],
    [
      'AdamW, averaged weights, cut gradients, parts of batches, the head first, a plateau',
      () => createTrainer({ optimizer: new AdamW(), averageDecay: 0.8 }),
      {
        schedule: withWarmUp(plateau(0.02, { patience: 0 }), 0.2),
        clipNorm: 1,
        microBatch: 4,
        headEpochs: 1,
        labelSmoothing: 0.1,
      },
    ],
  ]
  it.each(runs)(
    'resumed at any step, it ends as an uninterrupted run does, bit for bit: %s',
    async (_, create, more) => {
      const whole = create()
      await collect(whole, more)
      const expected = comparable(await whole.checkpoint())
      for (const stopAt of [1, 3, 5, 8, 14]) {
        const stop = new AbortController()
        const first = create()
        for await (const event of first.fit({ ...options, ...more, signal: stop.signal })) {
          if (event.type === 'step' && event.step === stopAt) stop.abort()
        }
        expect(first.step).toBe(stopAt)
        const second = create()
        second.restore(throughBytes(await first.checkpoint()))
        const events = await collect(second, more)
        expect(events.filter(({ type }) => type === 'step')).toHaveLength(15 - stopAt)
        expect(comparable(await second.checkpoint())).toEqual(expected)
      }
    },
  )

  it('resumed where batches were left out, it asks for the one behind the last that was given', async () => {
    const leavingOut: FitOptions['batches'] = ({ epoch, start }) => ({
      length: 5,
      async *[Symbol.asyncIterator]() {
        let index = start
        for await (const batch of batches({ epoch, start })) {
          if (index !== 1 && index !== 4) yield { ...batch, index }
          index++
        }
      },
    })
    const whole = createTrainer()
    await collect(whole, { batches: leavingOut })
    expect(whole.step).toBe(9)
    for (const stopAt of [1, 2, 3, 5]) {
      const stop = new AbortController()
      const first = createTrainer()
      const stopped = { ...options, batches: leavingOut, signal: stop.signal }
      for await (const event of first.fit(stopped)) {
        if (event.type === 'step' && event.step === stopAt) stop.abort()
      }
      const second = createTrainer()
      second.restore(throughBytes(await first.checkpoint()))
      await collect(second, { batches: leavingOut })
      expect(comparable(await second.checkpoint())).toEqual(comparable(await whole.checkpoint()))
    }
  })

  it('a batch in parts comes to what the whole batch does, dropout included', async () => {
    const whole = createTrainer()
    const parts = createTrainer()
    const [wholeEvents, partEvents] = [
      await collect(whole),
      await collect(parts, { microBatch: 4 }),
    ]
    const losses = (events: TrainEvent[]) =>
      events.flatMap((event) => (event.type === 'step' ? [event.loss] : []))
    for (const [step, loss] of losses(wholeEvents).entries()) {
      expect(losses(partEvents)[step]! / loss).toBeCloseTo(1, 4)
    }
    const [expected, found] = [await whole.checkpoint(), await parts.checkpoint()]
    for (const [name, { data }] of expected.tensors) {
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const values = found.tensors.get(name)!.data
      for (const [at, value] of data.entries()) {
        expect(Math.abs(values[at]! - value), name).toBeLessThan(1e-4 * largest)
      }
    }
  })

  it('trains the head alone for as long as it is told', async () => {
    const trainer = createTrainer()
    const weights = async () => (await trainer.checkpoint()).tensors
    const before = await weights()
    await collect(trainer, { epochs: 1, headEpochs: 1 })
    const head = await weights()
    expect(head.get('features.0.weight')).toEqual(before.get('features.0.weight'))
    expect(head.get('classifier.1.weight')).not.toEqual(before.get('classifier.1.weight'))
    expect(head.has('optimizer.velocity.features.0.weight')).toBe(false)
    await collect(trainer, { epochs: 2, headEpochs: 1 })
    expect((await weights()).get('features.0.weight')).not.toEqual(before.get('features.0.weight'))
  })

  it('leaves frozen weights as they are, and says so when nothing is left', async () => {
    const frozen = (pattern: string) =>
      new Sgd({ momentum: 0.9, rules: [{ weights: pattern, frozen: true }] })
    const trainer = createTrainer({ optimizer: frozen('features.*') })
    const before = (await trainer.checkpoint()).tensors.get('features.0.weight')
    await collect(trainer, { epochs: 1 })
    expect((await trainer.checkpoint()).tensors.get('features.0.weight')).toEqual(before)
    await expect(collect(createTrainer({ optimizer: frozen('*') }))).rejects.toThrow(
      /every weight is frozen/,
    )
    expect(() => createTrainer({ optimizer: frozen('feature.*') })).toThrow(
      /no weight is called 'feature\.\*': the names are features\.0\.weight, /,
    )
  })

  it('stops when no epoch was better for as long as it was to wait', async () => {
    const events = await collect(createTrainer(), { epochs: 30, earlyStop: 3 })
    const epochs = events.filter((event) => event.type === 'epoch')
    const tops = epochs.map(({ validation }) => validation!.top1)
    expect(tops.length).toBeLessThan(30)
    expect(tops.length - 1 - tops.indexOf(Math.max(...tops))).toBe(3)
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'no-improvement' })
  })

  it('validates with the averaged weights and trains with its own', async () => {
    const trainer = createTrainer({ averageDecay: 0.9 })
    const events = await collect(trainer)
    const plain = createTrainer()
    const expected = await collect(plain)
    const losses = (list: TrainEvent[]) =>
      list.flatMap((event) => (event.type === 'epoch' ? [event] : []))
    for (const [index, { train, validation }] of losses(events).entries()) {
      const other = losses(expected)[index]!
      expect(train.loss).toBe(other.train.loss)
      expect(validation!.loss).not.toBe(other.validation!.loss)
    }
    const { tensors } = await trainer.checkpoint()
    const name = 'classifier.1.weight'
    const kept = [...tensors.get(name)!.data]
    await trainer.withAveragedWeights(async () => {
      const inPlace = (await trainer.checkpoint()).tensors.get(name)!.data
      expect([...inPlace]).toEqual([...tensors.get(`average.${name}`)!.data])
    })
    expect([...(await trainer.checkpoint()).tensors.get(name)!.data]).toEqual(kept)
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

  it('stops on a loss that stays far above that of a guess', async () => {
    const trainer = createTrainer({ optimizer: new Sgd() })
    const rate = (step: number) => (step === 3 ? 3000 : 0)
    await expect(collect(trainer, { epochs: 9, schedule: rate })).rejects.toThrow(
      /the loss exploded: .* at step \d+ .*lower the learning rate/,
    )
  })

  it('makes no checkpoint of weights that are of no use', async () => {
    const trainer = createTrainer()
    await collect(trainer, { epochs: 1 })
    const weight = trainer.model.getLayer('classifier.1').getWeights()[0]!
    trainer.model
      .getLayer('classifier.1')
      .setWeights([tf.fill(weight.shape, Number.NaN), tf.zeros([3])])
    await expect(trainer.checkpoint()).rejects.toThrow(
      /after step 5 .*'classifier\.1\.weight' are no longer finite/,
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
