// ReLU against tanh, live: two networks that differ in nothing else, trained in turn on the same batches.
// Figure 1 of the 2012 paper is the same race on CIFAR-10.
import { createAlexNet } from '@alexnet/core'
import { cifarEval, loader, shapes } from '@alexnet/data'
import { constant, Sgd, type StepEvent, Trainer } from '@alexnet/train'
import { startBackend } from './backends.ts'
import type { BackendChoice } from './protocol.ts'

export interface RacePoint {
  pictures: number
  /** Share of the pictures of late that were taken for another class. */
  relu: number
  tanh: number
}

export const raceActivations = ['relu', 'tanh'] as const
/** The paper's layers at 32 pixels, without normalisation and dropout. */
const network = { variant: 'cifar-paper', normalization: false, dropout: 0 } as const
const BATCH = 16
const PICTURES = 20_000
/** Pictures whose errors a point averages. */
const SMOOTHED = 60

export class Race {
  #stop = new AbortController()

  /** Runs until it is stopped or all pictures are used. */
  async run(choice: BackendChoice, onPoint: (point: RacePoint) => void): Promise<void> {
    this.#stop = new AbortController()
    await startBackend(choice, () => {}, 'training')
    const dataset = shapes({ count: PICTURES, seed: 7 })
    const racers = raceActivations.map((activation) => {
      const model = createAlexNet({ ...network, activation, seed: 1 })
      const optimizer = new Sgd({ momentum: 0.9 })
      const events = new Trainer({ model, optimizer }).fit({
        epochs: 1,
        batches: () =>
          loader({ dataset, ...cifarEval(), batchSize: BATCH, shuffle: true, seed: 1 }),
        schedule: constant(0.01),
        signal: this.#stop.signal,
      })
      return { model, optimizer, events, errors: [] as number[] }
    })
    const next = async ({ events }: (typeof racers)[number]): Promise<StepEvent | undefined> => {
      const { value } = await events.next()
      return value && value.type === 'step' ? value : undefined
    }
    try {
      for (;;) {
        for (const racer of racers) {
          const event = await next(racer)
          if (!event) return
          racer.errors.push(1 - event.top1)
        }
        const [relu, tanh] = racers.map(({ errors }) => mean(errors.slice(-SMOOTHED)))
        onPoint({ pictures: racers[0]!.errors.length * BATCH, relu: relu!, tanh: tanh! })
      }
    } finally {
      for (const { events } of racers) await events.return()
      for (const { model, optimizer } of racers) {
        optimizer.dispose()
        model.dispose()
      }
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort()
  }
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
