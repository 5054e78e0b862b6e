// Every variant as TensorFlow.js' model.json: in stock layers but for groups and normalisations, with the logits of
// the network that it was written of, and the same dropout in training.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures, type Variant } from '@alexnet/core'
import { buildModel } from '@alexnet/core/architectures'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { withFewUnits } from './testing/every-variant.ts'
import { encodeModel, layersOfOurs } from './write.ts'

/** At sizes whose windows round up, are cut off and pad as they do at full size; and what has no stock layer. */
const cases: [variant: Variant, inputSize: number, own: string[], options?: object][] = [
  ['torchvision', 224, []],
  ['torchvision', 100, ['avgpool']], // adaptive pooling from 2 to 6 pixels
  ['torchvision', 223, [], { overlappingPooling: false }],
  ['paper', 99, ['features.2', 'features.4', 'features.6', 'features.10', 'features.12']],
  ['paper', 99, ['features.4', 'features.10', 'features.12'], { normalization: false }],
  [
    'krizhevsky-2012',
    96,
    ['features.1', 'features.4', 'features.6', 'features.7', 'features.11', 'features.13'],
  ],
  ['caffe', 99, ['features.2', 'features.4', 'features.6', 'features.10', 'features.12']],
  ['caffenet', 101, ['features.3', 'features.4', 'features.7', 'features.10', 'features.12']],
  ['cifar', 32, []],
  ['cifar', 31, [], { activation: 'tanh' }],
  ['cifar-paper', 32, ['features.2', 'features.6']],
  ['lenet-5', 32, []],
  ['cuda-convnet-80sec', 32, []],
  ['cuda-convnet-18pct', 32, ['features.3', 'features.7']],
]

beforeAll(() => useBackend([cpu({ threads: 1 })]))

it('has a case for every variant', () => {
  const tested = new Set(cases.map(([variant]) => variant))
  expect([...tested].sort()).toEqual(Object.keys(architectures).sort())
})

/** A variant whose arithmetic is over soon; what belongs to it does not matter. */
function small(variant: Variant, inputSize: number, options: object = {}) {
  const settings = { inputSize, classes: 2, seed: 1, ...options }
  const network = buildModel(withFewUnits(variant, 16), settings)
  const interpolation = 'bilinear' as const
  const [mean, std] = [[0, 0, 0] as const, [1, 1, 1] as const]
  const preprocessing = { resize: inputSize, crop: inputSize, interpolation, mean, std }
  return { network, labels: ['a', 'b'], preprocessing, options: { variant, ...settings } }
}

it.each(cases)('%s at %i pixels, its own layers %j', async (variant, inputSize, own, options) => {
  const model = small(variant, inputSize, options)
  const { network } = model
  expect(layersOfOurs(network)).toEqual(own)
  const read = await loaded(await encodeModel(model, { format: 'tfjs' }))
  const ours = read.layers.filter((layer) => layer.getClassName().startsWith('AlexNet'))
  expect(ours.map(({ name }) => name)).toEqual(own)
  const input = tf.randomNormal([2, inputSize, inputSize, 3], 0, 1, 'float32', 1)
  const expected = (network.predict(input) as tf.Tensor).dataSync()
  const found = (read.predict(input) as tf.Tensor).dataSync()
  const largest = Math.max(...expected.map(Math.abs))
  expect(largest).toBeGreaterThan(0)
  for (const [at, value] of expected.entries()) {
    expect(Math.abs(found[at]! - value) / largest).toBeLessThan(1e-5)
  }
  network.dispose()
  read.dispose()
})

/** A model as tf.loadLayersModel reads its files. */
function loaded(files: Awaited<ReturnType<typeof encodeModel>>): Promise<tf.LayersModel> {
  const [list, ...shards] = files.map(({ chunks }) => Buffer.concat(chunks))
  const { modelTopology, weightsManifest } = JSON.parse(list!.toString())
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer
  const weightSpecs = weightsManifest[0].weights
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }))
}

it('drops in training as a dropout that does not scale: kept values stay as they are', async () => {
  const model = small('krizhevsky-2012', 96)
  const read = await loaded(await encodeModel(model, { format: 'tfjs' }))
  const [dropout] = read.layers.filter((layer) => layer.getClassName() === 'Dropout')
  const through = (training: boolean) => {
    const dropped = dropout!.apply(tf.ones([1, 1000]), { training }) as tf.Tensor
    return (read.getLayer(`${dropout!.name}.scale`).apply(dropped) as tf.Tensor).dataSync()
  }
  expect(new Set(through(true))).toEqual(new Set([0, 1]))
  expect(new Set(through(false))).toEqual(new Set([0.5]))
})
