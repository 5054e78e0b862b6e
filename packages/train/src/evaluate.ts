// Loss and accuracy of a model over a data set, dropout off: over all pictures, by class, and the
// pictures it got most wrong. Several views of a picture (crops, mirrored or not) count as one: the
// mean of their probabilities, as in section 4.1 of the paper.

import * as tf from '@tensorflow/tfjs'
import { type BatchSource, pictureTensor } from './batch.ts'
import { Confusion, countRight, type Metrics, meansOf, softmax, zeroSums } from './metrics.ts'

export interface EvaluateOptions {
  /** Rows of a batch that are views of one picture, one after the other. Default 1. */
  views?: number
  /** How many of the worst mistakes to keep. Default 0. */
  mistakes?: number
  /** Called after each batch with the number of pictures done. */
  onProgress?: (pictures: number) => void
}

/** A picture that was taken for another class. */
export interface Mistake {
  /** Its number in the data set, or in the order it came where batches do not say. */
  index: number
  label: number
  /** The class that the model gave it, and with which probability. */
  predicted: number
  probability: number
  /** The probability that the model gave its own class. */
  own: number
}

export interface Evaluation extends Metrics {
  /** Who was taken for whom. */
  confusion: Confusion
  /** Those with the least probability of their own class, worst first. */
  mistakes: Mistake[]
}

/**
 * Measures a model that gives logits.
 *
 * @returns means over all pictures; `top1` and `top5` are shares in [0, 1].
 */
export async function evaluate(
  model: tf.LayersModel,
  batches: BatchSource,
  { views = 1, mistakes: most = 0, onProgress }: EvaluateOptions = {},
): Promise<Evaluation> {
  const classes = model.outputs[0]!.shape.at(-1)!
  const sums = zeroSums()
  const confusion = new Confusion(classes)
  const mistakes: Mistake[] = []
  for await (const batch of batches) {
    const logits = tf.tidy(
      () => model.apply(pictureTensor(batch), { training: false }) as tf.Tensor2D,
    )
    const scores = meanScores(await logits.data(), classes, views)
    const labels = batch.labels.filter((_, row) => row % views === 0)
    logits.dispose()
    const right = countRight(scores.order, labels)
    for (const [row, label] of labels.entries()) {
      const start = row * classes
      const own = scores.probabilities[start + label]!
      const predicted = largestOf(scores.order, start, classes)
      // Less than the smallest float would be an infinite loss.
      sums.loss += scores.losses ? scores.losses(row, label) : -Math.log(Math.max(own, 1e-300))
      confusion.add(label, predicted)
      if (predicted !== label && most > 0) {
        const first = batch.indices?.[row * views]
        const index = first === undefined ? sums.pictures + row : Math.floor(first / views)
        const probability = scores.probabilities[start + predicted]!
        keepWorst(mistakes, { index, label, predicted, probability, own }, most)
      }
    }
    sums.pictures += labels.length
    sums.top1 += right.top1
    sums.top5 += right.top5
    onProgress?.(sums.pictures)
  }
  return { ...meansOf(sums), confusion, mistakes }
}

interface Scores {
  /** What classes are ranked by: logits of one view, mean probabilities of several. */
  order: ArrayLike<number>
  probabilities: Float64Array
  /** Cross-entropy of a row from its logits, where there is one view: exact where softmax gives 0. */
  losses?: (row: number, label: number) => number
}

/** Probabilities of each picture, the mean over its views. */
function meanScores(logits: ArrayLike<number>, classes: number, views: number): Scores {
  const pictures = logits.length / classes / views
  const probabilities = new Float64Array(pictures * classes)
  const one = new Float64Array(classes)
  for (let picture = 0; picture < pictures; picture++) {
    for (let view = 0; view < views; view++) {
      softmax(logits, (picture * views + view) * classes, classes, one)
      for (let index = 0; index < classes; index++) {
        probabilities[picture * classes + index]! += one[index]! / views
      }
    }
  }
  if (views > 1) return { order: probabilities, probabilities }
  const losses = (row: number, label: number) => {
    const start = row * classes
    let largest = Number.NEGATIVE_INFINITY
    for (let index = 0; index < classes; index++) {
      largest = Math.max(largest, logits[start + index]!)
    }
    let total = 0
    for (let index = 0; index < classes; index++)
      total += Math.exp(logits[start + index]! - largest)
    return largest + Math.log(total) - logits[start + label]!
  }
  return { order: logits, probabilities, losses }
}

function largestOf(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0
  for (let index = 1; index < count; index++) {
    if (values[start + index]! > values[start + best]!) best = index
  }
  return best
}

function keepWorst(kept: Mistake[], mistake: Mistake, most: number): void {
  if (kept.length === most && !(mistake.own < kept.at(-1)!.own)) return
  const place = kept.findIndex(({ own }) => own > mistake.own)
  kept.splice(place < 0 ? kept.length : place, 0, mistake)
  if (kept.length > most) kept.pop()
}
