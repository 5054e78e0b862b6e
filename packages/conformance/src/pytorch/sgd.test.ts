// Ten steps of our training loop against torch.optim.SGD on the same network, weights and pictures:
// momentum, weight decay, and a learning rate that falls half-way. The answers are a fixture that
// scripts/make-pytorch-fixtures.py made in float64.

import { readFileSync } from 'node:fs'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { createAlexNet, exportWeights, loadWeights } from '@alexnet/core'
import { type BatchSource, Sgd, Trainer } from '@alexnet/train'
import { beforeAll, describe, expect, it } from 'vitest'
import { generate, generateLabels, toChannelsLast } from './generate.ts'
import { BOUND, type ParityCase, summaryError, type TensorSummary } from './parity.ts'

interface SgdCase extends Omit<ParityCase, 'loss'> {
  momentum: number
  weightDecay: number
  nesterov: boolean
  learningRates: number[]
  losses: number[]
  weights: TensorSummary[]
  buffers: TensorSummary[]
}

const file = new URL('../../fixtures/sgd-steps.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: SgdCase[] }

beforeAll(async () => {
  await useBackend([cpu()])
})

/** The batch of every step, one after the other, as one epoch. */
function batchesOf({ tensors, batch, classes, inputSize, learningRates }: SgdCase): BatchSource {
  const [input] = tensors
  const pictures = toChannelsLast(generate(input!), input!.shape)
  const labels = generateLabels(learningRates.length * batch, classes)
  const size = batch * inputSize * inputSize * 3
  return {
    length: learningRates.length,
    async *[Symbol.asyncIterator]() {
      for (let step = 0; step < learningRates.length; step++) {
        yield {
          images: pictures.slice(step * size, (step + 1) * size),
          shape: [batch, inputSize, inputSize, 3],
          labels: Int32Array.from(labels.slice(step * batch, (step + 1) * batch)),
        }
      }
    },
  }
}

type Found = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>

/** How far each tensor is from the truth about it. */
const errors = (found: Found, truths: TensorSummary[], prefix = '') =>
  truths.map((truth) => {
    const { shape, data } = found.get(prefix + truth.name)!
    return { name: truth.name, error: summaryError({ shape: [...shape], data }, truth) }
  })

describe('ten steps of SGD against torch.optim.SGD', () => {
  for (const sgdCase of cases) {
    const { variant, classes, inputSize, nesterov, learningRates } = sgdCase
    it(`${variant}${nesterov ? ', Nesterov' : ''}: every loss, the weights and the momentum`, async () => {
      expect(new Set(learningRates).size).toBe(2)
      const model = createAlexNet({ variant, classes, inputSize, dropout: 0, initialize: false })
      const [, ...weights] = sgdCase.tensors
      loadWeights(
        model,
        new Map(
          weights.map((tensor) => [
            tensor.name,
            { dtype: 'float32', shape: tensor.shape, data: generate(tensor) },
          ]),
        ),
      )
      const trainer = new Trainer({ model, optimizer: new Sgd(sgdCase) })
      const losses: number[] = []
      const events = trainer.fit({
        epochs: 1,
        batches: () => batchesOf(sgdCase),
        schedule: (step) => learningRates[step]!,
      })
      for await (const event of events) if (event.type === 'step') losses.push(event.loss)

      expect(losses).toHaveLength(10)
      for (const [step, loss] of losses.entries()) {
        const truth = sgdCase.losses[step]!
        expect(Math.abs(loss - truth) / truth).toBeLessThan(BOUND)
      }
      const { tensors } = await trainer.checkpoint()
      const wrong = [
        ...errors(await exportWeights(model), sgdCase.weights),
        ...errors(tensors, sgdCase.buffers, 'optimizer.velocity.'),
      ].filter(({ error }) => !(error <= BOUND))
      expect(wrong).toEqual([])
      expect(sgdCase.weights.length).toBe(sgdCase.buffers.length)
    })
  }
})
