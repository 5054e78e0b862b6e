// Convolution and its two gradients as matrix products over windows of an NHWC picture: any kernel,
// stride, padding, dilation and number of groups. Patches are packed block by block inside the product,
// so no unrolled picture is ever made. tfjs knows no groups, so for those there are three kernels that it
// does not have: GroupedConv2D and its two gradients, with the inputs and attributes of tfjs's own and
// `groups`; the filter is [height, width, channels / groups, maps], group after group along the maps.

import { convolutionShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import {
  LEFT_PATCHES,
  LEFT_PATCHES_TRANSPOSED,
  LEFT_SPREAD,
  RELU,
  RIGHT_FILTER_TRANSPOSED,
  RIGHT_ROWS,
} from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'
import { activationFlags, multiply } from './matrix-product.ts'
import { convolutionOfPhases, phasesFilterGradient, phasesForward } from './phases.ts'
import { sumColumns } from './reduction.ts'
import {
  type GroupOperands,
  winogradFilterGradient,
  winogradForward,
  winogradInputGradient,
  winogradPays,
} from './winograd.ts'

/** Pieces that a direct filter gradient's pictures are dealt into: for so many threads at most. */
const MOST_PIECES = 16
/** Floats of all pieces' products: larger filters are cut into tasks enough. */
const PIECES_FLOATS = 2 ** 19

/** Geometry of one group; its addresses are those of its first channel and map. */
function geometry(info: WindowShapes, groups: number) {
  return {
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    pictureChannels: info.inChannels / groups,
    picturePixel: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    mapChannels: info.outChannels / groups,
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

/** Each group's first addresses of a convolution's operands. */
function byGroup(info: WindowShapes, groups: number, operands: GroupOperands): GroupOperands[] {
  const [channelBytes, mapBytes] = [(info.inChannels / groups) * 4, (info.outChannels / groups) * 4]
  return Array.from({ length: groups }, (_, group) => ({
    picture: operands.picture + group * channelBytes,
    filter: operands.filter + group * mapBytes,
    map: operands.map + group * mapBytes,
  }))
}

function covered({ inputs, attrs }: KernelArguments): boolean {
  return (
    attrs.dataFormat !== 'NCHW' &&
    Object.values(inputs).every(
      (input) => input === undefined || input === null || input.dtype === 'float32',
    )
  )
}

function groupsOf({ attrs }: KernelArguments): number {
  return (attrs.groups as number | undefined) ?? 1
}

/** Addresses of a whole convolution's operands; start 0 is no bias. */
interface Operands extends GroupOperands {
  start: number
  activation: number
}

function requireGroups(info: WindowShapes, filterShape: readonly number[], groups: number): void {
  if (info.inChannels === filterShape[2]! * groups && info.outChannels % groups === 0) return
  throw new Error(
    `convolution: ${info.inChannels} channels in ${groups} groups do not fit a filter [${filterShape}], ` +
      `whose third number is channels / groups and whose fourth is a multiple of groups`,
  )
}

function forward(
  call: KernelArguments,
  operation: string,
  bias: tf.TensorInfo | undefined,
  activation: number,
) {
  const { inputs, attrs, backend } = call
  const groups = groupsOf(call)
  const info = convolutionShapes({
    name: operation,
    attrs,
    pictureShape: inputs.x!.shape,
    filterShape: inputs.filter!.shape,
  })
  requireGroups(info, inputs.filter!.shape, groups)
  const picture = backend.address(inputs.x!)
  const filter = backend.address(inputs.filter!)
  const start = bias ? backend.address(bias) : 0
  // Outside of gradients the filter will most likely be used again as it is.
  const keeps = tf.engine().state.gradientDepth === 0
  const compute = (map: number, flags: number) =>
    convolve(backend, info, groups, {
      operands: { picture, filter, map, start, activation: flags },
      kept: keeps ? inputs.filter! : undefined,
    })
  // In training ReLU comes as an operation of its own, and nothing asks for what came before it.
  if (!keeps && activation === 0) {
    return backend.later(info.outShape, operation, {
      of: [inputs.x!, inputs.filter!, ...(bias ? [bias] : [])],
      compute: (address) => compute(address, 0),
      rectified: (address) => compute(address, RELU),
    })
  }
  const result = backend.allocate(info.outShape, operation)
  compute(result.address, activation)
  return result.info
}

/** Writes the map of a convolution, with bias and activation. */
function convolve(
  backend: AlexNetCpuBackend,
  info: WindowShapes,
  groups: number,
  { operands, kept }: { operands: Operands; kept: tf.TensorInfo | undefined },
): void {
  const squares = backend.engine.winograd ? convolutionOfPhases(info, groups) : undefined
  if (squares) {
    phasesForward(backend, info, squares, operands, kept)
    return
  }
  const { start, activation } = operands
  const maps = info.outChannels / groups
  for (const [group, part] of byGroup(info, groups, operands).entries()) {
    const ownStart = start ? start + group * maps * 4 : 0
    if (backend.engine.winograd && winogradPays(info, groups)) {
      const own = { ...part, start: ownStart, activation }
      winogradForward(backend, info, groups, own, kept && { filter: kept, part: `${group}` })
      continue
    }
    multiply(backend.engine, {
      ...geometry(info, groups),
      left: part.picture,
      right: part.filter,
      start: ownStart,
      result: part.map,
      leftKind: LEFT_PATCHES,
      rightKind: RIGHT_ROWS,
      leftStride: 0,
      rightStride: info.outChannels,
      resultStride: info.outChannels,
      rows: info.batchSize * info.outHeight * info.outWidth,
      columns: maps,
      depth: (info.filterHeight * info.filterWidth * info.inChannels) / groups,
      activation,
    })
  }
}

export const conv2D: Kernel = {
  name: 'Conv2D',
  run: (call, fallback) => (covered(call) ? forward(call, 'conv2d', undefined, 0) : fallback(call)),
}

function withBias(name: string): Kernel {
  return {
    name,
    run(call, fallback) {
      const { inputs, attrs } = call
      const activation = activationFlags(attrs.activation)
      const { bias } = inputs
      const channelBias =
        !bias ||
        (bias.shape.at(-1) === inputs.filter!.shape[3] &&
          tf.util.sizeFromShape(bias.shape) === inputs.filter!.shape[3])
      if (!covered(call) || activation === undefined || !channelBias) return fallback(call)
      return forward(call, name, bias, activation)
    },
  }
}

export const fusedConv2D = withBias('FusedConv2D')
export const groupedConv2D = withBias('GroupedConv2D')

function inputGradient(name: string): Kernel {
  return {
    name,
    run(call, fallback) {
      if (!covered(call)) return fallback(call)
      const { inputs, attrs, backend } = call
      const groups = groupsOf(call)
      const info = convolutionShapes({
        name,
        attrs,
        pictureShape: attrs.inputShape as number[],
        filterShape: inputs.filter!.shape,
        mapShape: inputs.dy!.shape,
      })
      requireGroups(info, inputs.filter!.shape, groups)
      const map = backend.address(inputs.dy!)
      const filter = backend.address(inputs.filter!)
      const result = backend.allocate(info.inShape, 'conv2d gradient of the input')
      for (const part of byGroup(info, groups, { picture: result.address, filter, map })) {
        if (backend.engine.winograd && winogradPays(info, groups)) {
          winogradInputGradient(backend, info, groups, part)
          continue
        }
        multiply(backend.engine, {
          ...geometry(info, groups),
          left: part.map,
          right: part.filter,
          start: 0,
          result: part.picture,
          leftKind: LEFT_SPREAD,
          rightKind: RIGHT_FILTER_TRANSPOSED,
          leftStride: 0,
          rightStride: info.outChannels,
          resultStride: info.inChannels,
          rows: info.batchSize * info.inHeight * info.inWidth,
          columns: info.inChannels / groups,
          depth: (info.filterHeight * info.filterWidth * info.outChannels) / groups,
          activation: 0,
        })
      }
      return result.info
    },
  }
}

export const conv2DBackpropInput = inputGradient('Conv2DBackpropInput')
export const groupedConv2DBackpropInput = inputGradient('GroupedConv2DBackpropInput')

function filterGradient(name: string): Kernel {
  return {
    name,
    run(call, fallback) {
      if (!covered(call)) return fallback(call)
      const { inputs, attrs, backend } = call
      const groups = groupsOf(call)
      const filterShape = attrs.filterShape as number[]
      const info = convolutionShapes({
        name,
        attrs,
        pictureShape: inputs.x!.shape,
        filterShape,
        mapShape: inputs.dy!.shape,
      })
      requireGroups(info, filterShape, groups)
      const picture = backend.address(inputs.x!)
      const map = backend.address(inputs.dy!)
      const result = backend.allocate(filterShape, 'conv2d gradient of the filter')
      const operands = { picture, filter: result.address, map }
      const squares = backend.engine.winograd ? convolutionOfPhases(info, groups) : undefined
      if (info.batchSize * info.outHeight * info.outWidth === 0) {
        const length = tf.util.sizeFromShape(filterShape)
        backend.engine.memory.floats(result.address, length).fill(0)
      } else if (squares) {
        phasesFilterGradient(backend, info, squares, operands)
      } else if (backend.engine.winograd && winogradPays(info, groups)) {
        for (const part of byGroup(info, groups, operands)) {
          winogradFilterGradient(backend, info, groups, part)
        }
      } else {
        directFilterGradient(backend, info, groups, operands)
      }
      return result.info
    },
  }
}

/**
 * Products over all positions of all pictures. A filter of few numbers gives too few tasks, so the
 * pictures are then dealt into pieces whose products are added up.
 */
function directFilterGradient(
  backend: AlexNetCpuBackend,
  info: WindowShapes,
  groups: number,
  { picture, filter, map }: GroupOperands,
): void {
  const { engine } = backend
  const { batchSize, outHeight, outWidth, outChannels } = info
  const rows = (info.filterHeight * info.filterWidth * info.inChannels) / groups
  const columns = outChannels / groups
  const size = rows * outChannels
  const wanted = Math.max(1, Math.floor(PIECES_FLOATS / size))
  const pictures = Math.ceil(batchSize / Math.min(batchSize, wanted, MOST_PIECES))
  const pieces = Math.ceil(batchSize / pictures)
  const partial =
    pieces > 1 ? engine.memory.allocate(pieces * size * 4, () => 'pieces of a filter gradient') : 0
  const leftBatch = pictures * info.inHeight * info.inWidth * info.inChannels
  const rightBatch = pictures * outHeight * outWidth * outChannels
  /** The products of pieces that have as many pictures. */
  const multiplyPieces = (first: number, count: number, each: number) => {
    if (count === 0) return
    const from = {
      picture: picture + first * leftBatch * 4,
      filter: (partial || filter) + first * size * 4,
      map: map + first * rightBatch * 4,
    }
    for (const part of byGroup(info, groups, from)) {
      const operands = {
        ...geometry(info, groups),
        left: part.picture,
        right: part.map,
        start: 0,
        result: part.filter,
        leftKind: LEFT_PATCHES_TRANSPOSED,
        rightKind: RIGHT_ROWS,
        leftStride: 0,
        rightStride: outChannels,
        resultStride: outChannels,
        rows,
        columns,
        depth: each * outHeight * outWidth,
        activation: 0,
      }
      multiply(engine, { ...operands, leftBatch, rightBatch, resultBatch: size }, count)
    }
  }
  try {
    const whole = Math.floor(batchSize / pictures)
    multiplyPieces(0, whole, pictures)
    multiplyPieces(whole, pieces - whole, batchSize - whole * pictures)
    if (partial) sumColumns(backend, partial, filter, [1, pieces, size])
  } finally {
    if (partial) engine.memory.free(partial)
  }
}

export const conv2DBackpropFilter = filterGradient('Conv2DBackpropFilter')
export const groupedConv2DBackpropFilter = filterGradient('GroupedConv2DBackpropFilter')
