// What a data set's colours are like: their mean, the axes along which they vary and by how much,
// and the mean picture. The 2012 network's colour noise and its input need them.

import type { Dataset } from './dataset.ts'
import type { ChannelValues, MeanPicture } from './normalize.ts'
import { type Picture, PictureError } from './picture.ts'
import { Random } from './random.ts'
import { centerCrop } from './transforms/crop.ts'
import { resize } from './transforms/resize.ts'
import { compose, type Transform, transformPicture } from './transforms/transform.ts'

/** Principal axes of a data set's pixels in RGB; numbers of values from 0 to 1. */
export interface ColorPca {
  readonly mean: ChannelValues
  /** Unit vectors of red, green, blue; the axis of most variance first. */
  readonly eigenvectors: readonly [ChannelValues, ChannelValues, ChannelValues]
  /** Standard deviation along each axis: the square root of its eigenvalue. */
  readonly deviations: ChannelValues
}

/**
 * ImageNet's, as published with Facebook's ResNet in Torch (fb.resnet.torch, `imagenet.lua`, which
 * calls the deviations eigenvalues) and used by most programs since.
 */
export const imagenetColorPca: ColorPca = {
  mean: [0.485, 0.456, 0.406],
  eigenvectors: [
    [-0.5675, -0.5808, -0.5836],
    [0.7192, -0.0045, -0.6948],
    [0.4009, -0.814, 0.4203],
  ],
  deviations: [0.2175, 0.0188, 0.0045],
}

/** What reading a data set for its statistics takes. */
export interface StatisticsOptions {
  /** Read at most this many pictures, evenly spread over the data set. Default all. */
  limit?: number
  /** Pictures being loaded at once. Default 4. */
  concurrency?: number
  /** Told after each picture. */
  onProgress?: (done: number, total: number) => void
  /** Ends the reading; the promise rejects with its reason. */
  signal?: AbortSignal
  /** `stop` (the default) at a picture that cannot be used, or `skip` it: it counts for nothing. */
  onBroken?: 'stop' | 'skip'
}

/**
 * The principal axes of all pixels of a data set, pictures in their own sizes.
 * @throws PictureError of a picture that cannot be loaded, unless they are skipped.
 */
export async function fitColorPca(
  dataset: Dataset,
  options: StatisticsOptions = {},
): Promise<ColorPca> {
  const total = new Moments()
  await eachPicture('fitColorPca', dataset, options, (picture) => total.add(momentsOf(picture)))
  return total.colorPca()
}

/** Sums over the pixels of several pictures. */
export class Moments {
  #count = 0
  // Red, green, blue, then red·red, green·green, blue·blue, red·green, red·blue, green·blue: whole numbers, so exact
  // and the same in any order up to 2^53, which is 138 thousand million pixels.
  readonly #sums = new Array<number>(9).fill(0)

  /** @param moments of a picture: its pixels, then their nine sums */
  add([count = 0, ...sums]: readonly number[]): void {
    this.#count += count
    for (const [at, sum] of sums.entries()) this.#sums[at]! += sum
  }

  /** Along which axes the colours vary. */
  colorPca(): ColorPca {
    const count = this.#count
    const products = this.#sums.slice(3)
    const mean = this.#sums.slice(0, 3).map((sum) => sum / count / 255)
    const covariance = (product: number, a: number, b: number) =>
      products[product]! / count / 65025 - mean[a]! * mean[b]!
    const [redGreen, redBlue, greenBlue] = [
      covariance(3, 0, 1),
      covariance(4, 0, 2),
      covariance(5, 1, 2),
    ]
    const axes = symmetricEigen([
      [covariance(0, 0, 0), redGreen, redBlue],
      [redGreen, covariance(1, 1, 1), greenBlue],
      [redBlue, greenBlue, covariance(2, 2, 2)],
    ])
    return {
      mean: mean as unknown as ChannelValues,
      eigenvectors: axes.map(({ vector }) => vector) as unknown as ColorPca['eigenvectors'],
      deviations: axes.map(({ value }) =>
        Math.sqrt(Math.max(0, value)),
      ) as unknown as ChannelValues,
    }
  }
}

