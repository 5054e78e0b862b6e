// A small network that trains on drawn numbers: the same pictures, labels and weights wherever it runs.

import { createAlexNet } from '@alexnet/core'
import { type BatchSource, constant, Sgd, Trainer } from '@alexnet/train'
import { generate } from '../pytorch/generate.ts'

/** Batches of an epoch. */
export const BATCHES = 10
const shape: [number, number, number, number] = [8, 32, 32, 3]

/** Ten batches an epoch, from batch `start` on. */
function source(start: number): BatchSource {
  return {
    length: BATCHES,
    async *[Symbol.asyncIterator]() {
      for (let i = start; i < BATCHES; i++) {
        const images = generate({ name: `batch ${i}`, shape, bound: 1 })
        yield { images, shape, labels: Int32Array.from({ length: 8 }, (_, n) => (n * 3 + i) % 10) }
      }
    },
  }
}

export function smallTrainer(): Trainer {
  const model = createAlexNet({ variant: 'lenet-5', classes: 10, seed: 7 })
  return new Trainer({ model, optimizer: new Sgd({ momentum: 0.9, weightDecay: 5e-4 }) })
}

/** Losses of the steps as they come. */
export async function* losses(trainer: Trainer, steps: number): AsyncGenerator<number> {
  const epochs = Math.ceil(steps / BATCHES)
  const events = trainer.fit({
    epochs,
    batches: ({ start }) => source(start),
    schedule: constant(0.02),
  })
  for await (const event of events) {
    if (event.type !== 'step') continue
    yield event.loss
    if (event.step >= steps) return
  }
}

export function dispose(trainer: Trainer): void {
  trainer.dispose()
  trainer.model.dispose()
}
