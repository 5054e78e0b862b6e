// A recipe, run: what it says of pictures as a preset of @alexnet/data, measured over the training set
// where it follows that, and the whole run as the trainer's events. `alexnet train` is this and what
// belongs to a terminal.

import { getArchitecture } from '@alexnet/core'
import {
  type ColorPca,
  type Dataset,
  fitColorPca,
  type Loader,
  loader,
  meanPicture,
  needsColorPca,
  type PictureError,
  type Preprocessing,
  type Preset,
  type PresetOptions,
  preset,
  type WorkerPool,
} from '@alexnet/data'
import { packMeanPicture } from '@alexnet/data/functional'
import { type BatchTransform, cutMix, mixingChoice, mixUp } from '@alexnet/data/transforms'
import { type Communicator, rangeOf } from '@alexnet/distributed'
import type * as tf from '@tensorflow/tfjs'
import type { BatchSource } from './batch.ts'
import type { TrainEvent } from './events.ts'
import { createOptimizer, scheduleOf } from './from-recipe.ts'
import type { RanksOptions } from './ranks/ranked-step.ts'
import type { Recipe } from './recipes.ts'
import { type FitOptions, Trainer } from './trainer.ts'

/** How the pictures of a run are prepared, as plain data: kept with a run, it need not be measured again. */
export interface RecipePreparation {
  /** Belongs beside the trained weights. */
  readonly preprocessing: Preprocessing
  /** How the colours of the training pictures vary, where the augmentation follows them. */
  readonly colorPca?: ColorPca
}

/** What decides how the pictures of a run are prepared, besides its recipe. */
export interface PrepareRecipeOptions {
  /** Pixels a side of the network's input. Default: that of `like`, else the variant's own. */
  inputSize?: number
  /** How pictures are prepared for the weights that the run begins with. */
  like?: Preprocessing
  /** Pictures that are read to know what all are like. Default 50,000: more do not change the answer. */
  limit?: number
  /** What to do with a picture that cannot be used: `stop` (the default) rejects, `skip` leaves it out. */
  onBroken?: 'stop' | 'skip'
  /** Told while the training pictures are measured, for the augmentations that need it. */
  onProgress?: (what: 'colours' | 'mean picture', done: number, total: number) => void
  /** Ends the measuring; the promise rejects with its reason. */
  signal?: AbortSignal
}

/** What `fitRecipe` trains on, and how. */
export interface FitRecipeOptions
  extends Pick<FitOptions, 'microBatch' | 'checkpointEvery' | 'signal'>,
    Pick<PrepareRecipeOptions, 'like' | 'onBroken'> {
  dataset: Dataset
  /** Pictures to validate on after each epoch. */
  validation?: Dataset
  /** The order of the pictures and all that is drawn for them follow from it. Default 0. */
  seed?: number
  /** Of `prepareRecipe`, or of the run that goes on. Default: prepared first, without a word. */
  preparation?: RecipePreparation
  /** Told of the pictures that `onBroken: 'skip'` leaves out, in each epoch. */
  onSkipped?: (error: PictureError) => void
  /** Threads that prepare pictures. Default 0: none of their own. */
  workers?: number | WorkerPool
}

/** An epoch's place in a run, as a `Trainer` asks for it. */
export interface BatchPosition {
  epoch: number
  /** Number of the first batch to give. */
  start: number
  /** A part of every batch, where processes share each; default all of it. */
  share?: { readonly part: number; readonly of: number }
}

/** A network's inputs up to this many pixels a side are for small pictures. */
const SMALL = 64

/** Batches that tell what they left out. */
type Watched = BatchSource & Pick<Loader, 'skipped'>

/**
 * A trainer with everything that a recipe says of one: optimiser, rules, averaged weights.
 *
 * @param ranks other processes to train with; default none
 */
export const createTrainer = (
  model: tf.LayersModel,
  recipe: Recipe,
  ranks?: RanksOptions,
): Trainer =>
  new Trainer({
    model,
    optimizer: createOptimizer(recipe),
    averageDecay: recipe.averageDecay,
    ranks,
  })

/** The preset of @alexnet/data that a recipe trains with. */
export function recipePreset(recipe: Recipe, options: PresetOptions = {}): Preset {
  const { variant, augmentation, levels } = recipe
  const usual = variant && getArchitecture(variant).inputSize
  const crop = options.crop ?? options.like?.crop ?? usual
  // A small network stays one when it is given larger pictures.
  const whole = (usual ?? crop ?? Number.POSITIVE_INFINITY) <= SMALL
  const name = augmentation ?? (whole ? 'cifar' : 'torchvision-train')
  return preset(name, { levels, whole, ...options, crop })
}

/**
 * Settles how the pictures of a run are prepared. Where the recipe follows its training pictures (their
 * mean picture, the axes of their colours) they are read for it; the same pictures give the same answer.
 *
 * @throws RangeError when there is no such augmentation, PictureError of a picture that cannot be read
 */
export async function prepareRecipe(
  recipe: Recipe,
  dataset: Dataset,
  { inputSize, like, limit = 50_000, onBroken, onProgress, signal }: PrepareRecipeOptions = {},
): Promise<RecipePreparation> {
  const chosen = recipePreset(recipe, { crop: inputSize, like })
  const watched = (what: 'colours' | 'mean picture') => ({
    limit,
    onBroken,
    signal,
    onProgress: (done: number, total: number) => onProgress?.(what, done, total),
  })
  const colorPca = needsColorPca(chosen.name)
    ? await fitColorPca(dataset, watched('colours'))
    : undefined
  let { preprocessing } = chosen
  // Weights to begin with bring the mean that they were trained with.
  if (recipe.meanPicture && !like) {
    const size = preprocessing.resize
    const mean = await meanPicture(dataset, { ...watched('mean picture'), size })
    preprocessing = { ...preprocessing, meanPicture: packMeanPicture(mean) }
  }
  return { preprocessing, ...(colorPca && { colorPca }) }
}

