// What a person wants to know of a data set before training on it: how many pictures of each class,
// how large they are, their colours, which cannot be used, and which are there more than once.

import { countClasses, type Dataset } from './dataset.ts'
import type { ChannelValues } from './normalize.ts'
import { type Picture, PictureError } from './picture.ts'
import { resample } from './resample.ts'
import {
  type ColorPca,
  eachPicture,
  Moments,
  momentsOf,
  type StatisticsOptions,
} from './statistics.ts'

/** How evenly the pictures are spread over the classes. */
export interface ClassBalance {
  readonly counts: readonly { readonly name: string; readonly count: number }[]
  readonly smallest: number
  readonly largest: number
  /** Entropy of the classes' shares over that of equal shares: 1 is balanced, 0 a single class. */
  readonly evenness: number
}

/** Counts a data set's classes. */
export function classBalance(dataset: Dataset): ClassBalance {
  const counts = countClasses(dataset)
  const shares = counts.map((count) => count / dataset.length).filter((share) => share > 0)
  const entropy = shares.reduce((sum, share) => sum - share * Math.log(share), 0)
  return {
    counts: counts.map((count, label) => ({ name: dataset.classes[label]!, count })),
    smallest: Math.min(...counts),
    largest: Math.max(...counts),
    evenness: counts.length > 1 ? entropy / Math.log(counts.length) : 1,
  }
}

/** The least, the middle and the greatest. */
export interface Spread {
  readonly least: number
  readonly median: number
  readonly greatest: number
}

/** Result of `describeDataset`. */
export interface DatasetDescription {
  readonly name: string
  readonly split: string | undefined
  readonly pictures: number
  readonly classes: ClassBalance
  /** Pictures that were read: all, or as many as `limit` says. */
  readonly read: number
  readonly broken: readonly { readonly path: string; readonly problem: string }[]
  readonly width: Spread
  readonly height: Spread
  /** Over all pixels, of values from 0 to 1. */
  readonly mean: ChannelValues
  readonly std: ChannelValues
  readonly colorPca: ColorPca
  /** Pairs of pictures that look the same, the same class or not; at most a thousand. */
  readonly duplicates: readonly Duplicate[]
}

/** Two pictures that look the same. */
export interface Duplicate {
  readonly first: string
  readonly second: string
  readonly sameClass: boolean
}

/** What is kept of a picture to describe its data set; plain data, so that it may be made elsewhere. */
export interface PictureSummary {
  /** Its number in the data set. */
  readonly index: number
  /** Why it cannot be used. */
  readonly problem?: string
  readonly width: number
  readonly height: number
  /** Its pixels and their sums. */
  readonly moments: readonly number[]
  /** It made small, a character a level, and which pixels are brighter than their neighbours. */
  readonly small: string
  readonly bits: readonly number[]
}

/** Reads one picture for `describeSummaries`. */
export async function summarizePicture(dataset: Dataset, index: number): Promise<PictureSummary> {
  try {
    const picture = await dataset.load(index)
    const { width, height } = picture
    const { small, bits } = printOf(picture, index)
    return {
      index,
      width,
      height,
      moments: momentsOf(picture),
      small: String.fromCharCode(...small),
      bits: [...bits],
    }
  } catch (error) {
    if (!(error instanceof PictureError)) throw error
    const problem = error.message
    return { index, problem, width: 0, height: 0, moments: [], small: '', bits: [] }
  }
}

/**
 * Reads the pictures and describes them.
 * @throws RangeError where there is nothing to read.
 */
export async function describeDataset(
  dataset: Dataset,
  options: StatisticsOptions = {},
): Promise<DatasetDescription> {
  const summaries: PictureSummary[] = []
  const watched: Dataset = {
    ...dataset,
    load: async (index) => {
      summaries.push(await summarizePicture(dataset, index))
      return { width: 0, height: 0, data: new Uint8Array(0) } // counted already
    },
  }
  await eachPicture('describeDataset', watched, options, () => {})
  return describeSummaries(dataset, summaries)
}

