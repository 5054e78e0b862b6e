// Convolution and its gradients by programs of our own (convolution.glsl.ts): tfjs writes a matrix of all windows
// before it multiplies, and its gradient by the filter reads both factors anew for every product. Dilated
// convolutions, NCHW, and in the forward pass strides along a row and filters of one pixel, or wide ones, are tfjs's.

import * as tf from '@tensorflow/tfjs'
import {
  type Activation,
  filterProgram,
  half,
  type Info,
  inputProgram,
  mapProgram,
  mostTaps,
  sumProgram,
} from './convolution.glsl.ts'
import { type Kernel, stock } from './kernel.ts'

type Shape4 = [number, number, number, number]

interface Attributes {
  strides: [number, number] | number
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding
  dataFormat: 'NHWC' | 'NCHW'
  dilations?: [number, number] | number
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

function infoOf(inputShape: number[], filterShape: number[], attributes: Attributes): Info {
  const { strides, dilations = 1, pad, dimRoundingMode } = attributes
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    ...([strides, dilations, pad, dimRoundingMode] as const),
  )
}

type Call = Parameters<Kernel['run']>[0]

function forward(name: string, call: Call, activation: unknown, others: number) {
  const { inputs, attrs, backend } = call
  const { x, filter, bias } = inputs as { x: tf.TensorInfo } & Record<
    'filter' | 'bias',
    tf.TensorInfo
  >
  const attributes = attrs as unknown as Attributes
  if (attributes.dataFormat !== 'NHWC' || others > 0) return stock(name, call)
  const info = infoOf(x.shape, filter.shape, attributes)
  const { filterHeight, filterWidth, strideWidth, dilationHeight, dilationWidth } = info
  const covered =
    strideWidth === 1 &&
    dilationHeight * dilationWidth === 1 &&
    filterHeight * filterWidth > 1 &&
    filterWidth <= mostTaps &&
    ['linear', 'relu', 'relu6'].includes(activation as string) &&
    (!bias || (bias.shape.length === 1 && bias.shape[0] === info.outChannels))
  if (!covered) return stock(name, call)
  const program = mapProgram(info, Boolean(bias), activation as Activation)
  return backend.runWebGLProgram(program, [x, filter, ...(bias ? [bias] : [])], 'float32')
}

export const conv2D: Kernel = {
  name: 'Conv2D',
  run: (call) => forward('Conv2D', call, 'linear', 0),
}

export const fusedConv2D: Kernel = {
  name: 'FusedConv2D',
  run(call) {
    const { activation = 'linear' } = call.attrs
    return forward(
      'FusedConv2D',
      call,
      activation ?? 'linear',
      call.inputs.preluActivationWeights ? 1 : 0,
    )
  },
}

/** Texels that keep a device busy. */
const enoughTexels = 16384

export const filterGradient: Kernel = {
  name: 'Conv2DBackpropFilter',
  run(call) {
    const { inputs, attrs, backend } = call
    const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>
    const { filterShape, ...attributes } = attrs as unknown as Attributes & { filterShape: Shape4 }
    if (attributes.dataFormat !== 'NHWC') return stock('Conv2DBackpropFilter', call)
    const info = infoOf(x.shape, filterShape, attributes)
    const [height, width, channels, maps] = filterShape
    // A filter has few elements and each a deep sum, so that the pictures are shared out among several times as many.
    const texels = height * width * half(channels) * half(maps)
    const shares = Math.min(info.batchSize, Math.ceil(enoughTexels / texels))
    const parts = backend.runWebGLProgram(filterProgram(info, shares), [x, dy], 'float32')
    if (shares === 1) return parts
    const sums = backend.runWebGLProgram(sumProgram(filterShape, shares), [parts], 'float32')
    backend.disposeIntermediateTensorInfo(parts)
    return sums
  },
}

export const inputGradient: Kernel = {
  name: 'Conv2DBackpropInput',
  run(call) {
    const { inputs, attrs, backend } = call
    const { dy, filter } = inputs as Record<'dy' | 'filter', tf.TensorInfo>
    const { inputShape, ...attributes } = attrs as unknown as Attributes & { inputShape: Shape4 }
    if (attributes.dataFormat !== 'NHWC') return stock('Conv2DBackpropInput', call)
    const info = infoOf(inputShape, filter.shape, attributes)
    return backend.runWebGLProgram(inputProgram(info), [dy, filter], 'float32')
  },
}
