// Models of every variant whose logits differ from picture to picture, and what TensorFlow.js gives for two drawn
// pictures: what files for other programs are held against.

import {
  architectures,
  type ExportedWeight,
  loadWeights,
  modelWeights,
  type Variant,
} from '@alexnet/core'
import { type Architecture, buildModel } from '@alexnet/core/architectures'
import { type Picture, shapes } from '@alexnet/data'
import * as tf from '@tensorflow/tfjs'

/**
 * torchvision's whole; others at sizes whose windows round up, are cut off and pad as they do at full size, with
 * less arithmetic, and with few hidden units.
 */
export const cases: [variant: Variant, inputSize: number, classes: number][] = [
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

export const BATCH = 2

/** Hidden units of a linear layer: as many as the variant has, and enough to have products of every kind. */
const ALL = Number.POSITIVE_INFINITY
export const FEW = 256

const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

/** Numbers from N(0, 1), enough that repeating them over a large weight leaves no two rows alike. */
const drawn = tf.randomNormal([65_537], 0, 1, 'float32', 1).dataSync()

/** A variant with hidden linear layers of so many units at most: theirs is the same arithmetic, many times over. */
export function withFewUnits(variant: Variant, units: number): Architecture {
  const architecture: Architecture = architectures[variant]
  const classifier = architecture.classifier.map((record) =>
    record.kind === 'linear' && record.units !== 'classes'
      ? { ...record, units: Math.min(record.units, units) }
      : record,
  )
  return { ...architecture, classifier }
}

/** A model whose logits differ from picture to picture: weights of about N(0, √(2 / fan-in)). */
async function spreadModel(variant: Variant, inputSize: number, classes: number, units: number) {
  const options = { inputSize, classes, initialize: false }
  const model = buildModel(withFewUnits(variant, units), options)
  const tensors = new Map<string, ExportedWeight>()
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

/** Largest difference over the largest value. */
export function worst(found: Float32Array, expected: Float32Array): number {
  let [difference, largest] = [0, 0]
  for (const [index, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(found[index]! - value))
    largest = Math.max(largest, Math.abs(value))
  }
  return largest > 0.1 && found.length === expected.length
    ? difference / largest
    : Number.POSITIVE_INFINITY
}

/** A model with so many hidden units, its weights, two pictures in three forms, and their logits. */
export async function modelAndPictures(
  variant: Variant,
  inputSize: number,
  classes: number,
  units = inputSize === 224 ? ALL : FEW,
) {
  const { model, tensors } = await spreadModel(variant, inputSize, classes, units)
  const drawn = shapes({ count: BATCH, size: inputSize })
  const pictures: Picture[] = await Promise.all([drawn.load(0), drawn.load(1)])
  const pixels = Uint8Array.from(pictures.flatMap(({ data }) => [...data]))
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
  const channelsLast = (await input.data()) as Float32Array
  tf.dispose([input, output, planes])
  const preprocessing = {
    resize: inputSize,
    crop: inputSize,
    interpolation: 'bilinear' as const,
    ...normalization,
  }
  const loaded = { network: model, labels: Array.from({ length: classes }, String), preprocessing }
  return { loaded, tensors, pixels, channelsFirst, channelsLast, expected }
}
