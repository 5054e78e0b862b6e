// A network to compare pictures by, with what belongs to it: AlexNet's convolutions, the learned weights of their
// channels where there are any, the scaling of pictures. Pictures of any kind go in, numbers come out.

/// <reference lib="esnext.disposable" preserve="true" />

import { OptionError } from '@alexnet/core'
import type { Picture } from '@alexnet/data'
import { asDataset, ModelError, type PictureInput } from '@alexnet/model'
import * as tf from '@tensorflow/tfjs'
import { type LpipsVersion, type PerceptualNetwork, perceptualDistance } from './distance.ts'

/** What an Lpips is made of. */
export interface LpipsParts {
  /** [batch, height, width, 3] to the output of each activation. Disposed with the Lpips. */
  network: tf.LayersModel
  /** Weights of the channels, one row an activation. Default: none, the plain form. */
  linear?: readonly Float32Array[] | undefined
  /** Subtracted from pictures in −1…1, by channel. */
  shift: readonly number[]
  /** Divided by, after that. */
  scale: readonly number[]
  /** Pixels a side of the smallest pictures that the network can look at. */
  smallestSize: number
}

export interface CompareOptions {
  /** Gives the map, too. Default false. */
  spatial?: boolean
  /** Default '0.1'. */
  version?: LpipsVersion
  /** Pairs of one size that go through the network together. Default 16. */
  batchSize?: number
}

/** How different two pictures are. */
export interface ComparedPictures {
  /** 0 is the same picture; with the learned weights, some 0.1 is a difference that is seen at once. */
  distance: number
  /** What each activation adds, from the first (edges, colours) to the last (parts of things). */
  layers: number[]
  /** With `spatial`: the distance at each pixel, row by row. */
  map?: { width: number; height: number; data: Float32Array }
}

/** What comes of a comparison: with `spatial: true` there is a map. */
export type ComparedBy<O extends CompareOptions> = O extends { spatial: true }
  ? Required<ComparedPictures>
  : ComparedPictures

/** Compares pictures as people do. Call `dispose` when done with it. */
export class Lpips implements PerceptualNetwork {
  /** `lpips`: with the learned weights of channels; `plain`: every channel counts the same. */
  readonly form: 'lpips' | 'plain'
  readonly network: tf.LayersModel
  readonly smallestSize: number
  /** [channels] of each activation. */
  readonly linear: readonly tf.Tensor1D[] | undefined
  readonly shift: tf.Tensor1D
  readonly scale: tf.Tensor1D

  constructor({ network, linear, shift, scale, smallestSize }: LpipsParts) {
    this.network = network
    this.smallestSize = smallestSize
    this.form = linear ? 'lpips' : 'plain'
    this.linear = linear?.map((weights) => tf.keep(tf.tensor1d(weights)))
    this.shift = tf.keep(tf.tensor1d([...shift]))
    this.scale = tf.keep(tf.tensor1d([...scale]))
  }

  /** Outputs of the network's activations for scaled pictures. The caller keeps it in a tf.tidy. */
  activations(x: tf.Tensor): tf.Tensor[] {
    if (this.shift.isDisposed) throw new ModelError('this Lpips was disposed of: open it again')
    // As in training, where layers keep what gradients need.
    const outputs = this.network.apply(x, { training: true }) as tf.Tensor | tf.Tensor[]
    return Array.isArray(outputs) ? outputs : [outputs]
  }

