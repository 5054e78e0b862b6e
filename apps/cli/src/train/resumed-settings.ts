// The settings of a run that goes on: those it began with, read from its folder, whichever version of
// this program wrote them.

import { UsageError } from '../terminal/errors.ts'
import { isSmall, type RunSettings, type TrainOptions } from './settings.ts'

/**
 * Settings as run.json has them, those of the first format in today's terms.
 *
 * @throws UsageError when they are of a later version, or none at all
 */
export function readSettings(text: string, path: string): RunSettings {
  let stored: Partial<RunSettings> & { format?: number }
  try {
    stored = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`)
  }
  if (stored.format === undefined) return upgrade(stored as unknown as FirstFormat, path)
  if (stored.format !== 2) {
    throw new UsageError(
      `${path} was written by a later version of this program (format ${stored.format}): resume with that one`,
    )
  }
  return stored as RunSettings
}

/** run.json before there were recipes. */
interface FirstFormat
  extends Pick<
    RunSettings,
    'dataset' | 'fingerprint' | 'labels' | 'preprocessing' | 'validation' | 'limit' | 'seed'
  > {
  model: RunSettings['model'] & { variant: RunSettings['recipe']['variant'] }
  augment: boolean
  epochs: number
  batchSize: number
  learningRate: number
  schedule: 'constant' | 'steps' | 'one-cycle'
  momentum: number
  nesterov: boolean
  weightDecay: number
  labelSmoothing: number
}

function upgrade(first: FirstFormat, path: string): RunSettings {
  if (!first.model?.variant || typeof first.learningRate !== 'number') {
    throw new UsageError(`${path} does not describe a training run`)
  }
  const { dataset, fingerprint, model, labels, preprocessing, validation, limit, seed } = first
  const { momentum, nesterov, weightDecay, epochs, batchSize, learningRate } = first
  const schedules = {
    constant: { kind: 'constant' },
    steps: { kind: 'steps', points: [1 / 3, 2 / 3, 0.9] },
    'one-cycle': { kind: 'one-cycle', warmUp: 0.2 },
  } as const
  return {
    format: 2,
    dataset,
    fingerprint,
    model,
    labels,
    preprocessing,
    validation,
    limit,
    seed,
    recipe: {
      name: 'own',
      description: 'of a run that began before there were recipes',
      variant: model.variant,
      augmentation: !first.augment
        ? 'none'
        : isSmall(model.variant)
          ? 'cifar'
          : 'torchvision-train',
      epochs,
      batchSize,
      learningRate,
      optimizer: { kind: 'sgd', momentum, weightDecay, ...(nesterov && { nesterov }) },
      schedule: schedules[first.schedule],
      labelSmoothing: first.labelSmoothing,
    },
    from: null,
    microBatch: null,
    versions: {},
  }
}

/** Options that decide a run's numbers: what each was in the run's settings. */
const fixed: Record<string, (settings: RunSettings) => unknown> = {
  recipe: ({ recipe }) => recipe.name,
  from: ({ from }) => from,
  variant: ({ model }) => model.variant,
  inputSize: ({ model }) => model.inputSize,
  dropout: ({ model }) => model.dropout,
  activation: ({ model }) => model.activation,
  epochs: ({ recipe }) => recipe.epochs,
  batchSize: ({ recipe }) => recipe.batchSize,
  microBatch: ({ microBatch }) => microBatch,
  optimizer: ({ recipe }) => recipe.optimizer.kind,
  learningRate: ({ recipe }) => recipe.learningRate,
  schedule: ({ recipe }) => recipe.schedule.kind,
  warmUp: ({ recipe }) => recipe.warmUpEpochs,
  momentum: ({ recipe }) =>
    recipe.optimizer.kind === 'sgd' ? recipe.optimizer.momentum : undefined,
  weightDecay: ({ recipe }) => recipe.optimizer.weightDecay,
  labelSmoothing: ({ recipe }) => recipe.labelSmoothing ?? 0,
  mixUp: ({ recipe }) => recipe.mixUp,
  cutMix: ({ recipe }) => recipe.cutMix,
  clipNorm: ({ recipe }) => recipe.clipNorm,
  averageDecay: ({ recipe }) => recipe.averageDecay,
  headEpochs: ({ recipe }) => recipe.headEpochs,
  earlyStop: ({ recipe }) => recipe.earlyStop,
  validation: ({ validation }) => validation,
  limit: ({ limit }) => limit,
  onBroken: ({ onBroken }) => onBroken ?? 'stop',
  seed: ({ seed }) => seed,
}

const flag = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

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
  const changed = Object.entries(fixed)
    .map(([key, was]) => ({ key, was: was(stored), is: options[key as keyof TrainOptions] }))
    .filter(({ was, is }) => is !== undefined && is !== was)
    .map(({ key, was }) => `${flag(key)} was ${was ?? 'not given'}`)
  const { augment } = options
  const { augmentation } = stored.recipe
  if (augment === false && augmentation !== 'none') changed.push(`--augment was ${augmentation}`)
  if (typeof augment === 'string' && augment !== augmentation) {
    changed.push(`--augment was ${augmentation}`)
  }
  const fixedKinds = ['freeze', 'layerRate', 'layerDecay', 'normalization', 'overlappingPooling']
  const unknowable = (fixedKinds as (keyof TrainOptions)[])
    .filter((key) => options[key] !== undefined && options[key] !== true)
    .map((key) => `${flag(key)} stands as it was`)
  if (changed.length + unknowable.length > 0) {
    throw new UsageError(
      `a run is resumed with the settings it began with (${[...changed, ...unknowable].join(', ')}): leave them out, or start anew in another --out`,
    )
  }
  return stored
}
