// What a run does, resolved: every default made explicit, so that the run folder tells the whole story
// and resuming needs nothing but it.

import { type AlexNetOptions, getArchitecture, type Variant } from '@alexnet/core'
import { type Dataset, type Picture, trainingPresetNames } from '@alexnet/data'
import {
  getRecipe,
  type OptimizerRecord,
  type Recipe,
  recipePreset,
  recipes,
  type ScheduleRecord,
  type WeightRule,
} from '@alexnet/train'
import { UsageError } from '../terminal/errors.ts'
import { given, type TrainOptions } from './options.ts'
import type { ResolvedRecipe, RunSettings, StartingPoint } from './run-settings.ts'

/** Networks for small pictures are trained and evaluated on the whole of them. */
export const isSmall = (variant: string) => getArchitecture(variant).inputSize <= 64

/** The variant for pictures of this size: a 32-pixel net for small ones. */
export function variantFor(picture: { width: number; height: number }): Variant {
  return Math.max(picture.width, picture.height) <= 64 ? 'cifar' : 'torchvision'
}

/** A variant's name, checked. @throws core's error with the nearest names */
export const variantNamed = (name: string): Variant => getArchitecture(name).name as Variant

/** Fewer than these, and the dozen epochs that trained weights are given would be too few steps. */
const FEW_PICTURES = 1500

/** As docs/experiments/few-pictures.md measured it with 20, 50 and 100 pictures a class. */
const moreSteps = { epochs: 30, batchSize: 16 }

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
  const isFew = usual === 'fine-tune' && training.length < FEW_PICTURES
  const base: Recipe = named ?? { ...recipes[usual], ...(isFew && moreSteps) }
  const recipe = resolveRecipe({ name, ...base }, variant, options)
  const inputSize =
    options.inputSize ?? start?.options.inputSize ?? getArchitecture(variant).inputSize
  const seed = options.seed ?? 0
  const like = start?.preprocessing
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
      ...(recipe.dropout !== undefined && { dropout: recipe.dropout }),
      ...changes(options, 'network'),
    },
    labels: [...training.classes],
    preprocessing: recipePreset(recipe, { crop: inputSize, like }).preprocessing,
    microBatch: options.microBatch ?? null,
    validation: options.validation ?? 0.1,
    limit: options.limit ?? null,
    onBroken: options.onBroken,
    seed,
    versions,
  }
}

/** An augmentation's name, checked. */
function augmentationNamed(name: string): string {
  if ((trainingPresetNames as readonly string[]).includes(name)) return name
  throw new UsageError(
    `there is no augmentation '${name}': choose one of ${trainingPresetNames.join(', ')}`,
  )
}

function recipeNamed(name: string): Recipe {
  try {
    return getRecipe(name)
  } catch (error) {
    throw new UsageError((error as Error).message)
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
  const change = changes(options, 'recipe')
  return {
    ...base,
    // A rate for SGD is some ten times too high for AdamW.
    learningRate: changed ? 0.001 : base.learningRate,
    ...change,
    augmentation: augmentationNamed(change.augmentation ?? base.augmentation ?? usual),
    variant,
    optimizer,
    schedule: resolveSchedule(base.schedule, options.schedule),
    ...(rules.length > 0 && { rules }),
  }
}

/** What the options that are given change, all together. */
const changes = <K extends 'recipe' | 'network'>(options: TrainOptions, what: K) =>
  Object.assign(
    {},
    ...given(options).map(({ row, value }) => row[what]?.(value)),
  ) as K extends 'recipe' ? Partial<Recipe> : AlexNetOptions

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

function resolveSchedule(
  base: ScheduleRecord,
  kind: ScheduleRecord['kind'] | undefined,
): ScheduleRecord {
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
