// The same network, pictures and seed on two backends: the losses of their steps, to be compared.

import { createAlexNet, type Variant } from '@alexnet/core'
import { type BatchSource, constant, Sgd, Trainer } from '@alexnet/train'
import { generate } from './pytorch/generate.ts'

export interface SameLossesOptions {
  variant: Variant
  steps: number
  batch: number
  /** Pixels a side. Default: the variant's. */
  inputSize?: number
}

/** Trains on the current backend and gives the loss of every step. */
export async function lossesOf(options: SameLossesOptions): Promise<number[]> {
  const { variant, steps, batch, inputSize } = options
  const model = createAlexNet({ variant, classes: 10, seed: 1, ...(inputSize && { inputSize }) })
  const optimizer = new Sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 })
  const trainer = new Trainer({ model, optimizer })
  const size = model.inputs[0]!.shape[1]!
  const shape: [number, number, number, number] = [batch, size, size, 3]
  const source: BatchSource = {
    length: steps,
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < steps; i++) {
        const images = generate({ name: `same ${i % 10}`, shape, bound: 1 })
        yield { images, shape, labels: Int32Array.from({ length: batch }, (_, n) => (i + n) % 10) }
      }
    },
  }
  const losses: number[] = []
  const fit = trainer.fit({ epochs: 1, batches: () => source, schedule: constant(0.01) })
  for await (const event of fit) if (event.type === 'step') losses.push(event.loss)
  trainer.dispose()
  model.dispose()
  return losses
}

/** Largest difference of two runs' losses, relative to the first's. */
export const apart = (first: readonly number[], second: readonly number[]) =>
  Math.max(...first.map((loss, i) => Math.abs(loss - second[i]!) / loss))
