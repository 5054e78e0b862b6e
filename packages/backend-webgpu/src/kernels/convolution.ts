// Convolution and its two gradients as matrix products over windows of an NHWC picture: any kernel, stride,
// padding and dilation. Patches are found inside the product, so no unrolled picture is ever made.

import * as tf from '@tensorflow/tfjs'
import type { Kernel, KernelArguments } from './kernel.ts'
import { fusedActivation, multiply } from './matrix-product.ts'
import type { Activation, Geometry } from './product-operands.ts'

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

function geometryOf(info: Convolution): Geometry {
  return {
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    pictureChannels: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    mapChannels: info.outChannels,
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
  { inputs, attrs, backend }: KernelArguments,
  start?: tf.TensorInfo,
  activation?: Activation,
) {
  const info = describe(attrs, inputs.x!.shape, inputs.filter!.shape)
  const result = backend.makeTensorInfo(info.outShape, 'float32')
  multiply(backend, {
    ...{ left: inputs.x!, right: inputs.filter!, result, start, activation },
    leftKind: 'patches',
    rightKind: 'rows',
    rows: info.batchSize * info.outHeight * info.outWidth,
    columns: info.outChannels,
    depth: info.filterHeight * info.filterWidth * info.inChannels,
    geometry: geometryOf(info),
  })
  return result
}

export const conv2D: Kernel = {
  name: 'Conv2D',
  run: (call, fallback) => (covered(call) ? forward(call) : fallback(call)),
}

export const fusedConv2D: Kernel = {
  name: 'FusedConv2D',
  run(call, fallback) {
    const { inputs, attrs } = call
    const activation = fusedActivation(attrs.activation)
    const { bias } = inputs
    const channels = inputs.filter!.shape[3]
    const channelBias =
      !bias || (bias.shape.at(-1) === channels && tf.util.sizeFromShape(bias.shape) === channels)
    if (!covered(call) || activation === undefined || !channelBias) return fallback(call)
    return forward(call, bias ?? undefined, activation)
  },
}

export const conv2DBackpropInput: Kernel = {
  name: 'Conv2DBackpropInput',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const info = describe(attrs, attrs.inputShape as number[], inputs.filter!.shape)
    const result = backend.makeTensorInfo(info.inShape, 'float32')
    multiply(backend, {
      ...{ left: inputs.dy!, right: inputs.filter!, result },
      leftKind: 'spread',
      rightKind: 'filter-transposed',
      rows: info.batchSize * info.inHeight * info.inWidth,
      columns: info.inChannels,
      depth: info.filterHeight * info.filterWidth * info.outChannels,
      geometry: geometryOf(info),
    })
    return result
  },
}

export const conv2DBackpropFilter: Kernel = {
  name: 'Conv2DBackpropFilter',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { inputs, attrs, backend } = call
    const filterShape = attrs.filterShape as number[]
    const info = describe(attrs, inputs.x!.shape, filterShape)
    const result = backend.makeTensorInfo(filterShape, 'float32')
    multiply(backend, {
      ...{ left: inputs.x!, right: inputs.dy!, result },
      leftKind: 'patches-transposed',
      rightKind: 'rows',
      rows: info.filterHeight * info.filterWidth * info.inChannels,
      columns: info.outChannels,
      depth: info.batchSize * info.outHeight * info.outWidth,
      geometry: geometryOf(info),
    })
    return result
  },
}