/** Batches to train on, augmented and mixed as the recipe says; the same ones for the same seed and position. */
export function recipeBatches(
  dataset: Dataset,
  recipe: Recipe,
  {
    preparation: { preprocessing, colorPca },
    seed = 0,
    workers = 0,
    onBroken,
    ...position
  }: BatchPosition & { preparation: RecipePreparation } & Pick<
      FitRecipeOptions,
      'seed' | 'workers' | 'onBroken'
    >,
): Watched {
  return loader({
    dataset,
    ...recipePreset(recipe, { like: preprocessing, colorPca }),
    batchTransforms: mixingOf(recipe),
    batchSize: recipe.batchSize,
    shuffle: true,
    seed,
    ...position,
    workers,
    onBroken,
    // A step copies its pictures to the backend before it asks for the next.
    recycle: true,
  })
}

/**
 * Trains by a recipe, from where the trainer stands to the recipe's last epoch; see `Trainer.fit` for the
 * events, and `Trainer.restore` to go on with a run, which then has the same numbers as one that was never
 * stopped. A trainer of several ranks has each read its part of every batch and some of the batches to validate on.
 *
 * @example
 * const trainer = createTrainer(model, recipe)
 * for await (const event of fitRecipe(trainer, recipe, { dataset, validation, seed: 1 })) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.validation?.top1)
 * }
 * @throws RangeError when the network, the trainer or the preparation does not fit the recipe and the data set
 */
export async function* fitRecipe(
  trainer: Trainer,
  recipe: Recipe,
  options: FitRecipeOptions,
): AsyncGenerator<TrainEvent, void, void> {
  const { dataset, validation, like, seed, workers, onBroken, onSkipped } = options
  const { microBatch, checkpointEvery, signal } = options
  const inputSize = inputOf(trainer, recipe, options)
  const preparation =
    options.preparation ??
    (await prepareRecipe(recipe, dataset, { inputSize, like, onBroken, signal }))
  const { preprocessing } = preparation
  if (preprocessing.crop !== inputSize) {
    throw new RangeError(
      `the network takes pictures of ${inputSize} pixels, but they are prepared at ${preprocessing.crop}: prepare the recipe with { inputSize: ${inputSize} }`,
    )
  }
  const evaluated = preset('none', { like: preprocessing })
  const { communicator } = trainer
  const share = communicator && { part: communicator.rank, of: communicator.size }
  yield* trainer.fit({
    epochs: recipe.epochs,
    batches: (position) =>
      watched(
        recipeBatches(dataset, recipe, {
          ...position,
          share,
          preparation,
          seed,
          workers,
          onBroken,
        }),
        onSkipped,
      ),
    validation:
      validation &&
      (() =>
        watched(
          loader({
            dataset: validation,
            ...evaluated,
            batchSize: recipe.batchSize,
            ...batchesOf(communicator, validation, recipe.batchSize),
            onBroken,
          }),
          onSkipped,
        )),
    schedule: scheduleOf(recipe),
    labelSmoothing: recipe.labelSmoothing ?? 0,
    headEpochs: recipe.headEpochs ?? 0,
    clipNorm: recipe.clipNorm,
    earlyStop: recipe.earlyStop,
    microBatch,
    checkpointEvery,
    signal,
  })
}

/** Which batches of a validation this process does; all where it is alone. */
function batchesOf(communicator: Communicator | undefined, { length }: Dataset, size: number) {
  if (!communicator) return {}
  return rangeOf(Math.ceil(length / size), communicator.rank, communicator.size)
}

/** A loader's batches; of what it leaves out is told when they end. */
function watched(batches: Watched, onSkipped?: (error: PictureError) => void): BatchSource {
  if (!onSkipped) return batches
  return {
    length: batches.length,
    async *[Symbol.asyncIterator]() {
      try {
        yield* batches
      } finally {
        for (const { error } of batches.skipped) onSkipped(error)
      }
    },
  }
}

/** The side of the network's input, once network and trainer are known to fit. */
function inputOf(trainer: Trainer, recipe: Recipe, { dataset, validation }: FitRecipeOptions) {
  const { inputs, outputs } = trainer.model
  const classes = outputs[0]!.shape.at(-1)!
  for (const { name, classes: named } of validation ? [dataset, validation] : [dataset]) {
    if (named.length !== classes) {
      throw new RangeError(
        `the network tells ${classes} classes apart, but ${name} has ${named.length}: make it with { classes: ${named.length} }`,
      )
    }
  }
  if (trainer.averageDecay !== recipe.averageDecay) {
    throw new RangeError(
      `the recipe averages weights with a decay of ${recipe.averageDecay}, the trainer with ${trainer.averageDecay}: make the trainer by createTrainer(model, recipe)`,
    )
  }
  return inputs[0]!.shape[1]!
}

function mixingOf({ mixUp: mix, cutMix: cut }: Recipe): BatchTransform[] {
  const transforms: BatchTransform[] = []
  if (mix !== undefined) transforms.push(mixUp({ alpha: mix }))
  if (cut !== undefined) transforms.push(cutMix({ alpha: cut }))
  return transforms.length > 1 ? [mixingChoice(transforms)] : transforms
}
