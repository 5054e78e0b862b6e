// A look at a model over labelled pictures: accuracy, which classes it confuses, and its surest mistakes.
import { type Dataset, loader, type Preset } from '@alexnet/data'
import * as tf from '@tensorflow/tfjs'
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
  model: tf.LayersModel,
  dataset: Dataset,
  preset: Preset,
): Promise<Inspection> {
  const { classes } = dataset
  const confusion = classes.map(() => classes.map(() => 0))
  const wrong: { index: number; label: number; found: number; probability: number }[] = []
  let loss = 0
  for await (const batch of loader({ dataset, ...preset, batchSize: 64 })) {
    const output = tf.tidy(() => {
      const pictures = tf.tensor4d(batch.images, [...batch.shape])
      return tf.softmax(model.apply(pictures, { training: false }) as tf.Tensor2D)
    })
    const probabilities = await output.data()
    output.dispose()
    for (const [row, label] of batch.labels.entries()) {
      const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length)
      const found = own.indexOf(Math.max(...own))
      confusion[label]![found]!++
      loss -= Math.log(Math.max(own[label]!, 1e-12))
      if (found === label) continue
      wrong.push({ index: batch.indices[row]!, label, found, probability: own[found]! })
    }
  }
  const right = confusion.reduce((sum, row, label) => sum + row[label]!, 0)
  const pictures = dataset.length
  wrong.sort((a, b) => b.probability - a.probability)
  const mistakes = await Promise.all(
    wrong.slice(0, MOST_MISTAKES).map(async ({ index, label, found, probability }) => ({
      pixels: toPixels(await dataset.load(index)),
      label: classes[label]!,
      found: classes[found]!,
      probability,
    })),
  )
  return {
    metrics: { loss: loss / pictures, top1: right / pictures, pictures },
    confusion,
    mistakes,
  }
}
