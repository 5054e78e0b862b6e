// What is counted of a model's answers: right ones among the best one and five, and who was taken for
// whom. Plain numbers, so that checkpoints and logs keep them.

/** Running sums of loss and right answers over pictures. */
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

/** Pictures by their class (row) and the class that the model gave them (column). */
export type ConfusionMatrix = readonly (readonly number[])[]

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

/** Share of each class's pictures that were named rightly; null for a class without pictures. */
export function classAccuracies(confusion: ConfusionMatrix): (number | null)[] {
  return confusion.map((row, label) => {
    const pictures = row.reduce((sum, count) => sum + count, 0)
    return pictures === 0 ? null : row[label]! / pictures
  })
}

/** Softmax of `count` logits from `start` on, written to `out` from 0 on, in float64. */
export function softmax(
  logits: ArrayLike<number>,
  start: number,
  count: number,
  out: Float64Array,
): void {
  let largest = Number.NEGATIVE_INFINITY
  for (let index = 0; index < count; index++) largest = Math.max(largest, logits[start + index]!)
  let total = 0
  for (let index = 0; index < count; index++) {
    out[index] = Math.exp(logits[start + index]! - largest)
    total += out[index]!
  }
  for (let index = 0; index < count; index++) out[index]! /= total
}
