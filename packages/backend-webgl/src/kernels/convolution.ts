// Convolution and its gradients by programs of our own (convolution.glsl.ts): tfjs writes a matrix of all windows
// before it multiplies, and its gradient by the filter reads both factors anew for every product. Dilated
// convolutions, NCHW, and in the forward pass strides along a row and filters of one pixel, or wide ones, are tfjs's.
//
// GroupedConv2D and its two gradients, which tfjs does not have, take the inputs and attributes of those without
// groups, and `groups`; a filter is [height, width, channels / groups, maps]. Groups are cut apart where a texel would
// hold channels of two, and for what is tfjs's.

import { convolutionShapes } from '@alexnet/backend/kernels'
import type * as tf from '@tensorflow/tfjs'
import {
  type Activation,
  filterProgram,
  type GroupedInfo,
  half,
  inputProgram,
  MOST_TAPS,
  mapProgram,
  sumProgram,
} from './convolution.glsl.ts'
import { type Kernel, stock, zeros } from './kernel.ts'

type Shape4 = [number, number, number, number]
type Call = Parameters<Kernel['run']>[0]

interface Attributes {
  dataFormat: 'NHWC' | 'NCHW'
  groups?: number
  activation?: string | null
}

/** Sizes of an NHWC convolution. @throws Error when the groups, or a gradient's map, do not fit */
function infoOf(
  name: string,
  pictureShape: number[],
  filterShape: number[],
  attrs: Call['attrs'],
  mapShape?: number[],
): GroupedInfo {
  const { groups = 1 } = attrs as unknown as Attributes
  const info = convolutionShapes({ name, attrs, pictureShape, filterShape, mapShape })
  if (info.inChannels !== filterShape[2]! * groups || info.outChannels % groups !== 0) {
    throw new Error(
      `convolution: ${info.inChannels} channels in ${groups} groups do not fit a filter [${filterShape}], ` +
        'whose third number is channels / groups and whose fourth is a multiple of groups',
    )
  }
  return { ...info, groups }
}

/** Whether each texel holds channels, or maps, of one group. */
const groupsFit = ({ inChannels, outChannels, groups }: GroupedInfo) =>
  groups === 1 || (inChannels % (2 * groups) === 0 && outChannels % (2 * groups) === 0)

const isGrouped = ({ attrs }: Call) => ((attrs as unknown as Attributes).groups ?? 1) > 1

/** Runs a kernel on each group's part of all inputs, and joins the results; `shape` names the shape in `attrs`. */
function byGroups(kernel: Kernel, { inputs, attrs, backend }: Call, shape?: string): tf.TensorInfo {
  const { groups, ...rest } = attrs as { groups: number }
  const partOf = (sizes: number[]) => sizes.with(-1, sizes.at(-1)! / groups)
  const own = shape ? { [shape]: partOf((attrs as Record<string, number[]>)[shape]!) } : {}
  const results = Array.from({ length: groups }, (_, group) => {
    // A bias that there is not is undefined.
    const given = Object.entries(inputs).filter(([, x]) => x)
    const parts = given.map(([name, x]) => {
      const size = partOf(x.shape)
      const begin = x.shape.map(() => 0).with(-1, group * size.at(-1)!)
      const part = stock('Slice', { inputs: { x }, attrs: { begin, size }, backend })
      return [name, part as tf.TensorInfo] as const
    })
    const call = { inputs: Object.fromEntries(parts), attrs: { ...rest, ...own }, backend }
    const result = kernel.run(call, (own) => stock(kernel.name, own)) as tf.TensorInfo
    for (const [, part] of parts) backend.disposeIntermediateTensorInfo(part)
    return result
  })
  // tfjs takes what it joins as a list.
  const list = results as unknown as Record<string, tf.TensorInfo>
  const joined = stock('Concat', { inputs: list, attrs: { axis: 3 }, backend }) as tf.TensorInfo
  for (const result of results) backend.disposeIntermediateTensorInfo(result)
  return joined
}

