// The pictures of a training run: what to train on and what to validate on.

import { cached, countClasses, type Dataset, type Picture, sample, split } from '@alexnet/data'
import { firstPicture, openPictures, warn, withClasses } from '../pictures.ts'
import { UsageError } from '../terminal/errors.ts'
import type { TrainOptions } from './options.ts'
import type { RunSettings } from './run-settings.ts'

/** The pictures of a run. */
export interface TrainingData {
  training: Dataset
  validation: Dataset | undefined
  fingerprint: string
  /** One of those to train on. */
  picture: Picture
}

/** Ends the fingerprint of a run that kept a share out of a training part, beside which another lies. */
const KEPT_OUT = ' split'

/**
 * The training and validation sets: the share that was asked for, out of what is trained on; else the data set's own
 * part to validate on, or to test on, where it has one, its classes numbered as those that are trained on; else a tenth.
 */
export async function openTrainingData(
  path: string,
  options: TrainOptions,
  stored: RunSettings | undefined,
): Promise<TrainingData> {
  const limit = stored ? stored.limit : (options.limit ?? null)
  const seed = stored?.seed ?? options.seed ?? 0
  const share = stored?.validation ?? options.validation
  const keepsOut = stored ? stored.fingerprint.endsWith(KEPT_OUT) : options.validation !== undefined
  const onBroken = stored?.onBroken ?? options.onBroken ?? 'stop'
  const whole = await openPictures(path, 'train')
  if (whole.classes.length < 2) {
    throw new UsageError(
      `${path}: all its pictures are of one class, "${whole.classes[0]}"; a network needs two or more to tell apart`,
    )
  }
  let fingerprint = await whole.fingerprint()
  let [training, validation]: (Dataset | undefined)[] = [whole]
  if (share !== 0) {
    const part =
      whole.split === 'train' && !keepsOut ? await openPictures(path, 'validation') : undefined
    // A packed file of the training part is all that its path can give.
    if (part && part.split !== 'train') {
      validation = withClasses(part, whole.classes, 'the training part')
      // Runs of earlier versions looked at what they trained on alone.
      if (stored?.fingerprint !== fingerprint) fingerprint += ` ${await part.fingerprint()}`
    } else {
      ;[training, validation] = split(whole, [1 - (share ?? 0.1), share ?? 0.1], seed)
      if (whole.split === 'train') fingerprint += KEPT_OUT
    }
  }
  if (limit !== null) training = limited(training!, limit, seed)
  // Too few pictures of each class to set one aside.
  if (validation?.length === 0) validation = undefined
  const picture = await firstPicture(training!, onBroken)
  return {
    training: inMemory(training!, picture),
    validation: validation && inMemory(validation, await firstPicture(validation, onBroken)),
    fingerprint,
    picture,
  }
}

function limited(training: Dataset, limit: number, seed: number): Dataset {
  const chosen = sample(training, limit, seed)
  const without = (dataset: Dataset) => countClasses(dataset).filter((count) => count === 0).length
  const lost = without(chosen) - without(training)
  if (lost > 0) {
    warn(`--limit ${limit} leaves ${lost} of ${training.classes.length} classes without a picture`)
  }
  return chosen
}

/** Bytes of pixels up to which a data set is kept decoded. */
const MOST_BYTES = 512 * 2 ** 20

/**
 * The data set, its pictures kept once they are decoded if they all fit, going by the first: small ones
 * take longer to decode, epoch after epoch, than to train on.
 */
function inMemory(dataset: Dataset, { data }: Picture): Dataset {
  return data.length * dataset.length <= MOST_BYTES
    ? cached(dataset, { maxBytes: MOST_BYTES })
    : dataset
}
