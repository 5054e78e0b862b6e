// Matrix products where tfjs's WebGL kernel gives wrong ones: batches that broadcast against each other along
// different axes, which it pairs in turn; products of no depth, on which it throws; and products of an odd
// depth of what the device computed itself. Textures hold squares of 2×2 numbers, and tfjs's kernel adds up
// whole squares: past an odd depth, whatever the operations before have left there, such as the e⁰ of an
// exponential. The gradients of a layer with an odd number of classes were wrong by percents. Everything
// else is tfjs's own.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGLBackend } from '../backend.ts'
import { type Kernel, stock } from './kernel.ts'

export const batchMatMul: Kernel = {
  name: 'BatchMatMul',
  run(call) {
    const { inputs, attrs, backend } = call
    const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean }
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
    const depth = a.shape.at(transposeA ? -2 : -1)!
    const batch = tf.backend_util.assertAndGetBroadcastShape(batchA, batchB)
    if (depth === 0 && depth === b.shape.at(transposeB ? -1 : -2)) {
      const shape = [...batch, a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!]
      return stock('Fill', { ...call, inputs: {}, attrs: { shape, value: 0, dtype: 'float32' } })
    }
    const count = tf.util.sizeFromShape
    const crossed = [batchA, batchB].every(
      (own) => count(own) !== 1 && !tf.util.arraysEqual(own, batch),
    )
    const uneven = count(batchA) !== count(batchB) && count(batchA) !== 1 && count(batchB) !== 1
    if (!crossed && !uneven) return withEvenDepth('BatchMatMul', call)
    const [wholeA, wholeB] = [spread(a, batch, backend), spread(b, batch, backend)]
    const product = withEvenDepth('BatchMatMul', { ...call, inputs: { a: wholeA, b: wholeB } })
    for (const made of [wholeA, wholeB]) {
      if (made !== a && made !== b) backend.disposeIntermediateTensorInfo(made)
    }
    return product
  },
}

/** A product with bias and activation in one. */
export const fusedMatMul: Kernel = {
  name: '_FusedMatMul',
  run: (call) => withEvenDepth('_FusedMatMul', call),
}

/** tfjs's kernel of a name on operands whose depth is even, by zeros behind it where it was odd. */
function withEvenDepth(name: string, call: Parameters<Kernel['run']>[0]) {
  const { inputs, attrs, backend } = call
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean }
  const depth = a.shape.at(transposeA ? -2 : -1)!
  // Depths that differ are for tfjs's kernel to name, as they are.
  if (depth % 2 === 0 || depth !== b.shape.at(transposeB ? -1 : -2)) return stock(name, call)
  const padded = (x: tf.TensorInfo, isRows: boolean) => {
    const paddings = x.shape.map((_, axis) => [
      0,
      axis === x.shape.length - (isRows ? 2 : 1) ? 1 : 0,
    ])
    const attrs = { paddings, constantValue: 0 }
    return stock('PadV2', { inputs: { x }, attrs, backend }) as tf.TensorInfo
  }
  const evenA = padded(a, transposeA)
  const evenB = padded(b, !transposeB)
  const product = stock(name, { ...call, inputs: { ...inputs, a: evenA, b: evenB } })
  for (const made of [evenA, evenB]) backend.disposeIntermediateTensorInfo(made)
  return product
}

/** The tensor with its batches repeated to a shape. */
function spread(tensor: tf.TensorInfo, batch: number[], backend: AlexNetWebGLBackend) {
  const own = tensor.shape.slice(0, -2)
  if (tf.util.arraysEqual(own, batch)) return tensor
  const missing = batch.length - own.length
  const x = { ...tensor, shape: [...new Array(missing).fill(1), ...tensor.shape] }
  const reps = [...batch.map((size, axis) => size / x.shape[axis]!), 1, 1]
  return stock('Tile', { inputs: { x }, attrs: { reps }, backend }) as tf.TensorInfo
}
