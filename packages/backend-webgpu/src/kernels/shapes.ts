// Cases of shape and type that tfjs's own kernels leave out, by those kernels: the place of a vector's largest number
// is a scalar, more than four axes are repeated two at a time, and integers that become floats are floats in memory,
// too, for kernels that look at what is stored.

import * as tf from '@tensorflow/tfjs'
import { withFloats } from '../program.ts'
import type { Kernel } from './kernel.ts'

/** tfjs gives the place in a vector as [1], where it is a scalar. */
const place = (name: 'ArgMax' | 'ArgMin'): Kernel => ({
  name,
  run(call, fallback) {
    const result = fallback(call) as tf.TensorInfo
    return call.inputs.x!.shape.length === 1 ? { ...result, shape: [] } : result
  },
})

export const argMax = place('ArgMax')
export const argMin = place('ArgMin')

export const tile: Kernel = {
  name: 'Tile',
  run(call, fallback) {
    const { inputs, backend } = call
    const x = inputs.x!
    const reps = call.attrs.reps as number[]
    // tfjs reads tensors of more axes back, which Node cannot do.
    if (x.shape.length < 5 || x.dtype === 'string') return fallback(call)
    let whole = x
    for (const [axis, rep] of reps.entries()) {
      if (rep === 1) continue
      const outer = tf.util.sizeFromShape(whole.shape.slice(0, axis))
      const rest = tf.util.sizeFromShape(whole.shape.slice(axis))
      const lines = { ...whole, shape: [outer, rest] }
      const shape = whole.shape.with(axis, whole.shape[axis]! * rep)
      const made = fallback({ inputs: { x: lines }, attrs: { reps: [1, rep] }, backend })
      if (whole !== x) backend.disposeData(whole.dataId)
      whole = { ...(made as tf.TensorInfo), shape }
    }
    if (whole !== x) return whole
    backend.incRef(x.dataId)
    return { ...x }
  },
}

export const cast: Kernel = {
  name: 'Cast',
  run(call, fallback) {
    const { backend } = call
    const result = fallback(call) as tf.TensorInfo
    if (result.dtype !== 'float32' || tf.util.sizeFromShape(result.shape) === 0) return result
    const floats = withFloats(backend, result)
    if (floats.dataId !== result.dataId) backend.disposeData(result.dataId)
    return floats
  },
}