/** What `meanPicture` takes. */
export interface MeanPictureOptions extends StatisticsOptions {
  /** Side in pixels: pictures are resized, shorter side to it, and their middle cut out. Default 256. */
  size?: number
}

/**
 * The mean of every pixel over a data set.
 * @throws PictureError of a picture that cannot be loaded, unless they are skipped.
 */
export async function meanPicture(
  dataset: Dataset,
  options: MeanPictureOptions = {},
): Promise<MeanPicture> {
  const { size = 256 } = options
  const prepare = compose([resize(size), centerCrop(size)] as Transform[])
  const sums = new Float64Array(size * size * 3)
  let count = 0
  await eachPicture('meanPicture', dataset, options, (picture, index) => {
    const { data } = transformPicture(prepare, picture, new Random(index))
    for (let at = 0; at < sums.length; at++) sums[at]! += data[at]!
    count++
  })
  return { width: size, height: size, data: Float32Array.from(sums, (sum) => sum / count / 255) }
}

/** Loads pictures a few at a time and hands them over in any order. */
export async function eachPicture(
  name: string,
  dataset: Dataset,
  { limit = dataset.length, concurrency = 4, onProgress, signal, onBroken }: StatisticsOptions,
  use: (picture: Picture, index: number) => void,
): Promise<void> {
  const total = Math.min(limit, dataset.length)
  if (!(Number.isInteger(total) && total >= 1)) {
    throw new RangeError(
      `${name}: limit must be a whole number from 1, and ${dataset.name} needs pictures; found ${limit} of ${dataset.length}`,
    )
  }
  let next = 0
  let done = 0
  let stopped = false
  const work = async () => {
    while (next < total && !stopped) {
      const index = Math.floor((next++ * dataset.length) / total)
      try {
        signal?.throwIfAborted()
        use(await dataset.load(index), index)
      } catch (error) {
        if (!(onBroken === 'skip' && error instanceof PictureError)) {
          stopped = true
          throw error
        }
      }
      onProgress?.(++done, total)
    }
  }
  const results = await Promise.allSettled(Array.from({ length: concurrency }, work))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

/** A picture's pixels, and the sums over them of red, green, blue, their squares and their products. */
export function momentsOf({ data }: Picture): number[] {
  let [red, green, blue, redRed, greenGreen, blueBlue, redGreen, redBlue, greenBlue] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]
  for (let at = 0; at < data.length; at += 3) {
    const r = data[at]!
    const g = data[at + 1]!
    const b = data[at + 2]!
    red += r
    green += g
    blue += b
    redRed += r * r
    greenGreen += g * g
    blueBlue += b * b
    redGreen += r * g
    redBlue += r * b
    greenBlue += g * b
  }
  const sums = [red, green, blue, redRed, greenGreen, blueBlue, redGreen, redBlue, greenBlue]
  return [data.length / 3, ...sums]
}

/** Eigenvalues and unit eigenvectors of a symmetric 3×3 matrix, the greatest first (Jacobi). */
function symmetricEigen(matrix: number[][]): { value: number; vector: number[] }[] {
  const a = matrix.map((row) => [...row])
  const vectors = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]
  for (let sweep = 0; sweep < 30; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      if (a[p]![q] === 0) continue
      const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
      const c = 1 / Math.sqrt(t * t + 1)
      const s = t * c
      for (let k = 0; k < 3; k++) turn(a[k]!, p, q, c, s)
      for (let k = 0; k < 3; k++) {
        const [first, second] = [a[p]![k]!, a[q]![k]!]
        a[p]![k] = c * first - s * second
        a[q]![k] = s * first + c * second
      }
      for (let k = 0; k < 3; k++) turn(vectors[k]!, p, q, c, s)
    }
  }
  return [0, 1, 2]
    .map((at) => ({ value: a[at]![at]!, vector: vectors.map((row) => row[at]!) }))
    .sort((first, second) => second.value - first.value)
}

function turn(row: number[], p: number, q: number, c: number, s: number): void {
  const [first, second] = [row[p]!, row[q]!]
  row[p] = c * first - s * second
  row[q] = s * first + c * second
}
