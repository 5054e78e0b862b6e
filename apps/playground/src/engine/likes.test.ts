// What a channel likes, against TensorFlow.js' own layers and gradients on a network of them.
import { Convolution } from '@alexnet/core/layers'
import { PictureError, type Preprocessing } from '@alexnet/data'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { alike, channelsOf, grow, likedPatches } from './likes.ts'
import type { PageImage, Pixels } from './protocol.ts'

const SIDE = 8
const preprocessing: Preprocessing = {
  resize: SIDE,
  crop: SIDE,
  interpolation: 'bilinear',
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
}
const images: PageImage[] = Array.from({ length: 12 }, (_, index) => ({
  id: `${index}`,
  name: `${index}.png`,
  blob: new Blob(),
}))
const broken: PageImage = { id: 'broken', name: 'broken.png', blob: new Blob() }
const prepare = async ({ id }: PageImage) => {
  if (id === broken.id) throw new PictureError('broken.png: no picture')
  return Float32Array.from({ length: SIDE * SIDE * 3 }, (_, at) =>
    Math.sin(at * (1 + Number(id)) + 1),
  )
}

let network: tf.LayersModel

beforeAll(async () => {
  await tf.setBackend('cpu')
  const random = () => tf.initializers.randomNormal({ stddev: 0.5, seed: 7 })
  network = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [SIDE, SIDE, 3] }),
      new Convolution({
        name: 'maps',
        filters: 4,
        kernelSize: 3,
        padding: 1,
        kernelInitializer: random(),
        biasInitializer: random(),
      }),
      tf.layers.activation({ activation: 'relu', name: 'on' }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 6, name: 'hidden', kernelInitializer: random() }),
      tf.layers.activation({ activation: 'relu', name: 'features' }),
      tf.layers.dense({ units: 3, name: 'logits', kernelInitializer: random() }),
    ],
  })
})

/** A layer's output for every picture, by the network as TensorFlow.js runs it. */
async function outputs(name: string): Promise<number[][]> {
  const part = tf.model({ inputs: network.inputs, outputs: network.getLayer(name).output })
  const rows = await Promise.all(images.map(prepare))
  return rows.map((row) =>
    tf.tidy(() => [
      ...(part.predict(tf.tensor4d(row, [1, SIDE, SIDE, 3])) as tf.Tensor).dataSync(),
    ]),
  )
}

it('finds the patches of a map, and whole pictures for a unit without one', async () => {
  const maps = await outputs('on')
  const highest = maps.map((values) => Math.max(...values.filter((_, at) => at % 4 === 2)))
  const ranked = [...highest.keys()].sort((a, b) => highest[b]! - highest[a]!).slice(0, 9)
  const patches = await likedPatches(
    { network, preprocessing },
    [broken, ...images],
    prepare,
    'on',
    2,
  )
  expect(patches.map(({ name }) => name)).toEqual(ranked.map((index) => `${index}.png`))
  for (const [rank, { activation, pixels }] of patches.entries()) {
    expect(activation).toBeCloseTo(highest[ranked[rank]!]!, 5)
    expect(pixels).toMatchObject({ width: 3, height: 3 })
  }
  const logits = (await outputs('logits')).map((row) => row[1]!)
  const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, 9)
  const whole = await likedPatches({ network, preprocessing }, images, prepare, 'logits', 1)
  expect(whole.map(({ name }) => name)).toEqual(best.map((index) => `${index}.png`))
  expect(whole[0]!.activation).toBeCloseTo(logits[best[0]!]!, 4)
  expect(whole[0]!.pixels).toMatchObject({ width: SIDE, height: SIDE })
})

it('orders pictures by how far their features are', async () => {
  const features = await outputs('features')
  const far = features.map((row) =>
    tf.tidy(() => tf.norm(tf.sub(row, features[0]!)).dataSync()[0]!),
  )
  const others = images.slice(1)
  const order = [...others].sort((a, b) => far[Number(a.id)]! - far[Number(b.id)]!).slice(0, 5)
  const found = await alike(network, images[0]!, [broken, ...others], prepare)
  expect(found.map(({ id }) => id)).toEqual(order.map(({ id }) => id))
  for (const { id, distance } of found) expect(distance).toBeCloseTo(far[Number(id)]!, 4)
})

it('takes the mean of a map before its ReLU for what is climbed', async () => {
  const part = channelsOf(network, 'on')
  const x = tf.tensor4d(await prepare(images[3]!), [1, SIDE, SIDE, 3])
  const [kernel, bias] = network.getLayer('maps').getWeights() as [tf.Tensor4D, tf.Tensor1D]
  const mean = (at: tf.Tensor) =>
    tf.mean(tf.add(tf.conv2d(at as tf.Tensor4D, kernel, 1, 'same'), bias), [1, 2])
  const [found, expected] = [(part.predict(x) as tf.Tensor).dataSync(), mean(x).dataSync()]
  expect(found).toHaveLength(4)
  for (const [channel, value] of found.entries()) expect(value).toBeCloseTo(expected[channel]!, 5)
  expect(channelsOf(network, 'logits').outputs[0]!.shape).toEqual([null, 3])
})

it('grows a picture, shows it on the way, and ends where it is told to', async () => {
  const shown: [Pixels, number][] = []
  const keep = async (pixels: Pixels, step: number) => {
    shown.push([pixels, step])
    return step < 24
  }
  await grow({ network, preprocessing }, 'maps', 1, keep, { steps: 80, every: 8 })
  expect(shown.map(([, step]) => step)).toEqual([8, 16, 24])
  // What is shown excites the channel more and more, by TensorFlow.js' own convolution.
  const [kernel, bias] = network.getLayer('maps').getWeights() as [tf.Tensor4D, tf.Tensor1D]
  const excited = shown.map(([{ data }]) =>
    tf.tidy(() => {
      const rgba = tf.tensor4d(Float32Array.from(data), [1, SIDE, SIDE, 4])
      const x = tf.div(
        tf.sub(tf.div(tf.slice4d(rgba, [0, 0, 0, 0], [1, SIDE, SIDE, 3]), 255), 0.5),
        0.25,
      )
      const maps = tf.add(tf.conv2d(x as tf.Tensor4D, kernel, 1, 'same'), bias)
      return tf.mean(maps, [0, 1, 2]).dataSync()[1]!
    }),
  )
  expect(excited[1]).toBeGreaterThan(excited[0]! + 0.05)
  expect(excited[2]).toBeGreaterThan(excited[1]! + 0.05)
})
