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

/** More classes than this and JSON gets a list of what was counted: a table's size grows with their square. */
const MOST_ROWS = 1000

/**
 * Pictures by their class and the class that the model gave them. Only what occurred takes memory: a table of all
 * of ImageNet's 21,841 classes by themselves would take 4 GB.
 */
export class Confusion {
  readonly classes: number
  readonly #rows = new Map<number, Map<number, number>>()

  constructor(classes: number) {
    this.classes = classes
  }

  /** Counts pictures of class `own` that the model gave the class `given`. */
  add(own: number, given: number, pictures = 1): void {
    let row = this.#rows.get(own)
    if (!row) {
      row = new Map()
      this.#rows.set(own, row)
    }
    row.set(given, (row.get(given) ?? 0) + pictures)
  }

  /** Pictures of class `own` that the model gave the class `given`. */
  count(own: number, given: number): number {
    return this.#rows.get(own)?.get(given) ?? 0
  }

  /** Pictures of a class. */
  pictures(own: number): number {
    let sum = 0
    for (const count of this.#rows.get(own)?.values() ?? []) sum += count
    return sum
  }

  /** What was counted: class, class given, pictures; in the order of the classes. */
  cells(): [own: number, given: number, pictures: number][] {
    const sorted = [...this.#rows].sort(([a], [b]) => a - b)
    return sorted.flatMap(([own, row]) =>
      [...row]
        .sort(([a], [b]) => a - b)
        .map(([given, pictures]): [number, number, number] => [own, given, pictures]),
    )
  }

  /** The whole table, [class][class given]; its size is the square of the number of classes. */
  rows(): number[][] {
    const rows = Array.from({ length: this.classes }, () => new Array<number>(this.classes).fill(0))
    for (const [own, given, pictures] of this.cells()) rows[own]![given] = pictures
    return rows
  }

  /** The table, or with more than 1,000 classes the cells. */
  toJSON(): number[][] {
    return this.classes <= MOST_ROWS ? this.rows() : this.cells()
  }
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

/** Share of each class's pictures that were named rightly; null for a class without pictures. */
export function classAccuracies(confusion: Confusion): (number | null)[] {
  return Array.from({ length: confusion.classes }, (_, label) => {
    const pictures = confusion.pictures(label)
    return pictures === 0 ? null : confusion.count(label, label) / pictures
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
