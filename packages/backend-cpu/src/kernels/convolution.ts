// Convolution and its two gradients as matrix products over windows of an NHWC picture: any kernel,
// stride, padding and dilation. Patches are packed block by block inside the product, so no unrolled
// picture is ever made.

import * as tf from '@tensorflow/tfjs'
import {
  LEFT_PATCHES,
  LEFT_PATCHES_TRANSPOSED,
  LEFT_SPREAD,
  RIGHT_FILTER_TRANSPOSED,
  RIGHT_ROWS,
} from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'
import { activationFlags, multiply } from './matrix-product.ts'
import {
  winogradFilterGradient,
  winogradForward,
  winogradInputGradient,
  winogradPays,
} from './winograd.ts'

type Convolution = tf.backend_util.Conv2DInfo

function describe(
  attrs: Record<string, unknown>,
  pictureShape: number[],
  filterShape: number[],
): Convolution {
  return tf.backend_util.computeConv2DInfo(
    pictureShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides as number,
    (attrs.dilations as number | undefined) ?? 1,
    attrs.pad as number,
    attrs.dimRoundingMode as 'floor' | undefined,
  )
}

function geometry(info: Convolution) {
  return {
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    pictureChannels: info.inChannels,
    picturePixel: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    mapChannels: info.outChannels,
    mapPixel: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
  }
}

function covered({ inputs, attrs }: KernelArguments): boolean {
  return (
    attrs.dataFormat !== 'NCHW' &&
    Object.values(inputs).every(
      (input) => input === undefined || input === null || input.dtype === 'float32',
    )
  )
}

function forward(
  call: KernelArguments,
  operation: string,
  bias: tf.TensorInfo | undefined,
  activation: number,
) {
  const { inputs, attrs, backend } = call
  const info = describe(attrs, inputs.x!.shape, inputs.filter!.shape)
  const left = backend.address(inputs.x!)
  const right = backend.address(inputs.filter!)
  const start = bias ? backend.address(bias) : 0
  const result = backend.allocate(info.outShape, operation)
  if (backend.engine.winograd && winogradPays(info)) {
    const operands = { picture: left, filter: right, map: result.address, start, activation }
    // Outside of gradients the filter will most likely be used again as it is.
    const kept = tf.engine().state.gradientDepth === 0 ? inputs.filter : undefined
    winogradForward(backend, info, operands, kept)
    return result.info
  }
  multiply(backend.engine, {
    ...geometry(info),
    left,
    right,
    start,
    result: result.address,
    leftKind: LEFT_PATCHES,
    rightKind: RIGHT_ROWS,
    leftStride: 0,
    rightStride: info.outChannels,
    resultStride: info.outChannels,
    rows: info.batchSize * info.outHeight * info.outWidth,
    columns: info.outChannels,
    depth: info.filterHeight * info.filterWidth * info.inChannels,
    activation,
  })
  return result.info
}

export const conv2D: Kernel = {
  name: 'Conv2D',
  run: (call, fallback) => (covered(call) ? forward(call, 'conv2d', undefined, 0) : fallback(call)),
}

export const fusedConv2D: Kernel = {
  name: 'FusedConv2D',
  run(call, fallback) {
    const { inputs, attrs } = call
    const activation = activationFlags(attrs.activation)
    const { bias } = inputs
    const channelBias =
      !bias ||
      (bias.shape.at(-1) === inputs.filter!.shape[3] &&
        tf.util.sizeFromShape(bias.shape) === inputs.filter!.shape[3])
    if (!covered(call) || activation === undefined || !channelBias) return fallback(call)
    return forward(call, 'fused conv2d', bias, activation)
  },
}

export const conv2DBackpropInput: Kernel = {
  name: 'Conv2DBackpropInput',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const info = describe(attrs, attrs.inputShape as number[], inputs.filter!.shape)
    const left = backend.address(inputs.dy!)
    const right = backend.address(inputs.filter!)
    const result = backend.allocate(info.inShape, 'conv2d gradient of the input')
    if (backend.engine.winograd && winogradPays(info)) {
      winogradInputGradient(backend, info, { map: left, filter: right, picture: result.address })
      return result.info
    }
    multiply(backend.engine, {
      ...geometry(info),
      left,
      right,
      start: 0,
      result: result.address,
      leftKind: LEFT_SPREAD,
      rightKind: RIGHT_FILTER_TRANSPOSED,
      leftStride: 0,
      rightStride: info.outChannels,
      resultStride: info.inChannels,
      rows: info.batchSize * info.inHeight * info.inWidth,
      columns: info.inChannels,
      depth: info.filterHeight * info.filterWidth * info.outChannels,
      activation: 0,
    })
    return result.info
  },
}

export const conv2DBackpropFilter: Kernel = {
  name: 'Conv2DBackpropFilter',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const filterShape = attrs.filterShape as number[]
    const info = describe(attrs, inputs.x!.shape, filterShape)
    const left = backend.address(inputs.x!)
    const right = backend.address(inputs.dy!)
    const result = backend.allocate(filterShape, 'conv2d gradient of the filter')
    if (backend.engine.winograd && winogradPays(info)) {
      winogradFilterGradient(backend, info, { picture: left, map: right, filter: result.address })
      return result.info
    }
    multiply(backend.engine, {
      ...geometry(info),
      left,
      right,
      start: 0,
      result: result.address,
      leftKind: LEFT_PATCHES_TRANSPOSED,
      rightKind: RIGHT_ROWS,
      leftStride: 0,
      rightStride: info.outChannels,
      resultStride: info.outChannels,
      rows: info.filterHeight * info.filterWidth * info.inChannels,
      columns: info.outChannels,
      depth: info.batchSize * info.outHeight * info.outWidth,
      activation: 0,
    })
    return result.info
  },
}
