// Whether probabilities mean what they say: of the answers given with 80 %, are 80 % right? Guo et al., On Calibration
// of Modern Neural Networks (2017, https://arxiv.org/abs/1706.04599): the expected calibration error over fifteen
// bins, and the one number, the temperature, that logits are divided by to make it small.

import { softmax } from './metrics.ts'

const BINS = 15

/** Answers whose probability lay in one range. */
export interface ReliabilityBin {
  /** The range, `from` itself not in it. */
  from: number
  to: number
  pictures: number
  /** Means over its pictures: the probability of the class given, and the share that was right. */
  confidence: number
  top1: number
}

/** Counts answers by their probability. */
export class Reliability {
  readonly #pictures = new Float64Array(BINS)
  readonly #confidence = new Float64Array(BINS)
  readonly #right = new Float64Array(BINS)

  /** @param probability of the class given, in [0, 1] */
  add(probability: number, isRight: boolean): void {
    const bin = Math.min(BINS - 1, Math.max(0, Math.ceil(probability * BINS) - 1))
    this.#pictures[bin]! += 1
    this.#confidence[bin]! += probability
    this.#right[bin]! += isRight ? 1 : 0
  }

  /** The bins that have pictures, the least probability first. */
  bins(): ReliabilityBin[] {
    return Array.from(this.#pictures, (pictures, bin) => ({
      from: bin / BINS,
      to: (bin + 1) / BINS,
      pictures,
      confidence: this.#confidence[bin]! / pictures,
      top1: this.#right[bin]! / pictures,
    })).filter(({ pictures }) => pictures > 0)
  }

  /** Expected calibration error, a share: how far confidence and accuracy are apart in a bin, the mean over pictures. */
  error(): number {
    let [apart, pictures] = [0, 0]
    for (let bin = 0; bin < BINS; bin++) {
      apart += Math.abs(this.#confidence[bin]! - this.#right[bin]!)
      pictures += this.#pictures[bin]!
    }
    return apart / Math.max(1, pictures)
  }
}

/**
 * The temperature by which these logits are to be divided so that their cross-entropy is least: above 1 where a network
 * is too sure of itself, below where it is too little. Fit it on pictures that were not trained on; which class is
 * given does not change.
 *
 * @param logits [pictures, classes], row-major
 * @throws RangeError where there is no picture, or a logit is no number
 */
export function fitTemperature(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  const classes = logits.length / labels.length
  if (labels.length === 0 || !Number.isInteger(classes)) {
    throw new RangeError(
      `fitTemperature: ${logits.length} logits are not those of ${labels.length} labels`,
    )
  }
  const probabilities = new Float64Array(classes)
  const scaled = new Float64Array(classes)
  /** How the loss changes with the inverse temperature: the mean of expected less own logit; it grows with it. */
  const slope = (inverse: number) => {
    let sum = 0
    for (let row = 0; row < labels.length; row++) {
      const start = row * classes
      for (let index = 0; index < classes; index++) scaled[index] = logits[start + index]! * inverse
      softmax(scaled, 0, classes, probabilities)
      for (let index = 0; index < classes; index++) {
        sum += probabilities[index]! * logits[start + index]!
      }
      sum -= logits[start + labels[row]!]!
    }
    return sum
  }
  let [low, high] = [1e-3, 1e3]
  if (Number.isNaN(slope(1))) throw new RangeError('fitTemperature: a logit is no finite number')
  for (let step = 0; step < 80; step++) {
    const middle = Math.sqrt(low * high)
    if (slope(middle) < 0) low = middle
    else high = middle
  }
  return 1 / Math.sqrt(low * high)
}
