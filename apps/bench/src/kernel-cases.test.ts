import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import {
  expectedValues,
  indexOf,
  inputShape,
  type KernelCase,
  kernelCases,
  kernelFlops,
  kernelTensor,
  outputShape,
  passes,
  resultShape,
  seeds,
  weightShape,
} from './kernel-cases.ts'
import { createModel, describeNetwork } from './network.ts'
import { relativeDifference } from './statistics.ts'

const strided: Omit<KernelCase, 'pass'> = {
  layer: 'conv',
  kind: 'convolution',
  batch: 2,
  size: 3,
  stride: 2,
  padding: 1,
  input: [8, 7, 3],
  output: [4, 4, 5],
  places: [
    [0, 0, 0, 0],
    [1, 2, 1, 2],
    [0, 1, 2, 1],
  ],
}

describe('expectedValues', () => {
  it.each(passes)('agrees with TensorFlow.js on %s of a strided, padded convolution', (pass) => {
    const kernel: KernelCase = { ...strided, pass }
    const make = (shape: number[], seed: number) => tf.tensor(kernelTensor(shape, seed), shape)
    const x = make(inputShape(kernel), seeds.input) as tf.Tensor4D
    const w = make(weightShape(kernel), seeds.weights) as tf.Tensor4D
    const dy = make(outputShape(kernel), seeds.gradient)
    const forward = (picture: tf.Tensor, filter: tf.Tensor) =>
      tf.conv2d(picture as tf.Tensor4D, filter as tf.Tensor4D, 2, 1, 'NHWC', 1, 'floor')
    const [dX, dW] = tf.grads((a, b) => forward(a!, b!))([x, w], dy) as [tf.Tensor, tf.Tensor]
    const result = { forward: forward(x, w), dX, dW }[pass]
    const values = result.dataSync()
    const found = kernel.places.map((place) => values[indexOf(place, resultShape(kernel))]!)
    expect(result.shape).toEqual(resultShape(kernel))
    expect(relativeDifference(found, expectedValues(kernel))).toBeLessThan(1e-6)
  })
})

it('lists the products of a network, whose forward passes are its multiply-adds', () => {
  const options = { variant: 'torchvision' }
  const network = describeNetwork(createModel(options, { initialize: false }), options)
  const cases = kernelCases(network, 2)
  // Eight layers in three passes, without the gradient of the picture.
  expect(cases).toHaveLength(23)
  const forward = cases.filter(({ pass }) => pass === 'forward')
  const flops = forward.reduce((sum, kernel) => sum + kernelFlops(kernel), 0)
  expect(flops).toBe(2 * 2 * 714_188_480)
  for (const kernel of cases) {
    const shape = resultShape(kernel)
    expect(kernel.places.every((place) => place.every((at, i) => at < shape[i]!))).toBe(true)
  }
})
