// Max and average pooling of NHWC pictures and their gradients. The gradient of a maximum goes to the
// first largest element of its window; the gradient of a mean is spread over the pixels that the mean
// was taken of, also at a padded border, where tfjs divides by the whole window instead.

import { poolingShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { poolingParameters } from '../generated/layout.ts'
import { isRectified } from './elementwise.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Pictures from which on a gradient task is all of one, read from end to end. */
const MANY_PICTURES = 8
/** Of fewer, it is so many channels: two cache lines of each pixel. */
const STRIP = 32

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
    taskChannels: info.batchSize < MANY_PICTURES ? STRIP : info.inChannels,
    rectified: 0,
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

/**
 * The kernel of a gradient; that of a maximum looks at the picture and the map again. Of what ReLU has made it waits
 * for ReLU's own, which then costs nothing: the maximum itself says whether it is above zero.
 */
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
        ...parameters(info, average),
      }
      const tasks = info.batchSize * Math.ceil(info.inChannels / operands.taskChannels)
      const compute = (dx: number, rectified: 0 | 1) =>
        backend.engine.run('poolGradient', poolingParameters, { ...operands, dx, rectified }, tasks)
      if (!average && isRectified(input!)) {
        return backend.later(info.inShape, name, {
          of: [input!, output!, dy!],
          compute: (address) => compute(address, 0),
          through: { relu: input!, compute: (address) => compute(address, 1) },
        })
      }
      const result = backend.allocate(info.inShape, name)
      compute(result.address, 0)
      return result.info
    },
  }
}

export const maxPool = pool('MaxPool', false)
export const avgPool = pool('AvgPool', true)
export const maxPoolGrad = gradient('MaxPoolGrad', false)
export const avgPoolGrad = gradient('AvgPoolGrad', true)
