// Reductions of tensors without elements: tfjs's kernels reshape them to [NaN, 0] and fail. A sum of nothing is 0 (and,
// as tfjs has it elsewhere, a mean), a product 1, the largest −Infinity; where nothing is left to reduce to, the result
// is as empty.

import * as tf from '@tensorflow/tfjs'
import { type Kernel, type KernelArguments, stock } from './kernel.ts'

/** Result of a reduction of no elements, by kernel. */
const OF_NOTHING: Readonly<Record<string, number>> = {
  Sum: 0,
  Prod: 1,
  Mean: 0,
  Max: Number.NEGATIVE_INFINITY,
  Min: Number.POSITIVE_INFINITY,
  All: 1,
  Any: 0,
}

const nothing = ({ backend }: KernelArguments, shape: number[], dtype: tf.DataType) =>
  backend.makeTensorInfo(shape, dtype, new Float32Array(0))

const isEmpty = ({ shape }: tf.TensorInfo) => shape.includes(0)

const reduction = ([name, value]: [string, number]): Kernel => ({
  name,
  run(call, fallback) {
    const x = call.inputs.x!
    if (!isEmpty(x)) return fallback(call)
    const { axis, reductionIndices = axis, keepDims } = call.attrs
    const axes = tf.util.parseAxisParam((reductionIndices ?? null) as number[], x.shape)
    const [reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes)
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(reduced, axes) : reduced
    const dtype = name === 'Mean' ? 'float32' : x.dtype
    if (shape.includes(0)) return nothing(call, shape, dtype)
    const attrs = { shape, value, dtype }
    return stock('Fill', { ...call, inputs: {}, attrs }) as tf.TensorInfo
  },
})

export const reductionsOfNothing: readonly Kernel[] = Object.entries(OF_NOTHING).map(reduction)

export const softmax: Kernel = {
  name: 'Softmax',
  run(call, fallback) {
    const logits = call.inputs.logits!
    return isEmpty(logits) ? nothing(call, logits.shape, logits.dtype) : fallback(call)
  },
}
