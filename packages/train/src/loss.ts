// The loss and the count of right answers that training and evaluation share.

import * as tf from '@tensorflow/tfjs'

/**
 * Mean cross-entropy of softmax(logits), as torch.nn.CrossEntropyLoss computes it.
 *
 * @param logits [batch, classes]
 * @param labels class of each picture
 * @param labelSmoothing share of the target that is spread evenly over all classes, in [0, 1)
 * @returns a scalar
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  labels: Int32Array,
  labelSmoothing = 0,
): tf.Scalar {
  return tf.tidy(() => {
    const classes = logits.shape[1]
    const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat()
    const smoothed =
      labelSmoothing === 0
        ? targets
        : tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / classes)
    const logProbabilities = tf.logSoftmax(logits)
    return tf.mul(tf.sum(tf.mul(logProbabilities, smoothed)), -1 / labels.length) as tf.Scalar
  })
}

/** Running sums of loss and right answers over pictures; plain numbers, so that a checkpoint keeps them. */
export interface MetricSums {
  pictures: number
  loss: number
  top1: number
  top5: number
}

/** Means over pictures; `top1` and `top5` are shares in [0, 1]. */
export interface Metrics {
  pictures: number
  loss: number
  top1: number
  top5: number
}

export const zeroSums = (): MetricSums => ({ pictures: 0, loss: 0, top1: 0, top5: 0 })

export function meansOf({ pictures, loss, top1, top5 }: MetricSums): Metrics {
  const count = Math.max(1, pictures)
  return { pictures, loss: loss / count, top1: top1 / count, top5: top5 / count }
}

/**
 * Counts the pictures whose class is the best, or among the best five. A tie counts against the picture,
 * so that a network of equal logits is not called right.
 *
 * @param logits [batch, classes], row-major
 */
export function countRight(logits: ArrayLike<number>, labels: Int32Array) {
  const classes = logits.length / labels.length
  let top1 = 0
  let top5 = 0
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!
    const own = logits[row * classes + label]!
    let notBelow = 0
    for (let index = 0; index < classes; index++) {
      if (index !== label && !(logits[row * classes + index]! < own)) notBelow++
    }
    if (notBelow < 1) top1++
    if (notBelow < 5) top5++
  }
  return { top1, top5 }
}
