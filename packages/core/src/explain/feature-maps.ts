// What a layer computes and what it computes with: its maps for a picture, and its filters.
import * as tf from '@tensorflow/tfjs'
import { OptionError } from '../errors.ts'
import { Convolution } from '../layers/convolution.ts'
import { chainOf, indexOfLayer, inputTensor, mapShape, read, run } from './chain.ts'
import type { ChannelMap } from './maps.ts'

/**
 * The maps of a layer for one prepared picture, as Zeiler & Fergus, "Visualizing and Understanding
 * Convolutional Networks" (2013), arXiv:1311.2901, §3, look at them.
 *
 * @param input what `preprocess` gives: NHWC without the N
 * @param layer name of a layer whose output is maps
 * @throws OptionError on an unknown layer or one without maps
 */
export async function featureMaps(
  model: tf.LayersModel,
  input: Float32Array,
  layer: string,
): Promise<ChannelMap> {
  const chain = chainOf(model)
  const [height, width, channels] = mapShape(chain, layer)
  const maps = tf.tidy(() => run(chain, inputTensor(chain, input), { through: layer }))
  return { height, width, channels, data: await read(maps) }
}

/** The filters of a convolution. */
export interface Filters {
  /** Rows and columns of each. */
  height: number
  width: number
  /** Channels that each sees: those of its group. */
  channels: number
  /** How many there are. */
  count: number
  /** [height, width, channels, count], the last axis fastest. */
  data: Float32Array
}

/**
 * The filters of a convolution; those of the first, which see colours, are figure 3 of Krizhevsky et al.,
 * "ImageNet Classification with Deep Convolutional Neural Networks" (2012).
 *
 * @param layer default: the first convolution
 * @throws OptionError on an unknown layer or one that is no convolution
 */
export async function filtersOf(model: tf.LayersModel, layer?: string): Promise<Filters> {
  const chain = chainOf(model)
  const found =
    layer === undefined ? chain.layers.find(hasFilters) : chain.layers[indexOfLayer(chain, layer)]
  if (!found || !hasFilters(found)) {
    const names = chain.layers.filter(hasFilters).map(({ name }) => name)
    throw new OptionError(`layer ${found?.name} has no filters: choose one of ${names.join(', ')}`)
  }
  const kernel = found.getWeights()[0]!
  const [height, width, channels, count] = kernel.shape as [number, number, number, number]
  return { height, width, channels, count, data: Float32Array.from(await kernel.data()) }
}

/** One filter as a map of its channels. */
export function filterMap(
  { height, width, channels, count, data }: Filters,
  index: number,
): ChannelMap {
  const values = new Float32Array(height * width * channels)
  for (let i = 0; i < values.length; i++) values[i] = data[i * count + index]!
  return { height, width, channels, data: values }
}

const hasFilters = (layer: tf.layers.Layer) =>
  layer instanceof Convolution || layer.getClassName() === 'Conv2D'
