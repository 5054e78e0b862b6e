// What a channel is looking for: the patches of many pictures that excite it most.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { chainOf, inputTensor, mapShape, read, run } from './chain.ts'
import { type Field, receptiveField } from './receptive-field.ts'

/** A place in one of the pictures. */
export interface Patch {
  /** Number of the picture, in the order given, from 0. */
  picture: number
  /** The channel's output there. */
  activation: number
  row: number
  column: number
  /** The pixels of the prepared picture that this unit sees. */
  field: Field
}

export interface TopPatchesOptions {
  /** Name of a layer whose output is maps. */
  layer: string
  /** Numbers of the channels. Default: all. */
  channels?: readonly number[]
  /** Patches for each channel. Default 9. */
  count?: number
  /** Pictures that go through the network together. Default 32. */
  batchSize?: number
  /** Called after each batch with the pictures done. @returns false to stop there */
  onProgress?: (pictures: number) => unknown
}

/**
 * For each channel of a layer its strongest responses over a set of pictures, strongest first, at most one
 * a picture: Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (2013), arXiv:1311.2901,
 * figure 2, and Girshick et al. (2014), arXiv:1311.2524, §3.1. Memory does not grow with the number of pictures.
 *
 * @param inputs prepared pictures
 * @returns one list a channel, in the order of `channels`
 */
export async function topPatches(
  model: tf.LayersModel,
  inputs: AsyncIterable<Float32Array> | Iterable<Float32Array>,
  options: TopPatchesOptions,
): Promise<Patch[][]> {
  const chain = chainOf(model)
  const { layer, onProgress } = options
  const [, width, all] = mapShape(chain, layer)
  const channels = options.channels ?? Array.from({ length: all }, (_, channel) => channel)
  for (const channel of channels) {
    if (requireWholeNumber('channel', channel, 0) < all) continue
    throw new OptionError(`layer ${layer} has the channels 0 to ${all - 1}, not ${channel}`)
  }
  const count = requireWholeNumber('count', options.count ?? 9, 1)
  const batchSize = requireWholeNumber('batchSize', options.batchSize ?? 32, 1)
  const best: Omit<Patch, 'field'>[][] = channels.map(() => [])

  let pictures = 0
  const look = async (batch: readonly Float32Array[]) => {
    const { values, places } = await strongest(batch)
    for (let at = 0; at < batch.length; at++) {
      for (const [list, channel] of channels.entries()) {
        const activation = values[at * all + channel]!
        const place = places[at * all + channel]!
        const ranking = best[list]!
        if (ranking.length === count && ranking.at(-1)!.activation >= activation) continue
        ranking.push({
          picture: pictures + at,
          activation,
          row: Math.floor(place / width),
          column: place % width,
        })
        ranking.sort((a, b) => b.activation - a.activation || a.picture - b.picture)
        ranking.length = Math.min(ranking.length, count)
      }
    }
    pictures += batch.length
  }
  /** For each picture and channel its largest output and where that is. */
  const strongest = async (batch: readonly Float32Array[]) => {
    const length = batch[0]!.length
    const joined = new Float32Array(batch.length * length)
    for (const [at, input] of batch.entries()) joined.set(input, at * length)
    const [values, places] = tf.tidy(() => {
      const maps = run(chain, inputTensor(chain, joined), { through: layer })
      const flat = tf.reshape(maps, [batch.length, -1, all])
      return [tf.max(flat, 1), tf.argMax(flat, 1)]
    })
    return { values: await read(values!), places: await read(places!) }
  }

  let batch: Float32Array[] = []
  for await (const input of inputs) {
    batch.push(input)
    if (batch.length < batchSize) continue
    await look(batch)
    batch = []
    if (onProgress?.(pictures) === false) break
  }
  if (batch.length > 0) {
    await look(batch)
    onProgress?.(pictures)
  }
  return best.map((ranking) =>
    ranking.map((patch) => ({ ...patch, field: receptiveField(model, layer, patch) })),
  )
}
