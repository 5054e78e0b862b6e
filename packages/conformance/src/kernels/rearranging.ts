// Operations that only move numbers: transposes, tiles, reverses, gathering, stacking and its opposite.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound } from './compare.ts'

/** The numbers of a result whose element at a place is the source's element at another. */
function moved(
  x: Float32Array,
  shape: readonly number[],
  outShape: readonly number[],
  from: (place: number[]) => number[],
): number[] {
  const steps = tf.util.computeStrides([...outShape])
  const own = [...tf.util.computeStrides([...shape]), 1]
  return Array.from({ length: tf.util.sizeFromShape([...outShape]) }, (_, flat) => {
    const place = tf.util.indexToLoc(flat, outShape.length, steps)
    return x[from(place).reduce((sum, at, axis) => sum + at * own[axis]!, 0)]!
  })
}

const list = async (x: tf.Tensor) => [...(await x.data())]

export const rearranging: Suite = (backend) => {
  it('transposes, tiles and reverses 100 random boxes', async () => {
    const draw = drawer(35)
    for (let n = 0; n < drawn(backend, 100); n++) {
      const shape = Array.from({ length: draw(1, 6) }, () => draw(1, n % 10 === 0 ? 40 : 5))
      if (tf.util.sizeFromShape(shape) > 200_000) continue
      const x = randoms(tf.util.sizeFromShape(shape), n)
      const order = shape.map((_, axis) => axis)
      for (let i = order.length - 1; i > 0; i--) {
        const j = draw(0, i)
        ;[order[i], order[j]] = [order[j]!, order[i]!]
      }
      const times = shape.map(() => draw(1, 3))
      const turned = [order[0]!, ...order.slice(1).filter(() => draw(0, 1) === 1)]
      await scoped(async () => {
        const X = tf.tensor(x, shape)
        const turnedShape = order.map((axis) => shape[axis]!)
        const back = (place: number[]) => shape.map((_, axis) => place[order.indexOf(axis)]!)
        const transposed = tf.transpose(X, order)
        expect(transposed.shape).toEqual(turnedShape)
        expect(await list(transposed)).toEqual(moved(x, shape, turnedShape, back))
        const tiledShape = shape.map((length, axis) => length * times[axis]!)
        if (tf.util.sizeFromShape(tiledShape) < 100_000) {
          const once = (place: number[]) => place.map((at, axis) => at % shape[axis]!)
          expect(await list(tf.tile(X, times))).toEqual(moved(x, shape, tiledShape, once))
        }
        const mirror = (place: number[]) =>
          place.map((at, axis) => (turned.includes(axis) ? shape[axis]! - 1 - at : at))
        expect(await list(tf.reverse(X, turned))).toEqual(moved(x, shape, shape, mirror))
      })
    }
  })

  it('gathers, stacks and takes apart 60 random boxes', async () => {
    const draw = drawer(36)
    for (let n = 0; n < drawn(backend, 60); n++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 6))
      const axis = draw(0, shape.length - 1)
      const x = randoms(tf.util.sizeFromShape(shape), n)
      const chosen = Array.from({ length: draw(1, 5) }, () => draw(0, shape[axis]! - 1))
      await scoped(async () => {
        const X = tf.tensor(x, shape)
        const gathered = tf.gather(X, tf.tensor1d(chosen, 'int32'), axis)
        const outShape = shape.with(axis, chosen.length)
        expect(gathered.shape).toEqual(outShape)
        const from = (place: number[]) => place.with(axis, chosen[place[axis]!]!)
        expect(await list(gathered)).toEqual(moved(x, shape, outShape, from))
        const parts = tf.unstack(X, axis)
        const rest = shape.toSpliced(axis, 1)
        for (const [i, part] of parts.entries()) {
          expect(part.shape).toEqual(rest)
          const whole = (place: number[]) => place.toSpliced(axis, 0, i)
          expect(await list(part)).toEqual(moved(x, shape, rest, whole))
        }
        expect(await list(tf.stack(parts, axis))).toEqual([...x])
        const sum = tf.addN([X, X, X])
        expect(await list(sum)).toEqual([...x].map((v) => Math.fround(Math.fround(v + v) + v)))
      })
    }
  })

  it("adds up what was gathered, an embedding's gradient", () =>
    scoped(async () => {
      const [words, width] = [37, 9]
      const chosen = Array.from(randoms(200, 3), (v) => Math.floor(Math.abs(v) * words))
      const dy = randoms(200 * width, 4)
      const expected = new Float64Array(words * width)
      dy.forEach((v, i) => {
        expected[chosen[Math.floor(i / width)]! * width + (i % width)]! += v
      })
      const indices = tf.tensor1d(chosen, 'int32')
      const gather = (x: tf.Tensor) => tf.gather(x, indices)
      const gradient = tf.grad(gather)(tf.zeros([words, width]), tf.tensor2d(dy, [200, width]))
      await expectClose(gradient, expected, summationBound(10), 'gradient')
      const segments = tf.tensor1d([1, -1, 1, 5], 'int32')
      const sums = tf.unsortedSegmentSum(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), segments, 3)
      expect(await list(sums)).toEqual([0, 0, 6, 8, 0, 0])
    }))

  it('gathers by the batch, and refuses an index that is outside', () =>
    scoped(async () => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])
      const chosen = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32')
      expect(await list(tf.gather(x, chosen, 1, 1))).toEqual([3, 1, 5, 5])
      if (/cpu|simd/.test(backend.name)) {
        expect(() => tf.gather(x, tf.tensor1d([3], 'int32'), 1)).toThrow()
      }
    }))
}