  /**
   * How different two pictures look; of two arrays, pair by pair. Consecutive pairs of one size go through the network
   * together.
   *
   * @throws ModelError where the two of a pair differ in size, or there are not as many; PictureError on a broken
   *   picture; OptionError on pictures too small
   */
  compare<O extends CompareOptions>(
    a: PictureInput,
    b: PictureInput,
    options?: O,
  ): Promise<ComparedBy<O>>
  compare<O extends CompareOptions>(
    a: readonly PictureInput[],
    b: readonly PictureInput[],
    options?: O,
  ): Promise<ComparedBy<O>[]>
  async compare(
    a: PictureInput | readonly PictureInput[],
    b: PictureInput | readonly PictureInput[],
    options: CompareOptions = {},
  ): Promise<ComparedPictures | ComparedPictures[]> {
    const lists = [a, b].map((given) =>
      Array.isArray(given) ? given : [given],
    ) as PictureInput[][]
    const [ours, theirs] = lists as [PictureInput[], PictureInput[]]
    if (ours.length !== theirs.length) {
      throw new ModelError(
        `${ours.length} and ${theirs.length} pictures are no pairs: give as many of one as of the other`,
      )
    }
    const results: ComparedPictures[] = []
    for await (const batch of batches(ours, theirs, options.batchSize ?? 16)) {
      results.push(...(await this.#batch(batch, options)))
    }
    return Array.isArray(a) ? results : results[0]!
  }

  async #batch(
    pairs: readonly (readonly [Picture, Picture])[],
    { spatial = false, version = '0.1' }: CompareOptions,
  ): Promise<ComparedPictures[]> {
    const { width, height } = pairs[0]![0]
    const { distance, layers, map } = tf.tidy(() => {
      const [a, b] = [0, 1].map((side) => toTensor(pairs.map((pair) => pair[side]!)))
      return perceptualDistance(a!, b!, { lpips: this, spatial, version })
    })
    try {
      const sums = await distance.data()
      const parts = await layers.data()
      const values = (await map?.data()) as Float32Array | undefined
      const count = layers.shape[1]
      return pairs.map((_, pair) => ({
        distance: sums[pair]!,
        layers: [...parts.slice(pair * count, (pair + 1) * count)],
        ...(values && {
          map: {
            width,
            height,
            data: values.slice(pair * width * height, (pair + 1) * width * height),
          },
        }),
      }))
    } finally {
      tf.dispose([distance, layers, ...(map ? [map] : [])])
    }
  }

  /** Frees the network; every later call fails. Calling it again does nothing. */
  dispose(): void {
    if (this.shift.isDisposed) return
    this.network.dispose()
    tf.dispose([this.shift, this.scale, ...(this.linear ?? [])])
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** Pairs of one size, in order, at most so many together; pictures are read as they are needed. */
async function* batches(
  a: readonly PictureInput[],
  b: readonly PictureInput[],
  batchSize: number,
): AsyncGenerator<[Picture, Picture][]> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new OptionError(`batchSize must be a whole number of at least 1, found ${batchSize}`)
  }
  const [ours, theirs] = await Promise.all([asDataset(a), asDataset(b)])
  let batch: [Picture, Picture][] = []
  for (let pair = 0; pair < ours.length; pair++) {
    const [one, other] = await Promise.all([ours.load(pair), theirs.load(pair)])
    if (one.width !== other.width || one.height !== other.height) {
      throw new ModelError(
        `${nameOf(a[pair]!, pair)} has ${one.width}×${one.height} pixels and ${nameOf(b[pair]!, pair)} ${other.width}×${other.height}: pictures are compared pixel by pixel, resize one of them`,
      )
    }
    const [first] = batch[0] ?? []
    const isOfSize = !first || (first.width === one.width && first.height === one.height)
    if (!isOfSize || batch.length === batchSize) {
      yield batch
      batch = []
    }
    batch.push([one, other])
  }
  if (batch.length > 0) yield batch
}

const nameOf = (input: PictureInput, pair: number) =>
  typeof input === 'string' || input instanceof URL ? String(input) : `picture ${pair}`

/** Pixels of 0 to 255 as a batch in −1…1. */
function toTensor(pictures: readonly Picture[]): tf.Tensor4D {
  const { width, height } = pictures[0]!
  const length = width * height * 3
  const values = new Float32Array(pictures.length * length)
  for (const [index, { data }] of pictures.entries()) {
    for (let i = 0; i < length; i++) values[index * length + i] = data[i]! / 127.5 - 1
  }
  return tf.tensor4d(values, [pictures.length, height, width, 3])
}
