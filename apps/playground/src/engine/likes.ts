// What a channel looks for: the patches that excite it most among the pictures at hand, and a picture grown for it from
// noise; and which pictures the network finds alike.
import { featureLayer } from '@alexnet/core'
import {
  featureMapsWithout,
  nearestNeighbours,
  receptiveField,
  topPatches,
  visualizeClass,
} from '@alexnet/core/explain'
import { PictureError } from '@alexnet/data'
import { asPrepared, type Model } from '@alexnet/model'
import * as tf from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import { cut } from './looking.ts'
import type { Alike, LikedPatch, OnGrown, PageImage } from './protocol.ts'

/** A picture as the network gets it. */
type Prepare = (image: PageImage) => Promise<Float32Array>

/** Patches of a channel; Zeiler & Fergus (2013), figure 2, shows as many. */
const NINE = 9

interface Readable {
  image: PageImage
  input: Float32Array
}

/** Those of the pictures that can be read: a broken one says so where it is classified. */
async function readable(images: readonly PageImage[], prepare: Prepare): Promise<Readable[]> {
  const found: Readable[] = []
  for (const image of images) {
    try {
      found.push({ image, input: await prepare(image) })
    } catch (error) {
      if (!(error instanceof PictureError)) throw error
    }
  }
  return found
}

/** The patches that excite a channel most, at most one a picture; whole pictures where the layer has no maps. */
export async function likedPatches(
  { network, preprocessing }: Pick<Model, 'network' | 'preprocessing'>,
  images: readonly PageImage[],
  prepare: Prepare,
  layer: string,
  channel: number,
): Promise<LikedPatch[]> {
  const pictures = await readable(images, prepare)
  const inputs = pictures.map(({ input }) => input)
  const found = hasMaps(network, layer)
    ? (await topPatches(network, inputs, patchesOf(layer, channel)))[0]!
    : await topPictures(network, inputs, layer, channel)
  // Where a field is larger than the picture, its padding would be most of what is shown.
  const whole = receptiveField(network, layer, undefined, { padding: true })
  const padding = Math.max(whole.height, whole.width) <= preprocessing.crop
  return found.map(({ picture, activation, row, column }) => {
    const { image, input } = pictures[picture]!
    const field = receptiveField(network, layer, { row, column }, { padding })
    const pixels = toPixels(cut(asPrepared(preprocessing, input), field))
    return { name: image.name, activation, pixels }
  })
}

const patchesOf = (layer: string, channel: number) => ({
  layer,
  channels: [channel],
  count: NINE,
  batchSize: 8,
})

async function topPictures(
  network: tf.LayersModel,
  inputs: readonly Float32Array[],
  layer: string,
  channel: number,
) {
  const units: { picture: number; activation: number; row: number; column: number }[] = []
  for (const [picture, input] of inputs.entries()) {
    const { data } = await featureMapsWithout(network, input, layer, [])
    units.push({ picture, activation: data[channel]!, row: 0, column: 0 })
  }
  return units.sort((a, b) => b.activation - a.activation).slice(0, NINE)
}

/** Of one picture to all others, by the last hidden layer; nearest first. */
export async function alike(
  network: tf.LayersModel,
  image: PageImage,
  others: readonly PageImage[],
  prepare: Prepare,
  count = 5,
): Promise<Alike[]> {
  const layer = featureLayer(network)
  const featuresOf = async (input: Float32Array) =>
    (await featureMapsWithout(network, input, layer, [])).data
  const query = await featuresOf(await prepare(image))
  const pictures = await readable(others, prepare)
  const features: Float32Array[] = []
  for (const { input } of pictures) features.push(await featuresOf(input))
  return nearestNeighbours(query, features, count).map(({ index, distance }) => ({
    id: pictures[index]!.image.id,
    distance,
  }))
}

export interface GrowOptions {
  /** Default 160. */
  steps?: number
  /** Steps from one showing to the next. Default 8. */
  every?: number
}

/**
 * Grows a picture that excites a channel, as a mean over its map, from noise: `visualizeClass` of the part of the network up
 * to the layer. Where layers without weights stand behind the one that the channel comes from, that one is climbed,
 * since a ReLU that is off has no gradient.
 *
 * @param onGrown shown the picture so far; false ends it
 */
export async function grow(
  { network, preprocessing }: Pick<Model, 'network' | 'preprocessing'>,
  layer: string,
  channel: number,
  onGrown: OnGrown,
  { steps = 160, every = 8 }: GrowOptions = {},
): Promise<void> {
  const part = channelsOf(network, layer)
  let start: Float32Array | undefined
  for (let step = 0; step < steps; step += every) {
    const { data } = await visualizeClass(part, channel, {
      steps: every,
      // Movements that differ from one showing to the next.
      seed: step,
      ...(start && { start }),
    })
    start = data
    const pixels = toPixels(asPrepared(preprocessing, data))
    // Other calls are answered while the page is told.
    if (!(await onGrown(pixels, step + every, steps))) return
  }
}

const shapeOf = (layer: tf.layers.Layer) =>
  (layer.getOutputAt(0) as tf.SymbolicTensor).shape.slice(1)
const hasMaps = (network: tf.LayersModel, name: string) =>
  shapeOf(network.getLayer(name)).length === 3

/** The network up to the layer that a channel comes from, each map a number: its mean. */
export function channelsOf(network: tf.LayersModel, name: string): tf.LayersModel {
  let index = network.layers.findIndex((layer) => layer.name === name)
  const isPassedOn = (at: number) => {
    const [shape, before] = [shapeOf(network.layers[at]!), shapeOf(network.layers[at - 1]!)]
    return shape.length === before.length && shape.at(-1) === before.at(-1)
  }
  while (index > 1 && network.layers[index]!.weights.length === 0 && isPassedOn(index)) index--
  const output = network.layers[index]!.getOutputAt(0) as tf.SymbolicTensor
  const outputs =
    output.shape.length === 4
      ? (tf.layers.globalAveragePooling2d({}).apply(output) as tf.SymbolicTensor)
      : output
  return tf.model({ inputs: network.inputs, outputs })
}
