// Loss and accuracy of a model over a data set, dropout off: over all pictures, by class, and the
// pictures it got most wrong. Several views of a picture (crops, mirrored or not) count as one: the
// mean of their probabilities, as in section 4.1 of the paper.

import { nextTask } from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import * as tf from '@tensorflow/tfjs'
import { type BatchSource, pictureTensor, type TrainingBatch } from './batch.ts'
import { Reliability } from './calibration.ts'
import { Confusion, countRight, type Metrics, meansOf, softmax, zeroSums } from './metrics.ts'

export interface EvaluateOptions {
  /** Rows of a batch that are views of one picture, one after the other. Default 1. */
  views?: number
  /** How many of the worst mistakes to keep. Default 0. */
  mistakes?: number
  /** Processes that have the batches before and after these, in the order of the ranks. Default none. */
  communicator?: Communicator
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
  /** Expected calibration error, a share: see `Reliability`. */
  calibrationError: number
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
  { views = 1, mistakes: most = 0, onProgress, communicator }: EvaluateOptions = {},
): Promise<Evaluation> {
  const classes = model.outputs[0]!.shape.at(-1)!
  const tally = new Tally(classes, most)
  const own: Float64Array[] = []
  let done = 0
  for await (const batch of batches) {
    const answers = await answersTo(model, batch, views)
    if (communicator) own.push(answers)
    else tally.add(answers)
    done += answers.length / FIELDS
    onProgress?.(done)
    // The CPU backends never wait by themselves.
    await nextTask()
  }
  if (communicator) {
    const bytes = own.map(({ buffer }) => new Uint8Array(buffer))
    const all = await communicator.allGather(concatenated(bytes))
    // In the order of the pictures, so that the sums are those of one rank alone.
    for (const answers of all) tally.add(new Float64Array(answers.slice().buffer))
  }
  return tally.result()
}

/** Numbers that are kept of a picture: see `answersTo`. */
const FIELDS = 8

/**
 * What a model says to each picture of a batch, eight numbers a picture: class, class given and its probability, the
 * own class's probability, loss, whether right among the best one and five, number in the data set (−1 where the
 * batch does not say). Parts of a data set, done anywhere, make an evaluation by `evaluationOf`.
 */
export async function answersTo(
  model: tf.LayersModel,
  batch: TrainingBatch,
  views = 1,
): Promise<Float64Array<ArrayBuffer>> {
  const classes = model.outputs[0]!.shape.at(-1)!
  const logits = tf.tidy(
    () => model.apply(pictureTensor(batch), { training: false }) as tf.Tensor2D,
  )
  const scores = meanScores(await logits.data(), classes, views)
  const labels = batch.labels.filter((_, row) => row % views === 0)
  logits.dispose()
  const answers = new Float64Array(labels.length * FIELDS)
  const order = Float64Array.from(scores.order)
  for (const [row, label] of labels.entries()) {
    const start = row * classes
    const own = scores.probabilities[start + label]!
    const predicted = largestOf(order, start, classes)
    // Less than the smallest float would be an infinite loss.
    const loss = scores.losses ? scores.losses(row, label) : -Math.log(Math.max(own, 1e-300))
    const right = countRight(order.subarray(start, start + classes), Int32Array.of(label))
    const first = batch.indices?.[row * views]
    const index = first === undefined ? -1 : Math.floor(first / views)
    const probability = scores.probabilities[start + predicted]!
    answers.set(
      [label, predicted, probability, own, loss, right.top1, right.top5, index],
      row * FIELDS,
    )
  }
  return answers
}

/**
 * The evaluation that answers to batches make, given in the order of the pictures.
 *
 * @param mistakes how many of the worst to keep
 */
export function evaluationOf(
  answers: Iterable<Float64Array>,
  classes: number,
  mistakes = 0,
): Evaluation {
  const tally = new Tally(classes, mistakes)
  for (const batch of answers) tally.add(batch)
  return tally.result()
}

class Tally {
  readonly #most: number
  readonly #sums = zeroSums()
  readonly #confusion: Confusion
  readonly #reliability = new Reliability()
  readonly #mistakes: Mistake[] = []

  constructor(classes: number, most: number) {
    this.#most = most
    this.#confusion = new Confusion(classes)
  }

  add(answers: Float64Array): void {
    const sums = this.#sums
    for (let at = 0; at < answers.length; at += FIELDS) {
      const [label, predicted, probability, own, loss, top1, top5, given] = answers.subarray(
        at,
        at + FIELDS,
      ) as unknown as [number, number, number, number, number, number, number, number]
      this.#confusion.add(label, predicted)
      this.#reliability.add(probability, top1 === 1)
      if (predicted !== label && this.#most > 0) {
        const index = given < 0 ? sums.pictures : given
        keepWorst(this.#mistakes, { index, label, predicted, probability, own }, this.#most)
      }
      sums.pictures += 1
      sums.loss += loss
      sums.top1 += top1
      sums.top5 += top5
    }
  }

  result(): Evaluation {
    return {
      ...meansOf(this.#sums),
      calibrationError: this.#reliability.error(),
      confusion: this.#confusion,
      mistakes: this.#mistakes,
    }
  }
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
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
