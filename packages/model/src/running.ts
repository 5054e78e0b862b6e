// Pictures on their way through a network: an array or a stream of any length, some at a time, prepared by the loader,
// each with one view or ten; rows of numbers come out in the pictures' order.

import { OptionError } from '@alexnet/core'
import type { PictureError, Preprocessing } from '@alexnet/data'
import * as tf from '@tensorflow/tfjs'
import { ModelError } from './errors.ts'
import { asDataset, type PictureInput } from './pictures.ts'
import { evaluationBatches, TEN, tenViewBatches } from './preparation.ts'

/** Output of one layer for one picture. */
export interface Features {
  /** [height, width, channels] of a convolution or pool, [units] of a fully connected layer. */
  shape: number[]
  /** The values in that order, the last axis fastest. */
  data: Float32Array
}

/** How pictures go through the network. */
export interface RunOptions {
  /** Pictures that go through the network together. Default 32; less takes less memory. */
  batchSize?: number
  /** Threads that read, decode and prepare pictures. Default 0: the calling one. */
  workers?: number
  /**
   * Told of a picture that cannot be used, with its number; its result is then empty, and the others go on. Default:
   * the first such picture rejects.
   */
  onBroken?: (error: PictureError, index: number) => void
}

export type Pictures = readonly PictureInput[]
export type Stream = AsyncIterable<PictureInput>

export const isStream = (pictures: unknown): pictures is Stream =>
  typeof pictures === 'object' && pictures !== null && Symbol.asyncIterator in pictures

export const isArray = (pictures: PictureInput | Pictures): pictures is Pictures =>
  Array.isArray(pictures)

/**
 * The rows of each picture's views, in order; undefined for a broken one that was told of.
 *
 * @param forward one row of the network's output for each of the prepared inputs
 */
export async function* rowsOf(
  pictures: Pictures | Stream,
  preprocessing: Preprocessing,
  views: number,
  { batchSize = 32, workers = 0, onBroken }: RunOptions,
  forward: (inputs: Float32Array) => Promise<Features[]>,
): AsyncGenerator<Features[] | undefined> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new OptionError(`batchSize must be a whole number of at least 1, found ${batchSize}`)
  }
  let first = 0
  for await (const part of isStream(pictures) ? chunks(pictures, batchSize) : [pictures]) {
    if (part.length === 0) continue
    const batchesOf = views === TEN ? tenViewBatches : evaluationBatches
    const batches = batchesOf(await asDataset(part, first), preprocessing, {
      batchSize: Math.min(batchSize, part.length * views),
      workers: views === TEN ? 0 : workers,
      onBroken: onBroken ? 'skip' : 'stop',
      recycle: true,
    })
    let next = 0
    const passOver = function* (until: number) {
      for (; next < until; next++) {
        const broken = batches.skipped.find(({ index }) => Math.floor(index / views) === next)!
        onBroken?.(broken.error, first + next)
        yield undefined
      }
    }
    for await (const { images, indices } of batches) {
      const rows = await forward(images as Float32Array)
      for (let row = 0; row < rows.length; row += views) {
        yield* passOver(Math.floor(indices[row]! / views))
        yield rows.slice(row, row + views)
        next++
      }
    }
    yield* passOver(part.length)
    first += part.length
  }
}

/** One row of a network's output for each of the prepared inputs, which are of `shape` [height, width, channels]. */
export async function forward(
  network: tf.LayersModel,
  shape: readonly [number, number, number],
  inputs: Float32Array,
): Promise<Features[]> {
  const length = shape.reduce((product, extent) => product * extent, 1)
  const count = inputs.length / length
  if (!Number.isInteger(count) || count === 0) {
    const [height, width, channels] = shape
    throw new ModelError(
      `${inputs.length} numbers are not inputs of this model, which takes ${length} a picture (${height} rows of ${width} pixels of ${channels}): make them with prepare()`,
    )
  }
  const output = tf.tidy(
    () => network.predictOnBatch(tf.tensor4d(inputs, [count, ...shape])) as tf.Tensor,
  )
  try {
    const values = (await output.data()) as Float32Array
    const rowShape = output.shape.slice(1)
    const size = values.length / count
    return Array.from({ length: count }, (_, row) => ({
      shape: [...rowShape],
      data: values.slice(row * size, (row + 1) * size),
    }))
  } finally {
    output.dispose()
  }
}

/** What a stream gives, some at a time. */
async function* chunks(pictures: Stream, size: number): AsyncGenerator<PictureInput[]> {
  let chunk: PictureInput[] = []
  for await (const picture of pictures) {
    chunk.push(picture)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
