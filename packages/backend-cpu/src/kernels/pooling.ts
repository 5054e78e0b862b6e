// Max and average pooling of NHWC pictures and their gradients. The gradient of a maximum goes to the
// first largest element of its window; the gradient of a mean is spread over the pixels that the mean
// was taken of, also at a padded border, where tfjs divides by the whole window instead.

import { poolingShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { poolingParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Channels of a gradient task: two cache lines of each pixel. */
const TASK_CHANNELS = 32

function parameters(info: WindowShapes, average: boolean) {
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
    taskChannels: TASK_CHANNELS,
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
      const info = poolingShapes({ name, attrs, pictureShape: inputs.x!.shape })
      const { filterHeight, filterWidth, padInfo } = info
      const { top, bottom, left, right } = padInfo
      const single = filterHeight * filterWidth === 1 && top + bottom + left + right === 0
      // Every pixel for itself: tfjs gives the input on, without a copy.
      if (single && tf.util.arraysEqual(info.inShape, info.outShape)) return fallback(call)
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

/** The kernel of a gradient; that of a maximum looks at the picture and the map again. */
function gradient(name: string, average: boolean): Kernel {
  return {
    name,
    run(call, fallback) {
      if (!floats(call)) return fallback(call)
      const { inputs, attrs, backend } = call
      const { input, output, dy } = inputs as Record<string, tf.TensorInfo>
      const info = poolingShapes({
        name,
        attrs,
        pictureShape: input!.shape,
        mapShape: dy!.shape,
      })
      if (!average) tf.util.assertShapesMatch(output!.shape, dy!.shape, `${name}: `)
      const operands = {
        x: average ? 0 : backend.address(input!),
        y: average ? 0 : backend.address(output!),
        dy: backend.address(dy!),
      }
      const result = backend.allocate(info.inShape, name)
      backend.engine.run(
        'poolGradient',
        poolingParameters,
        { ...operands, dx: result.address, ...parameters(info, average) },
        info.batchSize * Math.ceil(info.inChannels / TASK_CHANNELS),
      )
      return result.info
    },
  }
}

export const maxPool = pool('MaxPool', false)
export const avgPool = pool('AvgPool', true)
export const maxPoolGrad = gradient('MaxPoolGrad', false)
export const avgPoolGrad = gradient('AvgPoolGrad', true)
