// Pictures as points: where their features place them on a map, which are nearly the same, and which have a label that their
// neighbours do not have. Runs in a worker of its own, which needs no TensorFlow.js.
import { Random } from '@alexnet/data/transforms'
import { PCA } from 'ml-pca'
import { UMAP } from 'umap-js'
import { countsOf } from '../thin-classes.ts'
import type { Projection } from './projections.ts'

export interface Point {
  x: number
  y: number
}

/** Two pictures that are nearly the same, by their places in the list. */
export interface Pair {
  first: number
  second: number
  /** Of the median distance between two pictures. */
  share: number
}

/** A picture whose neighbours have another label. */
export interface Suspect {
  index: number
  /** The label that most neighbours have, and how many. */
  rival: string
  count: number
  /** How many neighbours were asked. */
  of: number
}

/** Neighbours that are asked about a label. */
const NEIGHBOURS = 5
/** Nearer than this share of the median distance, two pictures are nearly the same. */
const NEARLY = 0.15
/** Pictures that a class needs for its neighbours to mean anything. */
const FEWEST = 3

/** Distances between all pictures, and for each picture the others, nearest first. */
export interface Distances {
  between: (a: number, b: number) => number
  nearest: (of: number, count: number) => number[]
  median: number
}

/** Euclidean, as the nearest pictures of Krizhevsky et al. (2012), §6.1, are found. */
export function distancesOf(features: readonly Float32Array[]): Distances {
  const count = features.length
  const all = new Float32Array(count * count)
  const sorted = new Float32Array((count * (count - 1)) / 2)
  let next = 0
  for (let a = 0; a < count; a++) {
    const one = features[a]!
    for (let b = a + 1; b < count; b++) {
      const other = features[b]!
      let sum = 0
      for (let at = 0; at < one.length; at++) sum += (one[at]! - other[at]!) ** 2
      const distance = Math.sqrt(sum)
      all[a * count + b] = distance
      all[b * count + a] = distance
      sorted[next++] = distance
    }
  }
  sorted.sort()
  const between = (a: number, b: number) => all[a * count + b]!
  return {
    between,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    nearest: (of, most) =>
      Array.from({ length: count }, (_, index) => index)
        .filter((index) => index !== of)
        .sort((a, b) => between(of, a) - between(of, b) || a - b)
        .slice(0, most),
  }
}

/** Pairs that are nearly the same, nearest first. */
export function nearDuplicates({ between, median }: Distances, count: number): Pair[] {
  const pairs: Pair[] = []
  // Two pictures alone have nothing to be near by.
  if (count < 3) return pairs
  for (let first = 0; first < count; first++) {
    for (let second = first + 1; second < count; second++) {
      const distance = between(first, second)
      const share = median > 0 ? distance / median : 0
      if (share < NEARLY) pairs.push({ first, second, share })
    }
  }
  return pairs.sort((a, b) => a.share - b.share)
}

/**
 * Labels that are likely wrong: at most one of the five nearest labelled pictures has it, and most have one other, as edited
 * nearest neighbours finds them (Wilson, 1972). Classes of fewer than three pictures are not judged.
 *
 * @param labels one for each picture; '' for none
 */
export function suspectLabels({ nearest }: Distances, labels: readonly string[]): Suspect[] {
  const sizes = countsOf(labels)
  const suspects: Suspect[] = []
  for (const [index, label] of labels.entries()) {
    if (!label || sizes.get(label)! < FEWEST) continue
    const asked = nearest(index, labels.length)
      .filter((other) => labels[other])
      .slice(0, NEIGHBOURS)
      .map((other) => labels[other]!)
    const [rival, count] = [...countsOf(asked.filter((other) => other !== label))].reduce(
      (most, entry) => (entry[1] > most[1] ? entry : most),
      ['', 0] as [string, number],
    )
    const own = asked.filter((other) => other === label).length
    if (own <= 1 && count > asked.length / 2)
      suspects.push({ index, rival, count, of: asked.length })
  }
  return suspects.sort((a, b) => b.count - a.count || a.index - b.index)
}

/** Places from 0 to 1, the longer side filled; the same for the same features. */
export function placesOf(features: readonly Float32Array[], by: Projection): Point[] {
  const isSame = features.every((one) => one.every((value, at) => value === features[0]![at]))
  if (isSame) return features.map(() => ({ x: 0.5, y: 0.5 }))
  const rows = features.map((one) => Array.from(one))
  // UMAP asks neighbours, which few pictures have not.
  const found = by === 'umap' && rows.length > 4 ? umap(rows) : pca(rows)
  const [xs, ys] = [found.map(([x]) => x!), found.map(([, y]) => y ?? 0)]
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top]
  const side = Math.max(width, height, Number.MIN_VALUE)
  return found.map((_, index) => ({
    x: 0.5 + (xs[index]! - left - width / 2) / side,
    y: 0.5 + (ys[index]! - top - height / 2) / side,
  }))
}

/** The two directions in which the features differ most. */
function pca(rows: number[][]): number[][] {
  const nCompNIPALS = Math.min(2, rows.length - 1, rows[0]!.length)
  return new PCA(rows, { method: 'NIPALS', nCompNIPALS }).predict(rows).to2DArray()
}

/** McInnes, Healy and Melville (2018), arXiv:1802.03426, with a seed, so that a map stays as it was. */
function umap(rows: number[][]): number[][] {
  const nNeighbors = Math.min(15, rows.length - 1)
  const seeded = new Random(1)
  const random = () => seeded.float()
  return new UMAP({ nComponents: 2, nNeighbors, minDist: 0.1, random }).fit(rows)
}
