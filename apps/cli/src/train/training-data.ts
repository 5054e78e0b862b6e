// The pictures of a training run: what to train on, what to validate on, and its batches, mixed where
// the recipe has them mixed.

import {
  type BatchTransform,
  cached,
  cutMix,
  type Dataset,
  loader,
  mixingChoice,
  mixUp,
  openDataset,
  split,
  type WorkerPool,
} from '@alexnet/data'
import type { BatchSource } from '@alexnet/train'
import { trainingPreset } from '../preparation.ts'
import { isSmall, type RunSettings, type TrainOptions } from './settings.ts'

/** The pictures of a run. */
export interface TrainingData {
  training: Dataset
  validation: Dataset | undefined
  fingerprint: string
}

/** The training and validation sets: the data set's own test part where it has one, else a split. */
export async function openTrainingData(
  path: string,
  options: TrainOptions,
  stored: RunSettings | undefined,
): Promise<TrainingData> {
  const limit = stored ? stored.limit : (options.limit ?? null)
  const seed = stored?.seed ?? options.seed ?? 0
  const share = stored?.validation ?? options.validation
  const whole = await openDataset(path, { split: 'train' })
  const fingerprint = await whole.fingerprint()
  let [training, validation]: (Dataset | undefined)[] = [whole]
  if (share !== 0) {
    validation = whole.split === 'train' ? await openDataset(path, { split: 'test' }) : undefined
    if (!validation) [training, validation] = split(whole, [1 - (share ?? 0.1), share ?? 0.1], seed)
  }
  if (limit !== null && limit < training!.length) {
    training = split(training!, [limit / training!.length, 1 - limit / training!.length], seed)[0]
  }
  // Too few pictures of each class to set one aside.
  if (validation?.length === 0) validation = undefined
  return {
    training: await inMemory(training!),
    validation: validation && (await inMemory(validation)),
    fingerprint,
  }
}

/** Bytes of pixels up to which a data set is kept decoded. */
const MOST_BYTES = 512 * 2 ** 20

/**
 * The data set, its pictures kept once they are decoded if they all fit, going by the first: small ones
 * take longer to decode, epoch after epoch, than to train on.
 */
async function inMemory(dataset: Dataset): Promise<Dataset> {
  const { data } = await dataset.load(0)
  return data.length * dataset.length <= MOST_BYTES
    ? cached(dataset, { maxBytes: MOST_BYTES })
    : dataset
}

/** Batches of an epoch as the settings have them, from batch `start` on. */
export function trainingBatches(
  dataset: Dataset,
  { recipe, preprocessing, colorPca, seed }: RunSettings,
  {
    epoch,
    start,
    share,
    workers = 0,
  }: {
    epoch: number
    start: number
    share?: { part: number; of: number }
    workers?: number | WorkerPool
  },
): BatchSource {
  const preset = trainingPreset(recipe.augmentation, {
    crop: preprocessing.crop,
    like: preprocessing,
    ...(colorPca && { colorPca }),
    small: isSmall(recipe.variant),
  })
  return loader({
    dataset,
    ...preset,
    batchTransforms: mixingOf(recipe),
    batchSize: recipe.batchSize,
    shuffle: true,
    seed,
    epoch,
    start,
    share,
    workers,
    // A step copies its pictures to the backend before it asks for the next.
    recycle: true,
  })
}

function mixingOf({ mixUp: mix, cutMix: cut }: RunSettings['recipe']): BatchTransform[] {
  const transforms: BatchTransform[] = []
  if (mix !== undefined) transforms.push(mixUp({ alpha: mix }))
  if (cut !== undefined) transforms.push(cutMix({ alpha: cut }))
  return transforms.length > 1 ? [mixingChoice(transforms)] : transforms
}
