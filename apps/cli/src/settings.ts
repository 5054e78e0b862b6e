// What a run does, resolved: every default made explicit, so that the run folder tells the whole story
// and resuming needs nothing but it.

import { type AlexNetOptions, getArchitecture, type Variant } from '@alexnet/core'
import {
  cifarEval,
  cifarTrain,
  type Dataset,
  type Picture,
  type Preprocessing,
  type Preset,
  torchvisionEval,
  torchvisionTrain,
} from '@alexnet/data'
import { constant, oneCycle, type Schedule, steps } from '@alexnet/train'
import type { EngineOptions } from './backend.ts'
import { UsageError } from './errors.ts'

export type ScheduleName = 'constant' | 'steps' | 'one-cycle'

/** The options of `alexnet train`, as the command line gives them. */
export interface TrainOptions extends EngineOptions {
  variant?: string
  epochs?: number
  batchSize?: number
  learningRate?: number
  schedule?: ScheduleName
  momentum?: number
  weightDecay?: number
  labelSmoothing?: number
  dropout?: number
  inputSize?: number
  augment?: boolean
  validation?: number
  limit?: number
  seed?: number
  out: string
  resume?: boolean
  checkpointEvery?: number
  json?: boolean
}

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

/**
 * The settings of a new run, every default resolved.
 *
 * @param picture one of the pictures, whose size decides which network is the default
 */
export function newSettings(
  path: string,
  options: TrainOptions,
  { training, fingerprint }: { training: Dataset; fingerprint: string },
  picture: Picture,
): RunSettings {
  const variant = options.variant ? variantNamed(options.variant) : variantFor(picture)
  const architecture = getArchitecture(variant)
  const inputSize = options.inputSize ?? architecture.inputSize
  const recipe = defaultRecipe(variant)
  const seed = options.seed ?? 0
  return {
    dataset: path,
    fingerprint,
    model: {
      variant,
      classes: training.classes.length,
      inputSize,
      seed,
      ...(options.dropout !== undefined && { dropout: options.dropout }),
    },
    labels: [...training.classes],
    preprocessing: presetFor(variant, inputSize, false).preprocessing,
    augment: options.augment ?? true,
    validation: options.validation ?? 0.1,
    limit: options.limit ?? null,
    epochs: options.epochs ?? 10,
    batchSize: options.batchSize ?? recipe.batchSize,
    learningRate: options.learningRate ?? recipe.learningRate,
    schedule: options.schedule ?? recipe.schedule,
    momentum: options.momentum ?? 0.9,
    nesterov: recipe.nesterov && options.momentum !== 0,
    weightDecay: options.weightDecay ?? recipe.weightDecay,
    labelSmoothing: options.labelSmoothing ?? 0,
    seed,
  }
}

/**
 * The settings of a run that goes on: those it began with.
 *
 * @throws UsageError when what is asked for now contradicts them
 */
export function resumedSettings(
  stored: RunSettings,
  options: TrainOptions,
  fingerprint: string,
  folder: string,
): RunSettings {
  if (fingerprint !== stored.fingerprint) {
    throw new UsageError(
      `the data set is not the one that ${folder} was trained on (${stored.dataset}): resume with that one`,
    )
  }
  const { model } = stored
  const before: Partial<TrainOptions> = { ...stored, ...model } as Partial<TrainOptions>
  const fixed = [
    ['variant', '--variant'],
    ['inputSize', '--input-size'],
    ['dropout', '--dropout'],
    ['epochs', '--epochs'],
    ['batchSize', '--batch-size'],
    ['learningRate', '--learning-rate'],
    ['schedule', '--schedule'],
    ['momentum', '--momentum'],
    ['weightDecay', '--weight-decay'],
    ['labelSmoothing', '--label-smoothing'],
    ['validation', '--validation'],
    ['limit', '--limit'],
    ['seed', '--seed'],
  ] as const
  const changed = fixed.filter(
    ([key]) => options[key] !== undefined && options[key] !== before[key],
  )
  if (options.augment === false && stored.augment)
    changed.push(['augment' as never, '--no-augment' as never])
  if (changed.length > 0) {
    const was = changed.map(([key, flag]) => `${flag} was ${before[key] ?? 'not given'}`).join(', ')
    throw new UsageError(
      `a run is resumed with the settings it began with (${was}): leave them out, or start anew in another --out`,
    )
  }
  return stored
}
