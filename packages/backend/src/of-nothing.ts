// Kernels for tensors without elements, which tfjs's WebGL reshapes to [NaN, 0] and its WebGPU gives other shapes. A sum
// of nothing is 0 (and, as tfjs's cpu backend has it, a mean), a product 1, the largest −Infinity; where nothing is left
// to reduce to, the result is as empty.

import * as tf from '@tensorflow/tfjs'
import type { Kernel } from './kernel.ts'

/** What these kernels need of a backend. */
type Made = Pick<tf.MathBackendCPU, 'makeTensorInfo'>

/** Result of a reduction of no elements, by tfjs's name of the kernel. */
const OF_NOTHING = {
  Sum: 0,
  Mean: 0,
  Prod: 1,
  Max: Number.NEGATIVE_INFINITY,
  Min: Number.POSITIVE_INFINITY,
  All: 1,
  Any: 0,
} as const

const isEmpty = ({ shape }: tf.TensorInfo) => shape.includes(0)

/** tfjs's reduction of a name, but for tensors without elements. */
export const reductionOfNothing = <Backend extends Made>(
  name: keyof typeof OF_NOTHING,
): Kernel<Backend> => ({
  name,
  run(call, fallback) {
    const x = call.inputs.x!
    if (!isEmpty(x)) return fallback(call)
    const { axis, reductionIndices = axis, keepDims } = call.attrs
    const axes = tf.util.parseAxisParam((reductionIndices ?? null) as number[], x.shape)
    const [reduced] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes)
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(reduced, axes) : reduced
    const dtype = name === 'Mean' ? 'float32' : x.dtype
    const size = tf.util.sizeFromShape(shape)
    const values = tf.util.getTypedArrayFromDType(dtype as 'float32', size).fill(OF_NOTHING[name])
    return call.backend.makeTensorInfo(shape, dtype, values)
  },
})

/** tfjs's softmax, but for tensors without elements. */
export const softmaxOfNothing = <Backend extends Made>(): Kernel<Backend> => ({
  name: 'Softmax',
  run(call, fallback) {
    const { shape, dtype } = call.inputs.logits!
    if (!shape.includes(0)) return fallback(call)
    return call.backend.makeTensorInfo(shape, dtype, new Float32Array(0))
  },
})
