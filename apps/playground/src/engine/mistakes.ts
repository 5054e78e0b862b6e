// A look at a model over labelled pictures: accuracy, which classes it confuses, and its worst mistakes.
import { type Dataset, loader, type Preset } from '@alexnet/data'
import { evaluate } from '@alexnet/train'
import type * as tf from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { Mistake } from './training-protocol.ts'

export interface Inspection {
  metrics: { loss: number; top1: number; pictures: number }
  /** Pictures of class `row` that were taken for class `column`. */
  confusion: number[][]
  mistakes: Mistake[]
}

const MOST_MISTAKES = 12

export async function inspect(
  network: tf.LayersModel,
  dataset: Dataset,
  preset: Preset,
): Promise<Inspection> {
  const { classes } = dataset
  const batches = loader({ dataset, ...preset, batchSize: 64 })
  const found = await evaluate(network, batches, { mistakes: MOST_MISTAKES })
  const { loss, top1, pictures, confusion } = found
  const mistakes = await Promise.all(
    found.mistakes.map(async ({ index, label, predicted, probability }) => ({
      pixels: toPixels(await dataset.load(index)),
      label: classes[label]!,
      found: classes[predicted]!,
      probability,
    })),
  )
  return {
    metrics: { loss, top1, pictures },
    confusion: confusion.rows(),
    mistakes,
  }
}
