// What a run does, resolved: every default made explicit, so that the run folder tells the whole story
// and resuming needs nothing but it.

import { type AlexNetOptions, getArchitecture, type Variant } from '@alexnet/core'
import type { ColorPca, Dataset, Picture, Preprocessing } from '@alexnet/data'
import {
  getRecipe,
  type OptimizerRecord,
  type Recipe,
  recipes,
  type ScheduleRecord,
  type WeightRule,
} from '@alexnet/train'
import type { EngineOptions } from '../backend.ts'
import { evaluationPreset, trainingPreset } from '../preparation.ts'
import type { RankOptions } from '../ranks.ts'
import { UsageError } from '../terminal/errors.ts'

export type ScheduleName = ScheduleRecord['kind']

/** The options of `alexnet train`, as the command line gives them. */
export interface TrainOptions extends EngineOptions, RankOptions {
  /** How ranks share the network. Default 'auto', whichever sends less. */
  parallel?: 'data' | 'hybrid' | 'auto'
  /** How gradients travel between ranks. Default 'float32'. */
  wire?: 'float32' | 'float16'
  /** False exchanges gradients after the backward pass, not during it. */
  overlap?: boolean
  recipe?: string
  from?: string
  variant?: string
  epochs?: number
  batchSize?: number
  microBatch?: number
  optimizer?: OptimizerRecord['kind']
  learningRate?: number
  schedule?: ScheduleName
  warmUp?: number
  momentum?: number
  weightDecay?: number
  labelSmoothing?: number
  mixUp?: number
  cutMix?: number
  clipNorm?: number
  averageDecay?: number
  headEpochs?: number
  earlyStop?: number
  /** Patterns of weights that stay as they are. */
  freeze?: string[]
  /** Factors of the learning rate, for weights that fit a pattern. */
  layerRate?: { weights: string; learningRate: number }[]
  /** Weight decay of weights that fit a pattern. */
  layerDecay?: { weights: string; weightDecay: number }[]
  dropout?: number
  activation?: string
  normalization?: boolean
  overlappingPooling?: boolean
  inputSize?: number
  /** Name of an augmentation; false for none. */
  augment?: string | boolean
  validation?: number
  limit?: number
  seed?: number
  out: string
  resume?: boolean
  /** Threads that prepare pictures. */
  workers?: number
  checkpointEvery?: number
  keep?: number
  report?: boolean
  json?: boolean
}

/** A recipe with nothing left open but what it does not use. */
export interface ResolvedRecipe extends Recipe {
  name: string
  variant: Variant
  augmentation: string
}

/** The resolved settings of a run, as run.json keeps them. */
export interface RunSettings {
  format: 2
  dataset: string
  fingerprint: string
  recipe: ResolvedRecipe
  /** What it began with, for a run that did not begin with random weights. */
  from: string | null
  model: AlexNetOptions
  labels: string[]
  preprocessing: Preprocessing
  /** How the colours of its training pictures vary, where its augmentation follows them. */
  colorPca?: ColorPca
  microBatch: number | null
  validation: number
  limit: number | null
  seed: number
  /** Programs that it began with. */
  versions: Record<string, string>
}

/** Weights to begin with: what they are of, and how their pictures are prepared. */
export interface StartingPoint {
  options: AlexNetOptions
  preprocessing: Preprocessing
}

/** Networks for small pictures are trained and evaluated on the whole of them. */
export const isSmall = (variant: string) => getArchitecture(variant).inputSize <= 64

/** The variant for pictures of this size: a 32-pixel net for small ones. */
export function variantFor(picture: { width: number; height: number }): Variant {
  return Math.max(picture.width, picture.height) <= 64 ? 'cifar' : 'torchvision'
}

/** A variant's name, checked. @throws core's error with the nearest names */
export const variantNamed = (name: string): Variant => getArchitecture(name).name as Variant

/** How pictures are prepared for a variant of which nothing else is known, augmented or as evaluation sees them. */
export function presetFor(variant: string, inputSize: number, augment: boolean) {
  return augment
    ? trainingPreset(isSmall(variant) ? 'cifar' : 'torchvision-train', { crop: inputSize })
    : evaluationPreset(isSmall(variant), inputSize)
}

/**
 * The settings of a new run, every default resolved.
 *
 * @param picture one of the pictures, whose size decides which network is the default
 * @param start what `--from` names
 */
