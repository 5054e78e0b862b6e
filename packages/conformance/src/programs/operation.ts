// What an operation of a random program is, and the usual ones: of one tensor, of two, over axes.

import type * as tf from '@tensorflow/tfjs'
import { broadcastable, type Draw, floats } from './draw.ts'

export interface Operation {
  name: string
  run(draw: Draw, x: tf.Tensor): tf.Tensor | undefined
  exact?: boolean
  plain?: boolean
  /** Why its gradient is not compared with tfjs's. */
  forwardOnly?: string
}

/** What a fused operation may end with. */
export const activations = [
  'linear',
  'relu',
  'relu6',
  'elu',
  'sigmoid',
  'leakyrelu',
  'prelu',
] as const

type Unary = (x: tf.Tensor) => tf.Tensor

export const unary = (name: string, run: Unary, more: Partial<Operation> = {}): Operation => ({
  name,
  run: (_, x) => run(x),
  plain: true,
  ...more,
})

export const binary = (
  name: string,
  run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  exact = false,
): Operation => ({
  name,
  plain: true,
  exact,
  run(draw, x) {
    const other = floats(draw, broadcastable(draw, x.shape))
    return draw.once(2) ? run(x, other) : run(other, x)
  },
})

export const reduction = (
  name: string,
  run: (x: tf.Tensor, axis: number[], keep: boolean) => tf.Tensor,
) => ({
  name,
  run(draw: Draw, x: tf.Tensor) {
    if (x.rank === 0 || x.size === 0) return undefined
    const axes = x.shape.map((_, axis) => axis).filter(() => draw.once(2))
    return run(x, axes.length > 0 ? axes : [draw.whole(0, x.rank - 1)], draw.once(2))
  },
})