function forward(name: string, call: Call): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, backend } = call
  const { dataFormat, activation } = attrs as unknown as Attributes
  const { x, filter, bias, preluActivationWeights } = inputs as Record<string, tf.TensorInfo>
  if (dataFormat !== 'NHWC' || preluActivationWeights) return stock(name, call)
  const info = infoOf(name, x!.shape, filter!.shape, attrs)
  const covered =
    info.strideWidth === 1 &&
    info.dilationHeight * info.dilationWidth === 1 &&
    info.filterHeight * info.filterWidth > 1 &&
    info.filterWidth <= MOST_TAPS &&
    ['linear', 'relu', 'relu6'].includes(activation ?? 'linear') &&
    (!bias || (bias.shape.length === 1 && bias.shape[0] === info.outChannels))
  if (!covered || !groupsFit(info)) {
    return isGrouped(call) ? byGroups(fusedConv2D, call) : stock(name, call)
  }
  const program = mapProgram(info, Boolean(bias), (activation ?? 'linear') as Activation)
  return backend.runWebGLProgram(program, [x!, filter!, ...(bias ? [bias] : [])], 'float32')
}

export const conv2D: Kernel = { name: 'Conv2D', run: (call) => forward('Conv2D', call) }
export const fusedConv2D: Kernel = {
  name: 'FusedConv2D',
  run: (call) => forward('FusedConv2D', call),
}
export const groupedConv2D: Kernel = { ...fusedConv2D, name: 'GroupedConv2D' }

/** Texels that keep a device busy. */
const ENOUGH_TEXELS = 16384

export const conv2DBackpropFilter: Kernel = {
  name: 'Conv2DBackpropFilter',
  run(call) {
    const { inputs, attrs, backend } = call
    const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>
    if (attrs.dataFormat !== 'NHWC') return stock('Conv2DBackpropFilter', call)
    const shape = attrs.filterShape as Shape4
    const info = infoOf('Conv2DBackpropFilter', x.shape, shape, attrs, dy.shape)
    if (info.batchSize * info.outHeight * info.outWidth === 0) return zeros(call, shape)
    if (!groupsFit(info)) return byGroups(conv2DBackpropFilter, call, 'filterShape')
    // A filter has few elements and each a deep sum, so that the pictures are shared out among several times as many.
    const texels = shape[0] * shape[1] * half(shape[2]) * half(shape[3])
    const shares = Math.min(info.batchSize, Math.ceil(ENOUGH_TEXELS / texels))
    const parts = backend.runWebGLProgram(filterProgram(info, shares), [x, dy], 'float32')
    if (shares === 1) return parts
    const sums = backend.runWebGLProgram(sumProgram(shape, shares), [parts], 'float32')
    backend.disposeIntermediateTensorInfo(parts)
    return sums
  },
}

export const groupedConv2DBackpropFilter: Kernel = {
  ...conv2DBackpropFilter,
  name: 'GroupedConv2DBackpropFilter',
}

export const conv2DBackpropInput: Kernel = {
  name: 'Conv2DBackpropInput',
  run(call) {
    const { inputs, attrs, backend } = call
    const { dy, filter } = inputs as Record<'dy' | 'filter', tf.TensorInfo>
    if (attrs.dataFormat !== 'NHWC') return stock('Conv2DBackpropInput', call)
    const info = infoOf(
      'Conv2DBackpropInput',
      attrs.inputShape as Shape4,
      filter.shape,
      attrs,
      dy.shape,
    )
    if (info.outHeight * info.outWidth === 0) return zeros(call, info.inShape)
    if (!groupsFit(info)) return byGroups(conv2DBackpropInput, call, 'inputShape')
    return backend.runWebGLProgram(inputProgram(info), [dy, filter], 'float32')
  },
}

export const groupedConv2DBackpropInput: Kernel = {
  ...conv2DBackpropInput,
  name: 'GroupedConv2DBackpropInput',
}