export function newSettings(
  path: string,
  options: TrainOptions,
  { training, fingerprint }: { training: Dataset; fingerprint: string },
  picture: Picture,
  { start, versions }: { start?: StartingPoint; versions: Record<string, string> },
): RunSettings {
  const named = options.recipe === undefined ? undefined : recipeNamed(options.recipe)
  const asked = options.variant === undefined ? undefined : variantNamed(options.variant)
  const variant = asked ?? start?.options.variant ?? named?.variant ?? variantFor(picture)
  if (start && variant !== start.options.variant) {
    throw new UsageError(
      `--from ${options.from} is of the variant '${start.options.variant}', not '${variant}': leave --variant out, or name other weights`,
    )
  }
  const usual = options.from ? 'fine-tune' : isSmall(variant) ? 'small' : 'large'
  const name = options.recipe ?? usual
  const recipe = resolveRecipe({ name, ...(named ?? recipes[usual]) }, variant, options)
  const inputSize =
    options.inputSize ?? start?.options.inputSize ?? getArchitecture(variant).inputSize
  const seed = options.seed ?? 0
  const preset = trainingPreset(recipe.augmentation, {
    crop: inputSize,
    ...(recipe.levels && { levels: true }),
    ...(start && { like: start.preprocessing }),
    small: isSmall(variant),
  })
  return {
    format: 2,
    dataset: path,
    fingerprint,
    recipe,
    from: options.from ?? null,
    model: {
      ...start?.options,
      variant,
      classes: training.classes.length,
      inputSize,
      seed,
      ...networkOptions(options),
    },
    labels: [...training.classes],
    preprocessing: preset.preprocessing,
    microBatch: options.microBatch ?? null,
    validation: options.validation ?? 0.1,
    limit: options.limit ?? null,
    seed,
    versions,
  }
}

function recipeNamed(name: string): Recipe {
  try {
    return getRecipe(name)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Options of the network itself, those that are not the variant's own. */
function networkOptions(options: TrainOptions): AlexNetOptions {
  return {
    dropout: options.dropout,
    ...(options.activation !== undefined && {
      activation: options.activation as NonNullable<AlexNetOptions['activation']>,
    }),
    ...(options.normalization === false && { normalization: false }),
    ...(options.overlappingPooling === false && { overlappingPooling: false }),
  }
}

/** A recipe with what the command line says otherwise. */
function resolveRecipe(
  base: Recipe & { name: string },
  variant: Variant,
  options: TrainOptions,
): ResolvedRecipe {
  const optimizer = resolveOptimizer(base.optimizer, options)
  const changed = optimizer.kind !== base.optimizer.kind
  const rules = [...newRules(options), ...(base.rules ?? [])]
  const usual = isSmall(variant) ? 'cifar' : 'torchvision-train'
  const augmentation = (options.augment === true ? undefined : options.augment) ?? base.augmentation
  const given: Partial<Recipe> = {
    warmUpEpochs: options.warmUp,
    labelSmoothing: options.labelSmoothing,
    mixUp: options.mixUp,
    cutMix: options.cutMix,
    clipNorm: options.clipNorm,
    averageDecay: options.averageDecay,
    headEpochs: options.headEpochs,
    earlyStop: options.earlyStop,
  } as Partial<Recipe>
  return {
    ...base,
    ...withoutUndefined(given),
    variant,
    augmentation: augmentation === false ? 'none' : (augmentation ?? usual),
    epochs: options.epochs ?? base.epochs,
    batchSize: options.batchSize ?? base.batchSize,
    optimizer,
    // A rate for SGD is some ten times too high for AdamW.
    learningRate: options.learningRate ?? (changed ? 0.001 : base.learningRate),
    schedule: resolveSchedule(base.schedule, options.schedule),
    ...(rules.length > 0 && { rules }),
  }
}

const withoutUndefined = <T extends object>(values: T): T =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T

function resolveOptimizer(base: OptimizerRecord, options: TrainOptions): OptimizerRecord {
  const kind = options.optimizer ?? base.kind
  if (kind === 'adamw') {
    if (options.momentum !== undefined) {
      throw new UsageError('--momentum belongs to sgd, not to --optimizer adamw')
    }
    const usual = base.kind === 'adamw' ? base : { kind, weightDecay: 0.01 }
    return { ...usual, weightDecay: options.weightDecay ?? usual.weightDecay }
  }
  const usual = base.kind === 'sgd' ? base : ({ kind, momentum: 0.9, weightDecay: 5e-4 } as const)
  const momentum = options.momentum ?? usual.momentum
  const { nesterov, ...rest } = usual
  return {
    ...rest,
    momentum,
    weightDecay: options.weightDecay ?? usual.weightDecay,
    ...(nesterov && momentum > 0 && { nesterov }),
  }
}

function resolveSchedule(base: ScheduleRecord, kind: ScheduleName | undefined): ScheduleRecord {
  if (kind === undefined || kind === base.kind) return base
  if (kind === 'steps') return { kind, points: [1 / 3, 2 / 3, 0.9] }
  if (kind === 'one-cycle') return { kind, warmUp: 0.2 }
  return { kind }
}

/** A rule a pattern, whatever is said of it; they come before the recipe's own. */
function newRules({ freeze = [], layerRate = [], layerDecay = [] }: TrainOptions): WeightRule[] {
  const frozen = freeze.map((weights) => ({ weights, frozen: true }))
  const rules = new Map<string, WeightRule>()
  for (const rule of [...frozen, ...layerRate, ...layerDecay]) {
    rules.set(rule.weights, { ...rules.get(rule.weights), ...rule })
  }
  return [...rules.values()]
}
