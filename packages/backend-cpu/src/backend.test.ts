import * as tf from '@tensorflow/tfjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { OutOfMemoryError } from './index.ts'
import { randoms, useCpu } from './testing/reference.ts'

interface Usage {
  numBytesInWasm: number
  numBytesReserved: number
  numTensors: number
}
const usage = () => tf.memory() as unknown as Usage

describe('storage', () => {
  beforeEach(() => useCpu({ name: 'storage-test', memoryLimit: 64e6 }))

  it('copies what comes in and what goes out', () => {
    const source = randoms(1000, 1)
    const x = tf.tensor1d(source)
    const first = source[0]
    source[0] = 99
    const read = x.dataSync()
    expect(read[0]).toBe(first)
    read[0] = 98
    expect(x.dataSync()[0]).toBe(first)
    const small = new Float32Array([1, 2])
    const y = tf.tensor1d(small)
    small[0] = 7
    expect(y.dataSync()[0]).toBe(1)
  })

  it('gives memory back when tensors are disposed', () => {
    const before = usage().numBytesInWasm
    const x = tf.tensor2d(randoms(1e6, 1), [1000, 1000])
    expect(usage().numBytesInWasm - before).toBe(4e6)
    const y = tf.reshape(x, [1e6])
    x.dispose()
    expect(usage().numBytesInWasm - before).toBe(4e6)
    expect(y.dataSync()[5]).toBe(randoms(6, 1)[5])
    y.dispose()
    expect(usage().numBytesInWasm).toBe(before)
  })

  it('keeps a slice alive after its source is gone', () => {
    const x = tf.tensor2d(randoms(4000, 3), [40, 100])
    const part = tf.slice(x, [10, 0], [5, 100])
    const expected = randoms(4000, 3).slice(1000, 1500)
    x.dispose()
    const other = tf.tensor1d(new Float32Array(4000).fill(5))
    expect(part.dataSync()).toEqual(expected)
    tf.dispose([part, other])
  })

  it('runs other operations of tfjs over the same storage', () => {
    const y = tf.tidy(() => {
      const x = tf.tensor4d(randoms(2 * 6 * 6 * 3, 4), [2, 6, 6, 3])
      const maps = tf.conv2d(x, tf.tensor4d(randoms(27 * 4, 5), [3, 3, 3, 4]), 1, 'same')
      return tf.sum(tf.concat([tf.sigmoid(maps), tf.transpose(maps, [0, 2, 1, 3])], 3))
    })
    expect(Number.isFinite(y.dataSync()[0])).toBe(true)
  })

  it('says what did not fit and goes on', () => {
    const tensors = usage().numTensors
    const x = tf.tensor2d(randoms(4500, 1), [4500, 1])
    const attempt = () => tf.matMul(x, x, false, true)
    expect(attempt).toThrow(OutOfMemoryError)
    expect(attempt).toThrow(/matMul: its result \[4500,4500\] needs 81 MB, but .* of at most 64 MB/)
    const product = tf.matMul(x, x, true)
    expect(product.shape).toEqual([1, 1])
    tf.dispose([x, product])
    expect(usage().numTensors).toBe(tensors)
    expect(usage().numBytesReserved).toBeLessThanOrEqual(64e6)
  })

  it('holds memory flat over repeated steps', () => {
    const w = tf.variable(tf.tensor4d(randoms(3 * 3 * 8 * 16, 2), [3, 3, 8, 16]))
    const x = tf.tensor4d(randoms(4 * 10 * 10 * 8, 1), [4, 10, 10, 8])
    const optimizer = tf.train.momentum(0.001, 0.9)
    const step = () => {
      optimizer.minimize(
        () =>
          tf.mean(tf.square(tf.maxPool(tf.conv2d(x, w as tf.Tensor4D, 1, 'same'), 3, 2, 'valid'))),
        false,
        [w],
      )
    }
    step()
    step()
    const settled = usage()
    for (let i = 0; i < 50; i++) step()
    expect(usage().numTensors).toBe(settled.numTensors)
    expect(usage().numBytesInWasm).toBe(settled.numBytesInWasm)
    expect(usage().numBytesReserved).toBe(settled.numBytesReserved)
  })
})
