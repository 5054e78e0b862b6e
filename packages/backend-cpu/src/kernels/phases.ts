// Convolutions with a stride by Winograd's method. One of 11×11 that moves by four pixels is one of 3×3 that moves by
// one over the 48 channels of squares of 4×4 pixels, its filter padded to 12×12: 432 multiplications an output and
// filter, of which Winograd's method leaves 112 (the gradient's 92) where the direct product takes 363. Only forward and the filter's
// gradient: the input gradient of a first layer is rarely asked for.

import type * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { phasesParameters } from '../generated/layout.ts'
import {
  type GroupOperands,
  winogradFilterGradient,
  winogradForward,
  winogradPays,
} from './winograd.ts'

type Convolution = tf.backend_util.Conv2DInfo

/** The convolution over squares that one with a stride is; undefined where that has no use. */
export function convolutionOfPhases(info: Convolution, groups: number): Convolution | undefined {
  const { strideHeight: stride, filterHeight, filterWidth, padInfo } = info
  const isSquare = stride === info.strideWidth && filterHeight === filterWidth
  const isPlain = info.dilationHeight === 1 && info.dilationWidth === 1
  if (groups !== 1 || stride === 1 || !isSquare || !isPlain) return undefined
  if (padInfo.top < 0 || padInfo.left < 0) return undefined
  const size = filterHeight <= 3 * stride ? 3 : 5
  if (filterHeight > size * stride) return undefined
  const inChannels = stride * stride * info.inChannels
  const squares: Convolution = {
    ...info,
    inHeight: info.outHeight + size - 1,
    inWidth: info.outWidth + size - 1,
    inChannels,
    filterHeight: size,
    filterWidth: size,
    effectiveFilterHeight: size,
    effectiveFilterWidth: size,
    strideHeight: 1,
    strideWidth: 1,
    padInfo: { top: 0, left: 0, bottom: 0, right: 0, type: 'VALID' },
  }
  const share = (filterHeight * filterWidth * info.inChannels) / (size * size * inChannels)
  return winogradPays(squares, 1, share) ? squares : undefined
}

/** Calls `use` with the picture by squares. */
function withSquares(
  { engine }: AlexNetCpuBackend,
  info: Convolution,
  squares: Convolution,
  picture: number,
  use: (address: number) => void,
): void {
  const { batchSize, inHeight: rows, inWidth: columns, inChannels } = squares
  const result = engine.memory.allocate(
    batchSize * rows * columns * inChannels * 4,
    () => 'convolution: its picture by phases',
  )
  try {
    const values = {
      picture,
      result,
      height: info.inHeight,
      width: info.inWidth,
      channels: info.inChannels,
      stride: info.strideHeight,
      padTop: info.padInfo.top,
      padLeft: info.padInfo.left,
      rows,
      columns,
    }
    engine.run('phases', phasesParameters, values, batchSize * rows)
    use(result)
  } finally {
    engine.memory.free(result)
  }
}

const filterFloats = ({ filterHeight, filterWidth, inChannels, outChannels }: Convolution) =>
  filterHeight * filterWidth * inChannels * outChannels

/** Calls `each` with where a pixel's row of a filter lies in it, where in the filter over squares, and its floats. */
function eachTap(
  info: Convolution,
  squares: Convolution,
  each: (place: number, placeBySquares: number, floats: number) => void,
): void {
  const { filterHeight: size, strideHeight: stride } = info
  const floats = info.inChannels * info.outChannels
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const tap = Math.floor(y / stride) * squares.filterWidth + Math.floor(x / stride)
      const phase = (y % stride) * stride + (x % stride)
      each((y * size + x) * floats, (tap * stride * stride + phase) * floats, floats)
    }
  }
}

/** map = activation(start + picture * filter). @param filter its tensor, if its transform is to be kept with it */
export function phasesForward(
  backend: AlexNetCpuBackend,
  info: Convolution,
  squares: Convolution,
  operands: GroupOperands & { start: number; activation: number },
  filter?: tf.TensorInfo,
): void {
  const { memory } = backend.engine
  const floats = filterFloats(squares)
  const bySquares = memory.allocate(floats * 4, () => 'convolution: its filter by phases')
  try {
    const all = memory.all
    all.fill(0, bySquares / 4, bySquares / 4 + floats)
    eachTap(info, squares, (place, placeBySquares, count) => {
      const from = operands.filter / 4 + place
      all.copyWithin(bySquares / 4 + placeBySquares, from, from + count)
    })
    const kept = filter && { filter, part: `by ${info.strideHeight}` }
    withSquares(backend, info, squares, operands.picture, (picture) => {
      // A first layer's digits are those of all that follows.
      const fine = { ...operands, picture, filter: bySquares, fine: true }
      winogradForward(backend, squares, 1, fine, kept)
    })
  } finally {
    memory.free(bySquares)
  }
}

/** The gradient of the filter. */
export function phasesFilterGradient(
  backend: AlexNetCpuBackend,
  info: Convolution,
  squares: Convolution,
  operands: GroupOperands,
): void {
  const { memory } = backend.engine
  const filter = memory.allocate(
    filterFloats(squares) * 4,
    () => 'convolution gradient: its filter by phases',
  )
  try {
    withSquares(backend, info, squares, operands.picture, (picture) => {
      winogradFilterGradient(backend, squares, 1, { ...operands, picture, filter })
    })
    const all = memory.all
    eachTap(info, squares, (place, placeBySquares, count) => {
      const from = filter / 4 + placeBySquares
      all.copyWithin(operands.filter / 4 + place, from, from + count)
    })
  } finally {
    memory.free(filter)
  }
}
