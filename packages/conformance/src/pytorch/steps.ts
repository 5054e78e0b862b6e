// Runs the steps of a fixture through our training loop: the network with the generated weights, a batch
// a step. The tests of SGD and of all optimisers share it.

import { createAlexNet, exportWeights, loadWeights } from '@alexnet/core'
import { type BatchSource, type Optimizer, type StepOptions, Trainer } from '@alexnet/train'
import { generate, generateLabels, toChannelsLast } from './generate.ts'
import { type ParityCase, summaryError, type TensorSummary } from './parity.ts'

export interface StepsCase extends Omit<ParityCase, 'loss'>, StepOptions {
  learningRates: number[]
  losses: number[]
  weights: TensorSummary[]
  /** How much of a mixed picture is its own class; the rest is that of the picture before it. */
  share?: number
}

/** The batch of every step, one after the other, as one epoch. */
function batchesOf(steps: StepsCase): BatchSource {
  const { tensors, batch, classes, inputSize, learningRates, share } = steps
  const [input] = tensors
  const pictures = toChannelsLast(generate(input!), input!.shape)
  const all = generateLabels(learningRates.length * batch, classes)
  const size = batch * inputSize * inputSize * 3
  return {
    length: learningRates.length,
    async *[Symbol.asyncIterator]() {
      for (let step = 0; step < learningRates.length; step++) {
        const labels = all.slice(step * batch, (step + 1) * batch)
        yield {
          images: pictures.slice(step * size, (step + 1) * size),
          shape: [batch, inputSize, inputSize, 3],
          labels,
          ...(share !== undefined && {
            otherLabels: labels.map((_, row) => labels[(row + batch - 1) % batch]!),
            share: new Float32Array(batch).fill(share),
          }),
        }
      }
    },
  }
}

/** Trains, and gives the loss and gradient norm of every step, and what weights and optimiser came to. */
export async function runSteps(steps: StepsCase, optimizer: Optimizer) {
  const { variant, classes, inputSize, learningRates } = steps
  const model = createAlexNet({ variant, classes, inputSize, dropout: 0, initialize: false })
  const [, ...weights] = steps.tensors
  loadWeights(
    model,
    new Map(
      weights.map((tensor) => [
        tensor.name,
        { dtype: 'float32', shape: tensor.shape, data: generate(tensor) },
      ]),
    ),
  )
  const trainer = new Trainer({ model, optimizer })
  const losses: number[] = []
  const norms: number[] = []
  const events = trainer.fit({
    ...steps,
    epochs: 1,
    batches: () => batchesOf(steps),
    schedule: (step) => learningRates[step]!,
  })
  for await (const event of events) {
    if (event.type !== 'step') continue
    losses.push(event.loss)
    if (event.gradientNorm !== undefined) norms.push(event.gradientNorm)
  }
  const { tensors } = await trainer.checkpoint()
  const result = { losses, norms, weights: await exportWeights(model), tensors }
  trainer.dispose()
  model.dispose()
  return result
}

type Found = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>

/** How far each tensor is from the truth about it. */
export const errors = (found: Found, truths: TensorSummary[], prefix = '') =>
  truths.map((truth) => {
    const { shape, data } = found.get(prefix + truth.name)!
    return { name: prefix + truth.name, error: summaryError({ shape: [...shape], data }, truth) }
  })

/** The largest difference of numbers, each relative to the truth. */
export function worst(found: readonly number[], truths: readonly number[]): number {
  if (found.length !== truths.length) return Number.POSITIVE_INFINITY
  return Math.max(
    ...truths.map((truth, index) => Math.abs(found[index]! - truth) / Math.abs(truth)),
  )
}
