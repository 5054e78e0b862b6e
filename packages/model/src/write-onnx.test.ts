// Every variant as an ONNX file, run by ONNX Runtime beside TensorFlow.js: the same logits.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import {
  architectures,
  createAlexNet,
  loadWeights,
  modelWeights,
  type NamedTensor,
  type Variant,
} from '@alexnet/core'
import { type Picture, shapes } from '@alexnet/data'
import { quantize } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import * as ort from 'onnxruntime-web'
import { beforeAll, expect, it } from 'vitest'
import { onnxFile } from './write.ts'

/**
 * torchvision's at full size; others at sizes whose windows round up, are cut off and pad as they do at
 * full size, with less arithmetic and a smaller first linear layer.
 */
const cases: [variant: Variant, inputSize: number, classes: number][] = [
  ['torchvision', 224, 10],
  ['torchvision', 100, 4], // adaptive pooling from 2 to 6 pixels
  ['paper', 99, 10],
  ['krizhevsky-2012', 96, 10],
  ['caffe', 99, 10],
  ['caffenet', 101, 5],
  ['cifar', 32, 10],
  ['cifar-paper', 32, 10],
  ['lenet-5', 32, 10],
  ['cuda-convnet-80sec', 32, 10],
  ['cuda-convnet-18pct', 32, 10],
]

const BATCH = 2
const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  ort.env.wasm.numThreads = 1
})

/** Numbers from N(0, 1), enough that repeating them over a large weight leaves no two rows alike. */
const drawn = tf.randomNormal([65_537], 0, 1, 'float32', 1).dataSync()

/** A model whose logits differ from picture to picture: weights of about N(0, √(2 / fan-in)). */
async function spreadModel(variant: Variant, inputSize: number, classes: number) {
  const model = createAlexNet({ variant, inputSize, classes, initialize: false })
  const tensors = new Map<string, NamedTensor>()
  let next = 0
  for (const { name, shape } of modelWeights(model)) {
    const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1)
    const deviation = shape.length > 1 ? Math.sqrt(2 / fanIn) : 0.05
    const data = new Float32Array(fanIn * shape[0]!)
    for (let i = 0; i < data.length; i++) {
      data[i] = drawn[next]! * deviation
      next = next + 1 === drawn.length ? 0 : next + 1
    }
    tensors.set(name, { dtype: 'float32', shape, data })
  }
  loadWeights(model, tensors)
  return { model, tensors }
}

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

async function run(file: Uint8Array, image: ort.Tensor): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(file)
  const { logits } = await session.run({ image })
  const values = logits!.data as Float32Array
  await session.release()
  return values
}

/** Largest difference over the largest value. */
function worst(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length)
  let [difference, largest] = [0, 0]
  for (const [index, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(found[index]! - value))
    largest = Math.max(largest, Math.abs(value))
  }
  expect(largest).toBeGreaterThan(0.1)
  return difference / largest
}

async function modelAndPictures(variant: Variant, inputSize: number, classes: number) {
  const { model, tensors } = await spreadModel(variant, inputSize, classes)
  const drawn = shapes({ count: BATCH, size: inputSize })
  const pictures: Picture[] = await Promise.all([drawn.load(0), drawn.load(1)])
  const pixels = new Uint8Array(Buffer.concat(pictures.map(({ data }) => data)))
  const input = tf.tidy(() =>
    tf
      .tensor4d(Float32Array.from(pixels), [BATCH, inputSize, inputSize, 3])
      .div(255)
      .sub([...normalization.mean])
      .div([...normalization.std]),
  )
  const output = tf.tidy(() => model.predict(input) as tf.Tensor)
  const expected = (await output.data()) as Float32Array
  const planes = tf.tidy(() => input.transpose([0, 3, 1, 2]))
  const channelsFirst = (await planes.data()) as Float32Array
  tf.dispose([input, output, planes])
  const preprocessing = {
    resize: inputSize,
    crop: inputSize,
    interpolation: 'bilinear' as const,
    ...normalization,
  }
  const loaded = { network: model, labels: Array.from({ length: classes }, String), preprocessing }
  return { loaded, tensors, pixels, channelsFirst, expected }
}

it('has a case for every variant', () => {
  const tested = new Set(cases.map(([variant]) => variant))
  expect([...tested].sort()).toEqual(Object.keys(architectures).sort())
})

it.each(cases)('%s at %i pixels', async (variant, inputSize, classes) => {
  const { loaded, tensors, ...pictures } = await modelAndPictures(variant, inputSize, classes)
  const file = join(onnxFile(loaded, tensors))
  loaded.network.dispose()
  const shape = [BATCH, 3, inputSize, inputSize]
  const found = await run(file, new ort.Tensor('float32', pictures.channelsFirst, shape))
  expect(worst(found, pictures.expected)).toBeLessThan(1e-4)
})

it('takes pixels when the preprocessing is inside, and weights of half precision and int8', async () => {
  const { loaded, tensors, pixels, expected } = await modelAndPictures('lenet-5', 32, 10)
  const inside = { withPreprocessing: true }
  const image = () => new ort.Tensor('uint8', pixels, [BATCH, 32, 32, 3])
  const found = await run(join(onnxFile(loaded, tensors, {}, inside)), image())
  expect(worst(found, expected)).toBeLessThan(1e-4)
  for (const [kind, bound] of [
    ['float16', 1e-3],
    ['int8', 3e-2],
  ] as const) {
    const small = quantize(tensors, kind)
    const file = join(onnxFile(loaded, small.tensors, small.metadata, inside))
    const difference = worst(await run(file, image()), expected)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(bound)
  }
  loaded.network.dispose()
})
