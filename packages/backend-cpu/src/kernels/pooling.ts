// Max and average pooling of NHWC pictures and their gradients. The gradient of a maximum goes to the
// first largest element of its window; the gradient of a mean is spread over the pixels that the mean
// was taken of, also at a padded border, where tfjs divides by the whole window instead.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { poolingParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

type Pooling = tf.backend_util.Conv2DInfo

/** Channels of a gradient task: two cache lines of each pixel. */
const taskChannels = 32

function describe(attrs: Record<string, unknown>, shape: number[]): Pooling {
  return tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize as number,
    attrs.strides as number,
    1,
    attrs.pad as number,
    attrs.dimRoundingMode as 'floor' | undefined,
  )
}

function parameters(info: Pooling, average: boolean) {
  return {
    average: average ? 1 : 0,
    batch: info.batchSize,
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    channels: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    windowHeight: info.filterHeight,
    windowWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    taskChannels,
  }
}

function floats({ inputs }: KernelArguments): boolean {
  return Object.values(inputs).every(
    ({ dtype, shape }) => dtype === 'float32' && shape.length === 4,
  )
}

function pool(name: string, average: boolean): Kernel {
  return {
    name,
    run(call, fallback) {
      if (!floats(call)) return fallback(call)
      const { inputs, attrs, backend } = call
      const info = describe(attrs, inputs.x!.shape)
      const x = backend.address(inputs.x!)
      const result = backend.allocate(info.outShape, name)
      backend.engine.run(
        'pool',
        poolingParameters,
        { x, y: result.address, dy: 0, dx: 0, ...parameters(info, average) },
        info.batchSize * info.outHeight,
      )
      return result.info
    },
  }
}

function gradient(
  backend: AlexNetCpuBackend,
  info: Pooling,
  average: boolean,
  operands: { x: number; y: number; dy: number },
  name: string,
): tf.TensorInfo {
  const result = backend.allocate(info.inShape, name)
  backend.engine.run(
    'poolGradient',
    poolingParameters,
    { ...operands, dx: result.address, ...parameters(info, average) },
    info.batchSize * Math.ceil(info.inChannels / taskChannels),
  )
  return result.info
}

export const maxPool = pool('MaxPool', false)
export const avgPool = pool('AvgPool', true)

export const maxPoolGrad: Kernel = {
  name: 'MaxPoolGrad',
  run(call, fallback) {
    if (!floats(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const info = describe(attrs, inputs.input!.shape)
    const x = backend.address(inputs.input!)
    const y = backend.address(inputs.output!)
    const dy = backend.address(inputs.dy!)
    return gradient(backend, info, false, { x, y, dy }, 'maxPool gradient')
  },
}

export const avgPoolGrad: Kernel = {
  name: 'AvgPoolGrad',
  run(call, fallback) {
    if (!floats(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const info = describe(attrs, inputs.input!.shape)
    const dy = backend.address(inputs.dy!)
    return gradient(backend, info, true, { x: 0, y: 0, dy }, 'avgPool gradient')
  },
}
