// What a run does, resolved: every default made explicit, so that the run folder tells the whole story
// and resuming needs nothing but it.

import { type AlexNetOptions, getArchitecture, type Variant } from '@alexnet/core'
import {
  cifarEval,
  cifarTrain,
  type Preprocessing,
  type Preset,
  torchvisionEval,
  torchvisionTrain,
} from '@alexnet/data'
import { constant, oneCycle, type Schedule, steps } from '@alexnet/train'

export type ScheduleName = 'constant' | 'steps' | 'one-cycle'

/** The resolved settings of a run, as run.json keeps them. */
export interface RunSettings {
  dataset: string
  fingerprint: string
  model: AlexNetOptions
  labels: string[]
  preprocessing: Preprocessing
  augment: boolean
  validation: number
  limit: number | null
  epochs: number
  batchSize: number
  learningRate: number
  schedule: ScheduleName
  momentum: number
  nesterov: boolean
  weightDecay: number
  labelSmoothing: number
  seed: number
}

/** The part of the settings that depends on the variant. */
type Recipe = Pick<
  RunSettings,
  'batchSize' | 'learningRate' | 'schedule' | 'nesterov' | 'weightDecay'
>

const isSmall = (variant: string) => variant === 'cifar' || variant === 'lenet-5'

/** Small nets: one-cycle, in steps small enough for a folder of some thousand pictures; large ones: the paper's. */
export function defaultRecipe(variant: string): Recipe {
  if (isSmall(variant)) {
    return {
      batchSize: 32,
      learningRate: 0.02,
      schedule: 'one-cycle',
      nesterov: true,
      weightDecay: 5e-4,
    }
  }
  // §5 of the paper: 128 pictures a step, rate 0.01 divided by 10 three times, decay 0.0005.
  return {
    batchSize: 128,
    learningRate: 0.01,
    schedule: 'steps',
    nesterov: false,
    weightDecay: 5e-4,
  }
}

/** How pictures are prepared to train a variant, augmented or as evaluation sees them. */
export function presetFor(variant: string, inputSize: number, augment: boolean): Preset {
  const [train, evaluation] = isSmall(variant)
    ? [cifarTrain, cifarEval]
    : [torchvisionTrain, torchvisionEval]
  return (augment ? train : evaluation)({ crop: inputSize })
}

/** The schedule of that name; `steps` divides by ten at a third, two thirds and nine tenths of the run. */
export function createSchedule(name: ScheduleName, learningRate: number): Schedule {
  switch (name) {
    case 'constant':
      return constant(learningRate)
    case 'steps':
      return steps(learningRate, [1 / 3, 2 / 3, 0.9])
    case 'one-cycle':
      return oneCycle(learningRate, 0.2)
  }
}

/** The variant for pictures of this size: a 32-pixel net for small ones. */
export function variantFor(picture: { width: number; height: number }): Variant {
  return Math.max(picture.width, picture.height) <= 64 ? 'cifar' : 'torchvision'
}

/** A variant's name, checked. @throws core's error with the nearest names */
export const variantNamed = (name: string): Variant => getArchitecture(name).name as Variant
