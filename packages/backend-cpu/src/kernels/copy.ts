// Slice, SplitV, Concat and PadV2 of float32 tensors as copies of strided rows: what grouped convolutions
// written as split and concat spend their time in.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { copyRowsParameters } from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

const TASK_ELEMENTS = 65536

interface Box {
  /** Address of the tensor that the box lies in and its shape. */
  address: number
  shape: number[]
  begin: number[]
}

/** Copies a box of the given size between two tensors. */
function copyBox(backend: AlexNetCpuBackend, from: Box, to: Box, size: number[]): void {
  const rank = size.length
  if (tf.util.sizeFromShape(size) === 0) return
  const fromStrides = strides(from.shape)
  const toStrides = strides(to.shape)
  // The innermost axes that are whole in both tensors, and one more, are one run of memory.
  let axis = rank
  let columns = 1
  while (
    axis > 0 &&
    columns === (fromStrides[axis - 1] ?? 1) &&
    columns === (toStrides[axis - 1] ?? 1)
  ) {
    axis--
    columns *= size[axis]!
  }
  // Axes above it whose steps continue each other in both tensors are rows of one strided copy.
  let rows = 1
  let rowAxis = axis
  let fromStride = columns
  let toStride = columns
  if (axis > 0) {
    rowAxis = axis - 1
    fromStride = fromStrides[rowAxis]!
    toStride = toStrides[rowAxis]!
    rows = size[rowAxis]!
    while (
      rowAxis > 0 &&
      fromStrides[rowAxis - 1] === fromStride * rows &&
      toStrides[rowAxis - 1] === toStride * rows
    ) {
      rowAxis--
      rows *= size[rowAxis]!
    }
  }
  const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / columns))
  const outer = size.slice(0, rowAxis)
  const index = new Array<number>(outer.length).fill(0)
  for (let n = tf.util.sizeFromShape(outer); n > 0; n--) {
    const offset = (box: Box, steps: number[]) =>
      box.begin.reduce((sum, start, a) => sum + (start + (index[a] ?? 0)) * steps[a]!, 0) * 4
    const values = {
      from: from.address + offset(from, fromStrides),
      to: to.address + offset(to, toStrides),
      rows,
      columns,
      fromStride,
      toStride,
      taskRows,
    }
    backend.engine.run('copyRows', copyRowsParameters, values, Math.ceil(rows / taskRows))
    for (let a = outer.length - 1; a >= 0; a--) {
      index[a]!++
      if (index[a]! < outer[a]!) break
      index[a] = 0
    }
  }
}

function strides(shape: number[]): number[] {
  const steps = new Array<number>(shape.length).fill(1)
  for (let axis = shape.length - 2; axis >= 0; axis--)
    steps[axis] = steps[axis + 1]! * shape[axis + 1]!
  return steps
}

const origin = (shape: number[]) => shape.map(() => 0)

function sliceOf(backend: AlexNetCpuBackend, x: tf.TensorInfo, begin: number[], size: number[]) {
  const source = backend.address(x)
  const { info, address } = backend.allocate(size, 'slice')
  const from = { address: source, shape: x.shape, begin }
  copyBox(backend, from, { address, shape: size, begin: origin(size) }, size)
  return info
}

export const slice: Kernel = {
  name: 'Slice',
  run(call, fallback) {
    const { attrs, backend } = call
    const x = call.inputs.x!
    if (x.dtype !== 'float32' || x.shape.length === 0) return fallback(call)
    const [begin, size] = tf.slice_util.parseSliceParams(
      x as tf.Tensor,
      attrs.begin as number[],
      attrs.size as number[],
    )
    tf.slice_util.assertParamsValid(x as tf.Tensor, begin!, size!)
    return sliceOf(backend, x, begin!, size!)
  },
}

export const splitV: Kernel = {
  name: 'SplitV',
  run(call, fallback) {
    const { attrs, backend } = call
    const x = call.inputs.x!
    if (x.dtype !== 'float32') return fallback(call)
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
    const sizes = tf.backend_util.prepareSplitSize(
      x as tf.Tensor,
      attrs.numOrSizeSplits as number[],
      axis,
    )
    const begin = origin(x.shape)
    return sizes.map((length) => {
      const size = x.shape.with(axis, length)
      const part = sliceOf(backend, x, [...begin], size)
      begin[axis]! += length
      return part
    })
  },
}

export const concat: Kernel = {
  name: 'Concat',
  run(call, fallback) {
    const { attrs, backend } = call
    const inputs = Object.values(call.inputs)
    if (!inputs.every(({ dtype }) => dtype === 'float32')) return fallback(call)
    const axis = tf.util.parseAxisParam(attrs.axis as number, inputs[0]!.shape)[0]!
    const shapes = inputs.map(({ shape }) => shape)
    tf.backend_util.assertParamsConsistent(shapes, axis)
    const shape = tf.backend_util.computeOutShape(shapes, axis)
    const parts = inputs.filter((part) => tf.util.sizeFromShape(part.shape) > 0)
    if (parts.length === 1) return backend.share(parts[0]!, shape)
    const sources = parts.map((part) => backend.address(part))
    const { info, address } = backend.allocate(shape, 'concat')
    const begin = origin(shape)
    parts.forEach((part, n) => {
      const from = { address: sources[n]!, shape: part.shape, begin: origin(shape) }
      copyBox(backend, from, { address, shape, begin }, part.shape)
      begin[axis]! += part.shape[axis]!
    })
    return info
  },
}

export const padV2: Kernel = {
  name: 'PadV2',
  run(call, fallback) {
    const { attrs, backend } = call
    const x = call.inputs.x!
    if (x.dtype !== 'float32' || x.shape.length === 0) return fallback(call)
    const paddings = attrs.paddings as [number, number][]
    const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1])
    const source = backend.address(x)
    const { info, address } = backend.allocate(shape, 'pad')
    backend.engine.memory
      .floats(address, tf.util.sizeFromShape(shape))
      .fill(attrs.constantValue as number)
    const to = { address, shape, begin: paddings.map(([before]) => before) }
    copyBox(backend, { address: source, shape: x.shape, begin: origin(shape) }, to, x.shape)
    return info
  },
}
