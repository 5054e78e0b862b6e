// The operations that random programs are made of. Each takes a float32 tensor and draws the rest: shapes, axes,
// attributes, other operands. It gives undefined where it is not for a tensor of that shape. `exact` operations jump
// (a rounding error upstream would flip them), so they come first in a program; `plain` ones also take special numbers.

import * as tf from '@tensorflow/tfjs'
import { broadcastable, type Draw, floats, integers } from './draw.ts'

export interface Operation {
  name: string
  run(draw: Draw, x: tf.Tensor): tf.Tensor | undefined
  exact?: boolean
  plain?: boolean
  /** Why its gradient is not compared with tfjs's. */
  forwardOnly?: string
}

type T4 = tf.Tensor4D
type Unary = (x: tf.Tensor) => tf.Tensor

const unary = (name: string, run: Unary, more: Partial<Operation> = {}): Operation => ({
  name,
  run: (_, x) => run(x),
  plain: true,
  ...more,
})

const binary = (
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

const reduction = (
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

const pictures = (x: tf.Tensor) => x.rank === 4
const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const

function windows(draw: Draw, x: tf.Tensor) {
  const strides = draw.of<[number, number]>([
    [1, 1],
    [1, 1],
    [2, 2],
    [1, 2],
    [3, 2],
  ])
  const pad = draw.of(['same', 'valid'] as const)
  const size = [1, 2].map((axis) =>
    draw.whole(1, Math.min(4, pad === 'valid' ? x.shape[axis]! : 4)),
  )
  return { strides, pad, size: size as [number, number] }
}

const convolution = (
  name: string,
  run: (draw: Draw, x: T4, w: ReturnType<typeof windows>, dilations: [number, number]) => tf.Tensor,
): Operation => ({
  name,
  run(draw, x) {
    if (!pictures(x) || x.shape[1] === 0 || x.shape[2] === 0 || x.shape[3] === 0) return undefined
    const own = windows(draw, x)
    const flat = own.strides[0] === 1 && own.strides[1] === 1 && own.pad === 'same'
    return run(draw, x as T4, own, flat && draw.once(3) ? [2, 2] : [1, 1])
  },
})

const pooling = (name: 'maxPool' | 'avgPool', pad: 'same' | 'valid'): Operation => ({
  name: `${name} ${pad}`,
  exact: name === 'maxPool',
  forwardOnly:
    name === 'avgPool' && pad === 'same' ? 'tfjs divides by the whole window' : undefined,
  run(draw, x) {
    if (!pictures(x) || x.shape[1] === 0 || x.shape[2] === 0) return undefined
    const { strides, size } = windows(draw, x)
    const fits = size.map((length, i) => Math.min(length, x.shape[i + 1]!)) as [number, number]
    const pool = name === 'maxPool' ? tf.maxPool : tf.avgPool
    return pool(x as T4, fits, strides, pad)
  },
})

export const operations: readonly Operation[] = [
  unary('abs', tf.abs, { exact: true }),
  unary('neg', tf.neg),
  unary('square', tf.square),
  unary('relu', tf.relu, { exact: true }),
  unary('relu6', tf.relu6, { exact: true }),
  unary('sigmoid', tf.sigmoid),
  unary('tanh', tf.tanh),
  unary('sin', (x) => tf.sin(x), { plain: false }),
  unary('elu', tf.elu, { plain: false }),
  unary('leakyRelu', (x) => tf.leakyRelu(x, 0.25), { exact: true }),
  unary('step', (x) => tf.step(x, 0.5), { exact: true }),
  unary('softplus', tf.softplus, { plain: false }),
  unary('exp', tf.exp, { plain: false }),
  unary('sqrt of abs and 1', (x) => tf.sqrt(tf.add(tf.abs(x), 1)), { plain: false }),
  unary('clip', (x) => tf.clipByValue(x, -1, 1), { exact: true }),
  unary('floor', tf.floor, { exact: true }),
  unary('round trip by integers', (x) => tf.cast(tf.cast(x, 'int32'), 'float32'), {
    exact: true,
    plain: false,
  }),
  {
    name: 'pow',
    run: (draw, x) => tf.pow(tf.add(tf.abs(x), 0.5), draw.of([0.5, 0.75, -0.5, 2, 3, -1, 1.3])),
  },
  binary('add', tf.add),
  binary('sub', tf.sub),
  binary('mul', tf.mul),
  binary('maximum', tf.maximum, true),
  binary('minimum', tf.minimum, true),
  binary('squaredDifference', tf.squaredDifference),
  {
    name: 'div',
    run: (draw, x) => tf.div(x, tf.add(tf.abs(floats(draw, broadcastable(draw, x.shape))), 0.5)),
  },
  {
    name: 'integers and comparisons',
    exact: true,
    run(draw, x) {
      const a = integers(draw, x.shape)
      const b = integers(draw, broadcastable(draw, x.shape), 1, 5)
      const compare = draw.of([tf.greater, tf.lessEqual, tf.equal, tf.notEqual] as const)
      const chosen = tf.where(compare(a, b), x, tf.zerosLike(x))
      return tf.add(
        chosen,
        tf.cast(draw.of([tf.floorDiv, tf.mod, tf.add, tf.mul])(a, b), 'float32'),
      )
    },
  },
  {
    name: 'prelu',
    exact: true,
    run: (draw, x) => (x.rank === 0 ? undefined : tf.prelu(x, floats(draw, [x.shape.at(-1)!]))),
  },
  reduction('sum', (x, axis, keep) => tf.sum(x, axis, keep)),
  reduction('mean', (x, axis, keep) => tf.mean(x, axis, keep)),
  reduction('logSumExp', (x, axis, keep) => tf.logSumExp(x, axis, keep)),
  { ...reduction('max', (x, axis, keep) => tf.max(x, axis, keep)), exact: true },
  { ...reduction('min', (x, axis, keep) => tf.min(x, axis, keep)), exact: true },
  reduction('variance', (x, axis, keep) => tf.moments(x, axis, keep).variance),
  {
    name: 'argMax',
    exact: true,
    run: (draw, x) =>
      x.rank === 0 || x.size === 0
        ? undefined
        : tf.add(tf.mean(x), tf.cast(tf.argMax(x, draw.whole(0, x.rank - 1)), 'float32')),
  },
  {
    name: 'topk',
    exact: true,
    run(draw, x) {
      if (x.rank === 0 || x.size === 0) return undefined
      return tf.topk(x, draw.whole(1, x.shape.at(-1)!)).values
    },
  },
  {
    name: 'cumsum',
    run: (draw, x) =>
      x.rank === 0
        ? undefined
        : tf.cumsum(x, draw.whole(0, x.rank - 1), draw.once(2), draw.once(2)),
  },
  { name: 'softmax', run: (_, x) => (x.rank === 0 ? undefined : tf.softmax(x)) },
  { name: 'logSoftmax', run: (_, x) => (x.rank === 0 ? undefined : tf.logSoftmax(x)) },
  { name: 'reshape', plain: true, run: (_, x) => tf.reshape(x, [...x.shape].reverse()) },
  {
    name: 'transpose',
    plain: true,
    run(draw, x) {
      const axes = x.shape.map((_, axis) => axis)
      for (let i = axes.length - 1; i > 0; i--) {
        const j = draw.whole(0, i)
        ;[axes[i], axes[j]] = [axes[j]!, axes[i]!]
      }
      return tf.transpose(x, axes)
    },
  },
  {
    name: 'slice',
    plain: true,
    run(draw, x) {
      if (x.rank === 0) return undefined
      const begin = x.shape.map((length) => draw.whole(0, Math.max(0, length - 1)))
      return tf.slice(
        x,
        begin,
        x.shape.map((length, axis) => draw.whole(0, length - begin[axis]!)),
      )
    },
  },
  {
    name: 'pad',
    plain: true,
    run: (draw, x) =>
      x.rank === 0
        ? undefined
        : tf.pad(x, x.shape.map(() => [draw.whole(0, 2), draw.whole(0, 2)]) as [number, number][]),
  },
  {
    name: 'mirrorPad',
    run: (draw, x) =>
      x.rank === 0 || x.shape.some((length) => length < 2)
        ? undefined
        : tf.mirrorPad(
            x,
            x.shape.map(() => [draw.whole(0, 1), 1]) as [number, number][],
            'reflect',
          ),
  },
  {
    name: 'concat',
    plain: true,
    run(draw, x) {
      if (x.rank === 0) return undefined
      const axis = draw.whole(0, x.rank - 1)
      const other = x.shape.with(axis, draw.whole(0, 3))
      return tf.concat(draw.once(2) ? [x, floats(draw, other)] : [floats(draw, other), x], axis)
    },
  },
  {
    name: 'split and stack',
    plain: true,
    run(draw, x) {
      // Of nothing, tfjs's cpu fails.
      if (x.size === 0) return undefined
      const axis = x.shape.findIndex((length) => length % 2 === 0 && length > 0)
      return axis < 0 ? undefined : tf.stack(tf.split(x, 2, axis), draw.whole(0, x.rank))
    },
  },
  {
    name: 'tile',
    plain: true,
    run: (draw, x) =>
      x.rank === 0
        ? undefined
        : tf.tile(
            x,
            x.shape.map(() => draw.whole(1, 2)),
          ),
  },
  {
    name: 'reverse',
    plain: true,
    run: (draw, x) => (x.rank === 0 ? undefined : tf.reverse(x, draw.whole(0, x.rank - 1))),
  },
  {
    name: 'gather',
    plain: true,
    run(draw, x) {
      const axis = x.rank === 0 ? 0 : draw.whole(0, x.rank - 1)
      if (x.rank === 0 || x.shape[axis] === 0) return undefined
      return tf.gather(
        x,
        integers(draw, [draw.whole(1, 5)], 0, x.shape[axis]! - 1) as tf.Tensor1D,
        axis,
      )
    },
  },
  {
    name: 'matMul',
    run(draw, x) {
      // Batches of nothing, tfjs's cpu refuses.
      if (x.rank < 2 || x.size === 0) return undefined
      const [transposeA, transposeB] = [draw.once(2), draw.once(2)]
      const depth = x.shape.at(transposeA ? -2 : -1)!
      const columns = draw.whole(0, 9)
      const outer = x.rank > 2 && draw.once(2) ? x.shape.slice(0, -2) : []
      const matrix = transposeB ? [columns, depth] : [depth, columns]
      return tf.matMul(x, floats(draw, [...outer, ...matrix]), transposeA, transposeB)
    },
  },
  {
    name: 'fused matMul',
    run(draw, x) {
      if (x.rank !== 2) return undefined
      const columns = draw.whole(1, 9)
      const activation = draw.of(activations)
      return tf.fused.matMul({
        a: x,
        b: floats(draw, [x.shape[1]!, columns]),
        bias: draw.once(3) ? undefined : floats(draw, [columns]),
        activation,
        preluActivationWeights: activation === 'prelu' ? floats(draw, [columns]) : undefined,
        leakyreluAlpha: 0.25,
      })
    },
  },
  convolution('conv2d', (draw, x, { strides, pad, size }, dilations) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 9)]) as T4
    return tf.conv2d(x, filter, strides, pad, 'NHWC', dilations)
  }),
  convolution('conv2d padded', (draw, x, { strides, size }) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 9)]) as T4
    const pad = () => [draw.whole(0, 2), draw.whole(3, 4)] as [number, number]
    return tf.conv2d(x, filter, strides, [[0, 0], pad(), pad(), [0, 0]])
  }),
  convolution('fused conv2d', (draw, x, { strides, pad, size }, dilations) => {
    const maps = draw.whole(1, 9)
    const activation = draw.of(activations)
    return tf.fused.conv2d({
      x,
      filter: floats(draw, [...size, x.shape[3], maps]) as T4,
      strides,
      pad,
      dilations,
      bias: draw.once(3) ? undefined : floats(draw, [maps]),
      activation,
      preluActivationWeights: activation === 'prelu' ? floats(draw, [maps]) : undefined,
      leakyreluAlpha: 0.25,
    })
  }),
  convolution('depthwiseConv2d', (draw, x, { pad, size }, dilations) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 3)]) as T4
    return tf.depthwiseConv2d(
      x,
      filter,
      draw.once(3) && dilations[0] === 1 ? 2 : 1,
      pad,
      'NHWC',
      dilations,
    )
  }),
  convolution('separableConv2d', (draw, x, { pad, size }) => {
    const depthwise = floats(draw, [...size, x.shape[3], 2]) as T4
    const pointwise = floats(draw, [1, 1, x.shape[3] * 2, draw.whole(1, 5)]) as T4
    return tf.separableConv2d(x, depthwise, pointwise, 1, pad)
  }),
  convolution('conv2dTranspose', (draw, x, { size }) => {
    const stride = draw.whole(1, 2)
    const [batch, height, width, channels] = x.shape
    const maps = draw.whole(1, 5)
    const filter = floats(draw, [...size, maps, channels]) as T4
    return tf.conv2dTranspose(
      x,
      filter,
      [batch, height * stride, width * stride, maps],
      stride,
      'same',
    )
  }),
  pooling('maxPool', 'valid'),
  pooling('maxPool', 'same'),
  pooling('avgPool', 'valid'),
  pooling('avgPool', 'same'),
  {
    name: 'localResponseNormalization',
    run: (draw, x) =>
      !pictures(x) || x.size === 0
        ? undefined
        : tf.localResponseNormalization(
            x as T4,
            draw.whole(0, 5),
            draw.whole(1, 2),
            draw.of([1e-4, 0.5, 1]),
            draw.of([0.5, 0.75, 1, 0.6]),
          ),
  },
  {
    name: 'batchNorm',
    run(draw, x) {
      if (!pictures(x) || x.size === 0) return undefined
      const channels = [x.shape[3]!]
      const variance = tf.add(tf.abs(floats(draw, channels)), 0.5) as tf.Tensor1D
      const [mean, offset, scale] = [1, 2, 3].map(() => floats(draw, channels) as tf.Tensor1D)
      return tf.batchNorm(x as T4, mean!, variance, offset, scale, 1e-3)
    },
  },
  {
    name: 'resize',
    forwardOnly: "tfjs's cpu exchanges height and width of the gradient",
    run(draw, x) {
      if (!pictures(x) || x.size === 0) return undefined
      const to: [number, number] = [draw.whole(1, 9), draw.whole(1, 9)]
      // The gradient of one row or column, by corners, is a loop of tfjs's without an end: its scale is zero.
      const aligned = draw.once(2) && x.shape[1]! > 1 && x.shape[2]! > 1
      return draw.once(2)
        ? tf.image.resizeBilinear(x as T4, to, aligned, !aligned && draw.once(2))
        : tf.image.resizeNearestNeighbor(x as T4, to, aligned, !aligned && draw.once(2))
    },
  },
  {
    name: 'LSTM cell',
    run(draw, x) {
      if (x.rank !== 2 || x.size === 0) return undefined
      const [batch, inputs] = x.shape as [number, number]
      const units = draw.whole(1, 5)
      const [cell, state] = [1, 2].map(() => floats(draw, [batch, units]) as tf.Tensor2D)
      const kernel = floats(draw, [inputs + units, 4 * units]) as tf.Tensor2D
      const bias = floats(draw, [4 * units]) as tf.Tensor1D
      return tf.basicLSTMCell(1, kernel, bias, x as tf.Tensor2D, cell!, state!)[1]
    },
  },
]
