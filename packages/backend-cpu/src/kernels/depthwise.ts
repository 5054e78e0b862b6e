// Depthwise convolution of NHWC pictures, with a bias and an activation or without, and its two gradients. Other
// activations than ReLU and ReLU6, and other types, are tfjs's.

import { convolutionShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { DEPTHWISE_STRIP, depthwiseParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'
import { sumColumns } from './reduction.ts'

/** Tasks of a filter's gradient from which on the pictures need not be dealt into pieces. */
const ENOUGH_STRIPS = 8
const MOST_PIECES = 16

/** Bounds of the result by the activation's name. */
const bounds: Record<string, { least: number; most: number }> = {
  linear: { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY },
  relu: { least: 0, most: Number.POSITIVE_INFINITY },
  relu6: { least: 0, most: 6 },
}

function geometry(info: WindowShapes) {
  return {
    batch: info.batchSize,
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    channels: info.inChannels,
    multiplier: info.outChannels / info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    piecePictures: info.batchSize,
    taps: 0,
    tapsBytes: 0,
    start: 0,
    ...bounds.linear!,
  }
}

function covered({ inputs, attrs }: KernelArguments, shapes: readonly number[][]): boolean {
  return (
    attrs.dataFormat !== 'NCHW' &&
    shapes.every((shape) => shape.length === 4 && tf.util.sizeFromShape(shape) > 0) &&
    Object.values(inputs).every((input) => !input || input.dtype === 'float32')
  )
}

function shapesOf(
  { attrs }: KernelArguments,
  name: string,
  pictureShape: number[],
  filterShape: number[],
  mapShape?: number[],
): WindowShapes {
  if (pictureShape[3] !== filterShape[2]) {
    throw new Error(
      `${name}: ${pictureShape[3]} channels do not fit a filter [${filterShape}], whose third number is the channels`,
    )
  }
  return convolutionShapes({ name, attrs, pictureShape, filterShape, mapShape, depthwise: true })
}

function forward(name: string): Kernel {
  return {
    name,
    run(call, fallback) {
      const { inputs, attrs, backend } = call
      const { x, filter, bias } = inputs as Record<string, tf.TensorInfo>
      const limits = bounds[(attrs.activation as string | undefined) ?? 'linear']
      if (!limits || !covered(call, [x!.shape, filter!.shape])) return fallback(call)
      const info = shapesOf(call, name, x!.shape, filter!.shape)
      const ofMaps = (shape: number[]) =>
        shape.at(-1) === info.outChannels && tf.util.sizeFromShape(shape) === info.outChannels
      if (bias && !ofMaps(bias.shape)) return fallback(call)
      const picture = backend.address(x!)
      const weights = backend.address(filter!)
      const start = bias ? backend.address(bias) : 0
      const result = backend.allocate(info.outShape, name)
      const values = { ...geometry(info), ...limits, picture, filter: weights, start }
      backend.engine.run(
        'depthwise',
        depthwiseParameters,
        { ...values, map: result.address },
        info.batchSize * info.outHeight,
      )
      return result.info
    },
  }
}

export const depthwiseConv2D = forward('DepthwiseConv2dNative')
export const fusedDepthwiseConv2D = forward('FusedDepthwiseConv2D')

export const depthwiseConv2DBackpropInput: Kernel = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const { dy, filter } = inputs as Record<string, tf.TensorInfo>
    const inputShape = attrs.inputShape as number[]
    if (!covered(call, [inputShape, filter!.shape, dy!.shape])) return fallback(call)
    const info = shapesOf(call, this.name, inputShape, filter!.shape, dy!.shape)
    const operands = { map: backend.address(dy!), filter: backend.address(filter!) }
    const result = backend.allocate(info.inShape, 'depthwise gradient of the input')
    const tapsBytes = info.filterHeight * info.filterWidth * 8
    const taps = backend.engine.scratch(tapsBytes)
    backend.engine.run(
      'depthwisePicture',
      depthwiseParameters,
      { ...geometry(info), ...operands, picture: result.address, taps, tapsBytes },
      info.batchSize * info.inHeight,
    )
    return result.info
  },
}

export const depthwiseConv2DBackpropFilter: Kernel = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const { x, dy } = inputs as Record<string, tf.TensorInfo>
    const filterShape = attrs.filterShape as number[]
    if (!covered(call, [x!.shape, filterShape, dy!.shape])) return fallback(call)
    const info = shapesOf(call, this.name, x!.shape, filterShape, dy!.shape)
    const operands = { picture: backend.address(x!), map: backend.address(dy!) }
    const result = backend.allocate(filterShape, 'depthwise gradient of the filter')
    const strips = Math.ceil(info.outChannels / DEPTHWISE_STRIP)
    const wanted = strips < ENOUGH_STRIPS ? Math.min(info.batchSize, MOST_PIECES) : 1
    const piecePictures = Math.ceil(info.batchSize / wanted)
    const pieces = Math.ceil(info.batchSize / piecePictures)
    const size = tf.util.sizeFromShape(filterShape)
    const { memory } = backend.engine
    const partial = pieces > 1 ? memory.allocate(pieces * size * 4, () => 'pieces of a filter') : 0
    const filter = partial || result.address
    const values = { ...geometry(info), ...operands, filter, piecePictures }
    try {
      backend.engine.run('depthwiseFilter', depthwiseParameters, values, strips * pieces)
      if (partial) sumColumns(backend, partial, result.address, [1, pieces, size])
    } finally {
      if (partial) memory.free(partial)
    }
    return result.info
  },
}
