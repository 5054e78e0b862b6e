// Whole networks on a backend against PyTorch's numbers: every output and gradient, twenty steps of SGD,
// and training that is saved and goes on elsewhere. The answers are fixtures that
// scripts/make-pytorch-fixtures.py made in float64.

import { createAlexNet, exportWeights, loadWeights } from '@alexnet/core'
import { Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from '../kernels/backends.ts'
import { noteError } from '../kernels/compare.ts'
import { generate, generateLabels, toChannelsLast } from './generate.ts'
import {
  BOUND,
  measure,
  type ParityCase,
  type PyTorchTensor,
  relativeError,
  summaryError,
  type TensorSummary,
} from './parity.ts'
import { errors as errorsOf, runSteps, type StepsCase, worst } from './steps.ts'

/** fixtures/pytorch-*.json */
export interface NetworkFixture extends ParityCase {
  outputs: TensorSummary[]
  gradients: TensorSummary[]
}

/** A case of fixtures/sgd-steps.json. */
export interface SgdCase extends StepsCase {
  momentum: number
  weightDecay: number
  nesterov: boolean
  buffers: TensorSummary[]
}

/** The suites of whole networks, by operation, over some of the fixtures. */
export const networkSuites = (
  fixtures: readonly NetworkFixture[],
  steps: readonly SgdCase[],
): Record<string, Suite> => ({
  'outputs and gradients of networks': outputsAndGradients(fixtures),
  'training steps': trainingSteps(steps),
  'save, load and resume': saveAndLoad(stable(fixtures)),
})

/**
 * The network that trains on. The large ones' generated weights do not: at a rate of 0.01 Caffe's loss goes
 * 18, 868, 4e13, NaN in PyTorch as here, so that there would be nothing to compare.
 */
function stable(fixtures: readonly NetworkFixture[]): NetworkFixture {
  const found = fixtures.find(({ variant }) => variant === 'lenet-5')
  if (!found) throw new Error('the fixture of lenet-5 is needed: its training is resumed')
  return found
}

/** Errors of all tensors, worst first; a tensor that is missing counts as infinitely wrong. */
function errors(found: Map<string, PyTorchTensor>, truths: TensorSummary[]) {
  return truths
    .map((truth) => {
      const tensor = found.get(truth.name)
      const error = tensor ? summaryError(tensor, truth) : Number.POSITIVE_INFINITY
      noteError(error)
      return { name: truth.name, error }
    })
    .sort((a, b) => b.error - a.error)
}

const outputsAndGradients =
  (fixtures: readonly NetworkFixture[]): Suite =>
  () => {
    it.each(fixtures)('$variant, $batch × $inputSize px', async (fixture) => {
      const before = tf.memory().numTensors
      const { loss, outputs, gradients } = await measure(fixture)
      expect(tf.memory().numTensors).toBe(before)

      const outputErrors = errors(outputs, fixture.outputs)
      const gradientErrors = errors(gradients, fixture.gradients)
      expect(outputErrors.filter(({ error }) => !(error <= BOUND))).toEqual([])
      expect(gradientErrors.filter(({ error }) => !(error <= BOUND))).toEqual([])
      expect(Math.abs(loss - fixture.loss) / fixture.loss).toBeLessThan(BOUND)

      // Nothing of ours goes uncompared; PyTorch flattens outside of its modules.
      const names = (list: { name: string }[]) => list.map(({ name }) => name).sort()
      expect([...outputs.keys()].filter((name) => name !== 'flatten').sort()).toEqual(
        names(fixture.outputs),
      )
      expect([...gradients.keys()].sort()).toEqual(names(fixture.gradients))
    })
  }

const trainingSteps =
  (cases: readonly SgdCase[]): Suite =>
  () => {
    it.each(cases)(
      '$variant, Nesterov $nesterov: 20 losses, weights and momentum',
      async (steps) => {
        expect(new Set(steps.learningRates).size).toBe(2)
        const { losses, weights, tensors } = await runSteps(steps, new Sgd(steps))
        expect(losses).toHaveLength(20)
        const lossError = worst(losses, steps.losses)
        noteError(lossError)
        expect(lossError).toBeLessThan(BOUND)
        const found = [
          ...errorsOf(weights, steps.weights),
          ...errorsOf(tensors, steps.buffers, 'optimizer.velocity.'),
        ]
        for (const { error } of found) noteError(error)
        expect(found.filter(({ error }) => !(error <= BOUND))).toEqual([])
        expect(steps.weights.length).toBe(steps.buffers.length)
      },
    )
  }

/** Trains a few steps in one go, and the same with everything saved and put into new objects half-way. */
const saveAndLoad =
  (fixture: NetworkFixture): Suite =>
  () => {
    const { variant, classes, inputSize, batch } = fixture
    const [input, ...weights] = fixture.tensors
    const images = toChannelsLast(generate(input!), input!.shape)
    const labels = generateLabels(batch, classes)
    const shape: [number, number, number, number] = [batch, inputSize, inputSize, 3]

    function begin() {
      const model = createAlexNet({ variant, classes, inputSize, dropout: 0, initialize: false })
      const generated = weights.map(
        (tensor) =>
          [
            tensor.name,
            { dtype: 'float32' as const, shape: tensor.shape, data: generate(tensor) },
          ] as const,
      )
      loadWeights(model, new Map(generated))
      return new Trainer({ model, optimizer: new Sgd({ momentum: 0.9, weightDecay: 5e-4 }) })
    }

    async function train(trainer: Trainer, steps: number) {
      const losses: number[] = []
      const events = trainer.fit({
        epochs: 1,
        batches: ({ start }) => ({
          length: 6,
          async *[Symbol.asyncIterator]() {
            for (let i = start; i < 6; i++) yield { images, labels, shape }
          },
        }),
        schedule: () => 0.01,
      })
      for await (const event of events) {
        if (event.type === 'step') losses.push(event.loss)
        if (losses.length === steps) break
      }
      return losses
    }

    it(`${variant} goes on from a checkpoint as if it had never stopped`, async () => {
      const whole = begin()
      const expected = await train(whole, 6)
      const first = begin()
      const losses = await train(first, 3)
      const saved = await first.checkpoint()
      const second = begin()
      second.restore(saved)
      losses.push(...(await train(second, 3)))
      noteError(worst(losses, expected))
      expect(worst(losses, expected)).toBeLessThan(1e-6)

      const exported = await exportWeights(second.model)
      const copy = begin()
      loadWeights(copy.model, exported)
      const logits = async (model: tf.LayersModel) => {
        const y = tf.tidy(() => model.apply(tf.tensor4d(images, shape)) as tf.Tensor)
        const values = await y.data()
        y.dispose()
        return values
      }
      const difference = relativeError(await logits(copy.model), await logits(second.model))
      expect(difference).toBe(0)
      for (const trainer of [whole, first, second, copy]) {
        trainer.dispose()
        trainer.model.dispose()
      }
    })
  }
