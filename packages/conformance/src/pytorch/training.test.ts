// Everything that decides a step of training against PyTorch: SGD and AdamW with parameter groups and
// frozen weights, gradients cut to a length, smoothed labels, mixed pictures; and the learning rates of
// its schedules. The answers are a fixture that scripts/make-training-fixtures.py made in float64.

import { readFileSync } from 'node:fs'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import {
  cosine,
  createOptimizer,
  type OptimizerRecord,
  plateau,
  type Schedule,
  steps,
  type WeightRule,
  withWarmUp,
} from '@alexnet/train'
import { beforeAll, describe, expect, it } from 'vitest'
import { BOUND, type TensorSummary } from './parity.ts'
import { errors, runSteps, type StepsCase, worst } from './steps.ts'

interface TrainingCase extends StepsCase {
  name: string
  optimizer: OptimizerRecord
  rules?: WeightRule[]
  norms?: number[]
  slots: Record<string, TensorSummary[]>
}

interface Fixture {
  schedules: Record<'cosine' | 'warmedCosine' | 'steps' | 'errors' | 'plateau', number[]>
  cases: TrainingCase[]
}

const file = new URL('../../fixtures/training-steps.json', import.meta.url)
const { schedules, cases } = JSON.parse(readFileSync(file, 'utf8')) as Fixture

beforeAll(async () => {
  await useBackend([cpu()])
})

describe('ten steps against torch.optim', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, training) => {
    const { optimizer, rules = [], norms = [], slots } = training
    const found = await runSteps(
      training,
      createOptimizer({ optimizer, rules, learningRate: training.learningRates[0]! }),
    )
    expect(worst(found.losses, training.losses)).toBeLessThan(BOUND)
    if (norms.length > 0) expect(worst(found.norms, norms)).toBeLessThan(BOUND)
    else expect(found.norms).toEqual([])
    const compared = [
      ...errors(found.weights, training.weights),
      ...Object.entries(slots).flatMap(([slot, truths]) =>
        errors(found.tensors, truths, `optimizer.${slot}.`),
      ),
    ]
    expect(compared.filter(({ error }) => !(error <= BOUND))).toEqual([])
    // Nothing that we keep goes uncompared.
    expect(compared.map(({ name }) => name).sort()).toEqual([...found.tensors.keys()].sort())
  })
})

describe('learning rates against torch.optim.lr_scheduler', () => {
  const expectRates = (schedule: Schedule, rates: readonly number[]) => {
    for (const [step, rate] of rates.entries()) {
      expect(schedule(step, rates.length) / rate).toBeCloseTo(1, 7)
    }
  }

  it('cosine: CosineAnnealingLR', () => {
    expectRates(cosine(0.05, 0.001), schedules.cosine)
  })

  it('a warm-up and a cosine: LinearLR and CosineAnnealingLR in SequentialLR', () => {
    expectRates(withWarmUp(cosine(0.05), 0.25), schedules.warmedCosine)
  })

  it('steps: MultiStepLR', () => {
    expectRates(steps(0.05, [0.5, 0.75], 0.2), schedules.steps)
  })

  it('plateau: ReduceLROnPlateau, of the errors that the run has seen', () => {
    const history = schedules.errors.map((error) => {
      const metrics = { pictures: 1, loss: 0, top5: 0 }
      return { train: { ...metrics, top1: 0 }, validation: { ...metrics, top1: 1 - error } }
    })
    const schedule = plateau(0.01, { patience: 2, reductions: 3 })
    expect(schedules.plateau).toHaveLength(history.length + 1)
    for (const [epochs, rate] of schedules.plateau.entries()) {
      expect(schedule(0, 1, history.slice(0, epochs)) / rate).toBeCloseTo(1, 9)
    }
  })
})
