// Convolution and its two gradients as matrix products over windows of an NHWC picture: any kernel, stride,
// padding and dilation. Patches are found inside the product, so no unrolled picture is ever made.

import { convolutionShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { Kernel, KernelArguments } from './kernel.ts'
import { fusedActivation, multiply } from './matrix-product.ts'
import type { Geometry, Operands } from './product-operands.ts'

function geometryOf(info: WindowShapes): Geometry {
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

/** What a convolution or a gradient of one is as a product: all but what follows from its geometry. */
type Product = Pick<
  Operands,
  | 'left'
  | 'right'
  | 'start'
  | 'activation'
  | 'leftKind'
  | 'rightKind'
  | 'rows'
  | 'columns'
  | 'depth'
>

function compute(
  { backend }: KernelArguments,
  info: WindowShapes,
  resultShape: number[],
  product: Product,
): tf.TensorInfo {
  const result = backend.makeTensorInfo(resultShape, 'float32')
  multiply(backend, { ...product, result, geometry: geometryOf(info) })
  return result
}

function forward(call: KernelArguments, more: Pick<Product, 'start' | 'activation'> = {}) {
  const { x, filter } = call.inputs
  const info = convolutionShapes({
    name: 'conv2d',
    attrs: call.attrs,
    pictureShape: x!.shape,
    filterShape: filter!.shape,
  })
  return compute(call, info, info.outShape, {
    left: x!,
    right: filter!,
    leftKind: 'patches',
    rightKind: 'rows',
    ...more,
    rows: info.batchSize * info.outHeight * info.outWidth,
    columns: info.outChannels,
    depth: info.filterHeight * info.filterWidth * info.inChannels,
  })
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
    return forward(call, { start: bias ?? undefined, activation })
  },
}

export const conv2DBackpropInput: Kernel = {
  name: 'Conv2DBackpropInput',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { dy, filter } = call.inputs
    const info = convolutionShapes({
      name: 'Conv2DBackpropInput',
      attrs: call.attrs,
      pictureShape: call.attrs.inputShape as number[],
      filterShape: filter!.shape,
      mapShape: dy!.shape,
    })
    return compute(call, info, info.inShape, {
      left: dy!,
      right: filter!,
      leftKind: 'spread',
      rightKind: 'filter-transposed',
      rows: info.batchSize * info.inHeight * info.inWidth,
      columns: info.inChannels,
      depth: info.filterHeight * info.filterWidth * info.outChannels,
    })
  },
}

export const conv2DBackpropFilter: Kernel = {
  name: 'Conv2DBackpropFilter',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { x, dy } = call.inputs
    const filterShape = call.attrs.filterShape as number[]
    const info = convolutionShapes({
      name: 'Conv2DBackpropFilter',
      attrs: call.attrs,
      pictureShape: x!.shape,
      filterShape,
      mapShape: dy!.shape,
    })
    return compute(call, info, filterShape, {
      left: x!,
      right: dy!,
      leftKind: 'patches-transposed',
      rightKind: 'rows',
      rows: info.filterHeight * info.filterWidth * info.inChannels,
      columns: info.outChannels,
      depth: info.batchSize * info.outHeight * info.outWidth,
    })
  },
}
