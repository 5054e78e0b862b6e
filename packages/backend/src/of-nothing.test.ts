// Reductions of tensors without elements: the shapes that tfjs's cpu gives, and of nothing what NumPy says (a sum is 0, a
// product 1, all are and none is) and, of the largest and the smallest, the ends.

import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { reductionOfNothing, softmaxOfNothing } from './of-nothing.ts'

type Name = Parameters<typeof reductionOfNothing>[0]
type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor

const reductions: [name: Name, tfjs: Reduce, dtype: tf.DataType, ofNothing: number][] = [
  ['Sum', tf.sum, 'int32', 0],
  ['Mean', tf.mean, 'float32', 0],
  ['Prod', tf.prod, 'float32', 1],
  ['Max', tf.max, 'float32', -Infinity],
  ['Min', tf.min, 'float32', Infinity],
  ['All', tf.all, 'bool', 1],
  ['Any', tf.any, 'bool', 0],
]

const FALLBACK = 'tfjs computes it' as never

const run = (kernel: { run: unknown }, inputs: object, attrs: object = {}) =>
  (kernel.run as (call: object, fallback: () => never) => tf.TensorInfo)(
    { inputs, attrs, backend: tf.backend() },
    () => FALLBACK,
  )
const valuesOf = (info: tf.TensorInfo) => [
  ...(tf.backend() as tf.MathBackendCPU).readSync(info.dataId),
]

beforeAll(() => tf.setBackend('cpu'))

it.each(reductions)('%s', (name, tfjs, dtype, ofNothing) => {
  const kernel = reductionOfNothing<tf.MathBackendCPU>(name)
  for (const [shape, axis] of [
    [[0], undefined],
    [[2, 0, 3], 1],
    [
      [2, 0, 3],
      [0, 1],
    ],
    [[2, 0, 3], [-1]],
    [[2, 0, 3], []],
  ] as const) {
    for (const keepDims of [false, true]) {
      const x = tf.zeros([...shape], dtype)
      const found = run(kernel, { x }, { axis, keepDims })
      const expected = tfjs(x, axis as number[] | undefined, keepDims)
      // tfjs takes no axes for all of them in some reductions and for none in others.
      if (!Array.isArray(axis) || axis.length > 0) expect(found.shape).toEqual(expected.shape)
      expect(found.dtype).toBe(dtype)
      const values = valuesOf(found)
      expect(values).toEqual(values.map(() => ofNothing))
      expect(values).toHaveLength(tf.util.sizeFromShape(found.shape))
    }
  }
  expect(run(kernel, { x: tf.ones([2, 3], dtype) }, { axis: 0 })).toBe(FALLBACK)
})

it('the softmax of nothing is nothing', () => {
  const kernel = softmaxOfNothing<tf.MathBackendCPU>()
  const found = run(kernel, { logits: tf.zeros([3, 0]) })
  expect([found.shape, found.dtype, valuesOf(found)]).toEqual([[3, 0], 'float32', []])
  expect(run(kernel, { logits: tf.zeros([3, 1]) })).toBe(FALLBACK)
})