/** Describes a data set by what is known of its pictures, in any order. */
export function describeSummaries(
  dataset: Dataset,
  summaries: readonly PictureSummary[],
): DatasetDescription {
  const sorted = summaries.toSorted((a, b) => a.index - b.index)
  const whole = sorted.filter(({ problem }) => problem === undefined)
  const widths = whole.map(({ width }) => width)
  const heights = whole.map(({ height }) => height)
  const broken = sorted.flatMap(({ index, problem }) =>
    problem === undefined ? [] : [{ path: dataset.path(index), problem }],
  )
  const prints = whole.map(({ index, small, bits }) => ({
    index,
    small: Uint8Array.from(small, (level) => level.charCodeAt(0)),
    bits: Uint16Array.from(bits),
  }))
  const moments = new Moments()
  for (const summary of whole) moments.add(summary.moments)
  const colorPca = moments.colorPca()
  const { eigenvectors, deviations, mean } = colorPca
  const std = [0, 1, 2].map((channel) =>
    Math.sqrt(
      eigenvectors.reduce((sum, axis, at) => sum + (axis[channel]! * deviations[at]!) ** 2, 0),
    ),
  ) as unknown as ChannelValues
  const duplicates = findDuplicates(prints).map(([first, second]) => ({
    first: dataset.path(first),
    second: dataset.path(second),
    sameClass: dataset.label(first) === dataset.label(second),
  }))
  return {
    name: dataset.name,
    split: dataset.split,
    pictures: dataset.length,
    classes: classBalance(dataset),
    read: widths.length + broken.length,
    broken,
    width: spread(widths),
    height: spread(heights),
    mean,
    std,
    colorPca,
    duplicates,
  }
}

function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return { least: at(0), median: at(0.5), greatest: at(1) }
}

/** What of a picture is kept to find it again: 9×8 pixels, and whether each is brighter than its neighbour. */
interface Print {
  index: number
  small: Uint8Array
  /** 64 bits in four parts. */
  bits: Uint16Array
}

const PRINT_WIDTH = 9
const PRINT_HEIGHT = 8
/** Bits that may differ: with four parts, one of them must be equal. */
const MOST_BITS = 3
/** Mean difference of the small pictures in levels. */
const MOST_LEVELS = 6

/** The "difference hash" (N. Krawetz, 2013). */
function printOf(picture: Picture, index: number): Print {
  const { data } = resample(picture, { width: PRINT_WIDTH, height: PRINT_HEIGHT })
  const bits = new Uint16Array(4)
  const light = (at: number) => data[at]! * 299 + data[at + 1]! * 587 + data[at + 2]! * 114
  for (let y = 0; y < PRINT_HEIGHT; y++) {
    for (let x = 0; x < 8; x++) {
      const at = (y * PRINT_WIDTH + x) * 3
      if (light(at) > light(at + 3)) bits[y >> 1]! |= 1 << ((y & 1) * 8 + x)
    }
  }
  return { index, small: data, bits }
}

/** Pairs of pictures whose prints agree, by tables of each part of their bits. */
function findDuplicates(prints: readonly Print[]): [number, number][] {
  const found = new Map<string, [number, number]>()
  for (let part = 0; part < 4; part++) {
    const table = new Map<number, Print[]>()
    for (const print of prints) {
      const same = table.get(print.bits[part]!)
      if (!same) table.set(print.bits[part]!, [print])
      else {
        // Plain pictures share their bits by the thousand: each is held against the last ones only.
        for (const other of same.slice(-500)) {
          if (!looksSame(print, other)) continue
          found.set(`${other.index} ${print.index}`, [other.index, print.index])
          if (found.size >= 1000) return [...found.values()]
        }
        same.push(print)
      }
    }
  }
  return [...found.values()].sort(([a], [b]) => a - b)
}

function looksSame(a: Print, b: Print): boolean {
  let different = 0
  for (let part = 0; part < 4; part++) {
    for (let rest = a.bits[part]! ^ b.bits[part]!; rest !== 0; rest &= rest - 1) different++
  }
  if (different > MOST_BITS) return false
  let levels = 0
  for (let at = 0; at < a.small.length; at++) levels += Math.abs(a.small[at]! - b.small[at]!)
  return levels <= MOST_LEVELS * a.small.length
}
