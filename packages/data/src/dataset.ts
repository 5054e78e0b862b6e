// What a labelled set of pictures is, and cutting one into parts. A data set knows its classes, the
// label of each picture and how to load one; it holds no order, no batches and no transforms, which
// are the loader's.

import type { DecodeOptions } from './decode.ts'
import { Hash } from './hash.ts'
import type { Picture } from './picture.ts'
import type { PictureSource } from './picture-source.ts'
import { Random } from './random.ts'

/** The part of a divided data set: to train on, to choose by, or held out. */
export type Split = 'train' | 'validation' | 'test'

/** Labelled pictures, numbered from 0 to `length − 1`. */
export interface Dataset {
  /** For people: a folder, `shapes`. */
  readonly name: string
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[]
  readonly length: number
  /** Which part of a divided data set this is; undefined where the source is not divided. */
  readonly split?: Split | undefined
  /** The label of picture `index`. */
  label(index: number): number
  /** The picture itself; rejects with a `PictureError` where it cannot be used. */
  load(index: number): Promise<Picture>
  /**
   * Where picture `index` lies, as plain data: a loader's workers read and decode it themselves, and
   * only the part that a crop needs. Data sets that have no such place have `load` alone.
   */
  source?(index: number): PictureSource
  /** Limits for decoding what `source` names. */
  readonly limits?: DecodeOptions
  /** Where the picture comes from: a file's path, or a name in its place. */
  path(index: number): string
  /** What a person should know of it, a line each: what was passed over, which classes are empty. */
  readonly notes?: readonly string[]
  /**
   * A short text that changes when the pictures do (their names, labels, number or seed, and what they hold), so
   * that a run can tell that it is resumed on other data. Cheap: of files larger than 8 KiB four pieces of 2 KiB are
   * looked at, and at most 20,000 files; of the rest it sees names and sizes. What it cannot see is an edit within
   * a large file that leaves its size and those pieces as they were.
   */
  fingerprint(): Promise<string>
}

/**
 * The pictures of `dataset` numbered `indices`, in that order; classes and labels stay.
 * @throws RangeError where an index is not one of the data set's.
 */
export function subset(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const chosen = Int32Array.from(indices)
  for (let at = 0; at < chosen.length; at++) {
    if (indices[at] !== chosen[at] || chosen[at]! < 0 || chosen[at]! >= dataset.length) {
      throw new RangeError(
        `subset: index ${indices[at]} is not one of the ${dataset.length} pictures of ${dataset.name}`,
      )
    }
  }
  const original = (index: number) => chosen[checkIndex(index, chosen.length, dataset.name)]!
  return {
    name: dataset.name,
    classes: dataset.classes,
    length: chosen.length,
    split: dataset.split,
    label: (index) => dataset.label(original(index)),
    load: async (index) => dataset.load(original(index)),
    ...(dataset.source && { source: (index: number) => dataset.source!(original(index)) }),
    ...(dataset.limits && { limits: dataset.limits }),
    path: (index) => dataset.path(original(index)),
    async fingerprint() {
      const hash = new Hash().add(await dataset.fingerprint())
      for (const index of chosen) hash.addNumber(index)
      return hash.digest()
    },
  }
}

/**
 * Divides a data set at random into parts with the same share of every class in each.
 * @param fractions Share of each part, above 0, together at most 1, such as `[0.9, 0.1]`.
 * @param seed The same seed gives the same parts. Default 0.
 * @returns One data set a fraction, no picture in two of them, each in the original order.
 */
export function split(dataset: Dataset, fractions: readonly number[], seed = 0): Dataset[] {
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0)
  if (fractions.length === 0 || fractions.some((f) => !(f > 0)) || total > 1 + 1e-9) {
    throw new RangeError(
      `split: fractions must be above 0 and at most 1 together, not [${fractions.join(', ')}]`,
    )
  }
  const byClass = indicesByClass(dataset)
  const parts = fractions.map((): number[] => [])
  byClass.forEach((indices, label) => {
    new Random(seed, label).shuffle(indices)
    let share = 0
    let start = 0
    fractions.forEach((fraction, part) => {
      share += fraction
      const end = Math.min(indices.length, Math.round(share * indices.length))
      parts[part]!.push(...indices.slice(start, end))
      start = end
    })
  })
  return parts.map((indices) =>
    subset(
      dataset,
      indices.sort((a, b) => a - b),
    ),
  )
}

/**
 * So many pictures of a data set, drawn at random, with the same share of every class as far as whole pictures go.
 * @param count Number of pictures, from 1 on; the whole data set where it has no more.
 * @param seed The same seed gives the same pictures. Default 0.
 * @returns Exactly `count` of them in the original order.
 */
export function sample(dataset: Dataset, count: number, seed = 0): Dataset {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`sample: count must be a whole number from 1, not ${count}`)
  }
  if (count >= dataset.length) return dataset
  const byClass = indicesByClass(dataset)
  const share = count / dataset.length
  const counts = byClass.map((indices) => Math.floor(indices.length * share))
  // What rounding down leaves goes to those that lost most by it, by chance where they lost the same.
  const order = Array.from(byClass.keys())
  new Random(seed, byClass.length).shuffle(order)
  const lost = (label: number) => byClass[label]!.length * share - counts[label]!
  order.sort((a, b) => lost(b) - lost(a))
  let left = count - counts.reduce((sum, taken) => sum + taken, 0)
  for (const label of order) {
    if (left === 0) break
    if (counts[label]! < byClass[label]!.length) {
      counts[label]!++
      left--
    }
  }
  const chosen = byClass.flatMap((indices, label) => {
    new Random(seed, label).shuffle(indices)
    return indices.slice(0, counts[label])
  })
  return subset(
    dataset,
    chosen.sort((a, b) => a - b),
  )
}

function indicesByClass(dataset: Dataset): number[][] {
  const byClass = dataset.classes.map((): number[] => [])
  for (let index = 0; index < dataset.length; index++) byClass[dataset.label(index)]!.push(index)
  return byClass
}

/** How many pictures each class has, in the order of `classes`. */
export function countClasses(dataset: Dataset): number[] {
  const counts = dataset.classes.map(() => 0)
  for (let index = 0; index < dataset.length; index++) counts[dataset.label(index)]!++
  return counts
}

/** Returns `index`, or throws a RangeError where a data set of `length` has no such picture. */
export function checkIndex(index: number, length: number, name: string): number {
  if (Number.isInteger(index) && index >= 0 && index < length) return index
  throw new RangeError(`${name}: there is no picture ${index}; they are 0 to ${length - 1}`)
}
