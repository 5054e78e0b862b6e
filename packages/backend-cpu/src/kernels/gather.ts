// GatherV2 of float32 tensors: runs of memory that whole numbers choose, as copies; and its gradient, which adds the
// runs up (an embedding's). And Pack and Unpack (tf.stack, tf.unstack), which are a concatenation and slices under
// other shapes.

import * as tf from '@tensorflow/tfjs'
import { concat, slice } from './copy.ts'
import type { Kernel } from './kernel.ts'

export const gatherV2: Kernel = {
  name: 'GatherV2',
  run(call, fallback) {
    const { attrs, backend } = call
    const { x, indices } = call.inputs as Record<'x' | 'indices', tf.TensorInfo>
    const batchDims = (attrs.batchDims as number | undefined) ?? 0
    const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
    if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return fallback(call)
    const shape = tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      batchDims,
    )
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shape
    const chosen = backend.readSync(indices.dataId) as Int32Array
    // tfjs says what is wrong with an index.
    if (chosen.length === 0 || chosen.some((index) => !(index >= 0 && index < dimSize))) {
      return fallback(call)
    }
    const source = backend.address(x)
    const { info, address } = backend.allocate(outputShape, 'gather')
    const { all } = backend.engine.memory
    const each = chosen.length / batchSize
    let to = address / 4
    for (let batch = 0; batch < batchSize; batch++) {
      for (let outer = 0; outer < outerSize; outer++) {
        const base = source / 4 + (batch * outerSize + outer) * dimSize * sliceSize
        for (let i = 0; i < each; i++, to += sliceSize) {
          const from = base + chosen[batch * each + i]! * sliceSize
          if (sliceSize === 1) all[to] = all[from]!
          else all.copyWithin(to, from, from + sliceSize)
        }
      }
    }
    return info
  },
}

/** tfjs multiplies the whole tensor by a mask for each segment; here each row is added to its own. */
export const unsortedSegmentSum: Kernel = {
  name: 'UnsortedSegmentSum',
  run(call, fallback) {
    const { attrs, backend } = call
    const { x, segmentIds } = call.inputs as Record<'x' | 'segmentIds', tf.TensorInfo>
    const numSegments = attrs.numSegments as number
    const rows = x.shape[0] ?? 0
    const shape = [numSegments, ...x.shape.slice(1)]
    const covered = x.dtype === 'float32' && segmentIds.dtype === 'int32'
    const sizes = tf.util.sizeFromShape(x.shape) * tf.util.sizeFromShape(shape)
    const ofRows = segmentIds.shape.length === 1 && segmentIds.shape[0] === rows
    if (!covered || !ofRows || sizes === 0) return fallback(call)
    const source = backend.address(x)
    const { info, address } = backend.allocate(shape, 'unsortedSegmentSum')
    const columns = tf.util.sizeFromShape(x.shape) / rows
    const { all } = backend.engine.memory
    const result = address / 4
    all.fill(0, result, result + numSegments * columns)
    const ids = backend.readSync(segmentIds.dataId) as Int32Array
    for (const [row, id] of ids.entries()) {
      // Of no segment, as in tfjs.
      if (id < 0 || id >= numSegments) continue
      const from = source / 4 + row * columns
      const to = result + id * columns
      for (let column = 0; column < columns; column++) all[to + column]! += all[from + column]!
    }
    return info
  },
}

export const pack: Kernel = {
  name: 'Pack',
  run(call, fallback) {
    const { attrs, backend } = call
    const parts = Object.values(call.inputs)
    const [first] = parts
    const same = parts.every(
      ({ dtype, shape }) => dtype === 'float32' && tf.util.arraysEqual(shape, first!.shape),
    )
    if (!same || parts.length < 2) return fallback(call)
    const axis = attrs.axis as number
    const shape = first!.shape.toSpliced(axis, 0, 1)
    const inputs = Object.fromEntries(parts.map((part, i) => [`${i}`, { ...part, shape }] as const))
    return concat.run({ backend, inputs, attrs: { axis } }, fallback)
  },
}

export const unpack: Kernel = {
  name: 'Unpack',
  run(call, fallback) {
    const { attrs, backend } = call
    const value = call.inputs.value!
    const axis = tf.util.parseAxisParam(attrs.axis as number, value.shape)[0]!
    if (value.dtype !== 'float32') return fallback(call)
    const size = value.shape.with(axis, 1)
    const shape = value.shape.toSpliced(axis, 1)
    return Array.from({ length: value.shape[axis]! }, (_, i) => {
      const begin = value.shape.map((_, a) => (a === axis ? i : 0))
      const part = slice.run({ backend, inputs: { x: value }, attrs: { begin, size } }, fallback)
      return { ...(part as tf.TensorInfo), shape }
    })
  },
}
