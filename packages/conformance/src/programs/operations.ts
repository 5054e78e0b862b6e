// The operations that random programs are made of. Each takes a float32 tensor and draws the rest: shapes, axes,
// attributes, other operands. It gives undefined where it is not for a tensor of that shape. `exact` operations jump
// (a rounding error upstream would flip them), so they come first in a program; `plain` ones also take special numbers.

import * as tf from '@tensorflow/tfjs'
import { broadcastable, floats, integers } from './draw.ts'
import { activations, binary, type Operation, reduction, unary } from './operation.ts'
import { pictureOperations } from './picture-operations.ts'

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
  // Squares: the slope of an absolute value jumps.
  unary('sqrt of square and 1', (x) => tf.sqrt(tf.add(tf.square(x), 1)), { plain: false }),
  unary('clip', (x) => tf.clipByValue(x, -1, 1), { exact: true }),
  unary('floor', tf.floor, { exact: true }),
  unary('round trip by integers', (x) => tf.cast(tf.cast(x, 'int32'), 'float32'), {
    exact: true,
    plain: false,
  }),
  {
    name: 'pow',
    run: (draw, x) => tf.pow(tf.add(tf.square(x), 0.5), draw.of([0.5, 0.75, -0.5, 2, 3, -1, 1.3])),
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
    name: 'comparisons of floats',
    exact: true,
    run(draw, x) {
      const other = floats(draw, broadcastable(draw, x.shape))
      const compare = draw.of([tf.greater, tf.less, tf.equal, tf.notEqual, tf.lessEqual] as const)
      const join = draw.of([tf.logicalAnd, tf.logicalOr] as const)
      const chosen = join(compare(x, other), tf.greaterEqual(x, -1))
      return tf.where(chosen, x, tf.mul(x, 0.5))
    },
  },
  {
    name: 'addN',
    exact: true,
    run: (draw, x) => tf.addN([x, floats(draw, x.shape), x]),
  },
  unary('rsqrt of square and 1', (x) => tf.rsqrt(tf.add(tf.square(x), 1)), { plain: false }),
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
  {
    name: 'normalise by moments',
    run(draw, x) {
      if (x.rank < 2 || x.size === 0) return undefined
      const axes = x.shape.map((_, axis) => axis).slice(0, draw.once(3) ? 1 : -1)
      const { mean, variance } = tf.moments(x, axes, true)
      return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 0.5)))
    },
  },
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
    name: 'unstack and stack',
    plain: true,
    run(draw, x) {
      if (x.rank === 0 || x.size === 0) return undefined
      const parts = tf.unstack(x, draw.whole(0, x.rank - 1))
      return tf.stack([...parts].reverse(), draw.whole(0, x.rank - 1))
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
  ...pictureOperations,
]
