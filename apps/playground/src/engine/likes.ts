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
import { asPrepared, type Model } from '@alexnet/model'
import * as tf from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import { cut } from './looking.ts'
import type { Alike, LikedPatch, OnGrown, PageImage } from './protocol.ts'

/** A picture as the network gets it. */
type Prepare = (image: PageImage) => Promise<Float32Array>

/** Patches of a channel; Zeiler & Fergus (2013), figure 2, shows as many. */
const NINE = 9

/** The patches that excite a channel most, at most one a picture; whole pictures where the layer has no maps. */
export async function likedPatches(
  { network, preprocessing }: Pick<Model, 'network' | 'preprocessing'>,
  images: readonly PageImage[],
  prepare: Prepare,
  layer: string,
  channel: number,
): Promise<LikedPatch[]> {
  const found = hasMaps(network, layer)
    ? (await topPatches(network, each(images, prepare), patchesOf(layer, channel)))[0]!
    : await topPictures(network, images, prepare, layer, channel)
  // Where a field is larger than the picture, its padding would be most of what is shown.
  const whole = receptiveField(network, layer, undefined, { padding: true })
  const seesAll = Math.max(whole.height, whole.width) > preprocessing.crop
  const patches: LikedPatch[] = []
  for (const { picture, activation, row, column } of found) {
    const image = images[picture]!
    const seen = asPrepared(preprocessing, await prepare(image))
    const field = receptiveField(network, layer, { row, column }, { padding: !seesAll })
    patches.push({ name: image.name, activation, pixels: toPixels(cut(seen, field)) })
  }
  return patches
}

const patchesOf = (layer: string, channel: number) => ({
  layer,
  channels: [channel],
  count: NINE,
  batchSize: 8,
})

async function* each(images: readonly PageImage[], prepare: Prepare) {
  for (const image of images) yield await prepare(image)
}

async function topPictures(
  network: tf.LayersModel,
  images: readonly PageImage[],
  prepare: Prepare,
  layer: string,
  channel: number,
) {
  const units: { picture: number; activation: number; row: number; column: number }[] = []
  for (const [picture, image] of images.entries()) {
    const { data } = await featureMapsWithout(network, await prepare(image), layer, [])
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
  const featuresOf = async (one: PageImage) =>
    (await featureMapsWithout(network, await prepare(one), layer, [])).data
  const query = await featuresOf(image)
  const features: Float32Array[] = []
  for (const other of others) features.push(await featuresOf(other))
  return nearestNeighbours(query, features, count).map(({ index, distance }) => ({
    id: others[index]!.id,
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
