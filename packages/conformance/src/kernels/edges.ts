// The edges of operations, on every backend: nothing to sum, sizes that are rounded up, shapes that do not belong
// together, and values that are read and then written to.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { TestedBackend } from './backends.ts'
import { scoped } from './compare.ts'

type T4 = tf.Tensor4D

const counted = (shape: number[]) => tf.reshape(tf.range(0, tf.util.sizeFromShape(shape)), shape)
const list = async (x: tf.Tensor) => [...(await x.data())]

export function edges(backend: TestedBackend): void {
  if (backend.name === 'tfjs-cpu') {
    it.skip('skipped: it leaves out windows that sizes rounded up have, and reads past the end of shapes that do not belong together', () => {})
    return
  }

  it('gives zeros where a gradient sums nothing, and tensors of nothing', () =>
    scoped(async () => {
      const convolve = (x: tf.Tensor, f: tf.Tensor) => tf.conv2d(x as T4, f as T4, 1, 'same')
      // Memory that was used before.
      tf.relu(tf.fill([4096], 7)).dispose()
      for (const maps of [1, 32]) {
        const pair = [tf.ones([0, 9, 9, maps]), tf.ones([3, 3, maps, maps])]
        const [dx, dw] = tf.grads((x, f) => convolve(x!, f!))(pair)
        expect([dx!.shape, dx!.size]).toEqual([[0, 9, 9, maps], 0])
        expect(new Set(await list(dw!))).toEqual(new Set([0]))
      }
      const small = [tf.ones([1, 2, 5, 1]), tf.ones([3, 3, 1, 1])]
      const empty = tf.grads((x, f) => tf.conv2d(x as T4, f as T4, 1, 'valid'))(small)
      expect(await list(empty[0]!)).toEqual(Array(10).fill(0))
      expect(await list(empty[1]!)).toEqual(Array(9).fill(0))
      const none = tf.ones([0, 4, 4, 3]) as T4
      for (const f of [
        (x: T4) => tf.maxPool(x, 2, 2, 'valid'),
        (x: T4) => tf.avgPool(x, 2, 2, 'valid'),
        (x: T4) => tf.localResponseNormalization(x),
      ]) {
        expect(await list(tf.grad(f as (x: tf.Tensor) => tf.Tensor)(none))).toEqual([])
      }
      expect(await list(tf.matMul(tf.ones([0, 3]), tf.ones([3, 2])))).toEqual([])
      expect(await list(tf.matMul(tf.ones([2, 3]), tf.ones([3, 0])))).toEqual([])
      expect(await list(tf.matMul(tf.ones([2, 0]), tf.ones([0, 3])))).toEqual(Array(6).fill(0))
    }))

  it('reduces nothing to what begins a reduction, and to nothing', () =>
    scoped(async () => {
      const rows = tf.ones([2, 0])
      expect(await list(tf.sum(rows, 1))).toEqual([0, 0])
      expect(await list(tf.prod(rows, 1))).toEqual([1, 1])
      expect(await list(tf.mean(rows, 1))).toEqual([0, 0])
      const none = tf.ones([0, 3])
      expect(await list(tf.sum(none))).toEqual([0])
      for (const reduce of [tf.sum, tf.mean, tf.max, tf.min, tf.prod]) {
        const reduced = reduce(none, 1, true)
        expect(reduced.shape).toEqual([0, 1])
        expect(await list(reduced)).toEqual([])
      }
      expect(tf.softmax(none).shape).toEqual([0, 3])
      const slope = tf.grad((x: tf.Tensor) => tf.sum(tf.softmax(x)))(none)
      expect([slope.shape, await list(slope)]).toEqual([[0, 3], []])
    }))

  it('gives the whole gradient where sizes are rounded up', () =>
    scoped(async () => {
      const x = counted([2, 3, 3, 1])
      const largest = tf.grad((p: tf.Tensor) => tf.maxPool(p as T4, 2, 2, 0, 'ceil'))(x)
      const each = [0, 0, 0, 0, 1, 1, 0, 1, 1]
      expect(await list(largest)).toEqual([...each, ...each])
      // Windows of four, two, two and one pixel.
      const mean = tf.grad((p: tf.Tensor) => tf.avgPool(p as T4, 2, 2, 0, 'ceil'))(x)
      const shares = [0.25, 0.25, 0.5, 0.25, 0.25, 0.5, 0.5, 0.5, 1]
      expect(await list(mean)).toEqual([...shares, ...shares])
      const dy = tf.add(counted([2, 2, 2, 1]), 1)
      const convolve = (p: tf.Tensor, f: tf.Tensor) =>
        tf.conv2d(p as T4, f as T4, 2, 0, 'NHWC', 1, 'ceil')
      const [dx, dw] = tf.grads((p, f) => convolve(p!, f!))([x, tf.ones([2, 2, 1, 1])], dy)
      const spread = [1, 1, 2, 1, 1, 2, 3, 3, 4]
      expect(await list(dx!)).toEqual([...spread, ...spread.map((value) => value + 4)])
      // By hand: each tap's pixels times dy, over both pictures.
      expect(await list(dw!)).toEqual([406, 184, 157, 69])
    }))

  it('refuses shapes that do not belong together, and windows that do not fit', () =>
    scoped(async () => {
      const one = tf.ones([1, 2, 2, 1]) as T4
      const filter = tf.ones([1, 1, 1, 1]) as T4
      expect(() => tf.conv2dTranspose(one, filter, [1, 6, 6, 1], 1, 'valid')).toThrow(
        'makes a map [1,6,6,1]',
      )
      const attributes = {
        strides: 1,
        pad: 'valid',
        dataFormat: 'NHWC',
        dilations: 1,
        filterShape: [1, 1, 1, 1],
      }
      const operands = { x: tf.ones([1, 40, 40, 1]), dy: one }
      expect(() => tf.engine().runKernel('Conv2DBackpropFilter', operands, attributes)).toThrow(
        'makes a map [1,40,40,1]',
      )
      expect(() => tf.conv2d(one, tf.ones([4, 4, 1, 1]) as T4, 1, 'valid')).toThrow('does not fit')
      expect(() => tf.maxPool(one, 4, 1, 'valid')).toThrow('does not fit')
      expect(() => tf.avgPool(one, 4, 1, 'valid')).toThrow('does not fit')
    }))

  it('says how much memory of the device it uses and keeps', () =>
    scoped(async () => {
      const memory = () => tf.memory() as tf.MemoryInfo & Record<string, number>
      const before = memory()
      const x = tf.add(tf.fill([500, 500], 1), 1)
      await x.data()
      expect(memory().numBytesInUse! - before.numBytesInUse!).toBeGreaterThanOrEqual(1e6)
      expect(memory().numBytesReserved).toBeGreaterThanOrEqual(memory().numBytesInUse!)
    }))

  it('gives copies of its values', () =>
    scoped(async () => {
      for (const x of [
        tf.tensor1d([1, 2, 3]),
        tf.relu(tf.tensor1d([1, 2, 3])),
        tf.tensor1d([1, 2, 3], 'int32'),
      ]) {
        const values = await x.data()
        values[0] = 77
        expect(await list(x)).toEqual([1, 2, 3])
      }
    }))
}
