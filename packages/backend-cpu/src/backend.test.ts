import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { BackendStoppedError, cpu, momentumStep, OutOfMemoryError } from './index.ts'
import { randoms, useCpu } from './testing/start.ts'

interface Usage {
  numBytesInUse: number
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
    const before = usage().numBytesInUse
    const x = tf.tensor2d(randoms(1e6, 1), [1000, 1000])
    expect(usage().numBytesInUse - before).toBe(4e6)
    const y = tf.reshape(x, [1e6])
    x.dispose()
    expect(usage().numBytesInUse - before).toBe(4e6)
    expect(y.dataSync()[5]).toBe(randoms(6, 1)[5])
    y.dispose()
    expect(usage().numBytesInUse).toBe(before)
  })

  it('keeps booleans as bytes, until a number is made of them without a copy', () => {
    const before = usage().numBytesInUse
    const [a, b] = [1, 2].map((seed) => tf.tensor1d(randoms(6400, seed)))
    const others = randoms(6400, 2)
    const expected = randoms(6400, 1).map((v, i) => Number(v > others[i]!))
    const held = usage().numBytesInUse
    const above = tf.greater(a!, b!)
    expect(usage().numBytesInUse - held).toBe(6400)
    expect(above.dataSync()).toEqual(Uint8Array.from(expected))
    // tfjs gives booleans on as whole numbers, and these as floats, without a copy.
    const whole = tf.cast(above, 'int32')
    const floats = tf.cast(whole, 'float32')
    expect([...whole.dataSync()]).toEqual([...expected])
    const doubled = tf.mul(floats, 2)
    expect(doubled.dataSync()).toEqual(expected.map((v) => 2 * v))
    expect([...tf.tidy(() => tf.logicalAnd(above, above).dataSync())]).toEqual([...expected])
    expect(tf.tidy(() => tf.where(above, a!, b!).dataSync())).toEqual(
      randoms(6400, 1).map((v, i) => Math.max(v, others[i]!)),
    )
    tf.dispose([a!, b!, above, whole, floats, doubled])
    expect(usage().numBytesInUse).toBe(before)
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

  it('drops what it prepared from a filter when the filter changes', () => {
    const before = usage().numBytesInUse
    const x = tf.tensor4d(randoms(12 * 12 * 32, 1), [1, 12, 12, 32])
    const run = (w: tf.Tensor) =>
      tf.tidy(() => tf.conv2d(x, w as tf.Tensor4D, 1, 'same').dataSync())
    const filter = tf.variable(tf.tidy(() => tf.tensor4d(randoms(9 * 32 * 32, 2), [3, 3, 32, 32])))
    const velocity = tf.variable(tf.tidy(() => tf.zeros([3, 3, 32, 32])))
    const gradient = tf.tensor4d(randoms(9 * 32 * 32, 3), [3, 3, 32, 32])
    const first = run(filter)
    expect(run(filter)).toEqual(first)
    momentumStep({ weight: filter, velocity, gradient, learningRate: 0.5, momentum: 0.9 })
    const copy = tf.tensor4d(filter.dataSync(), [3, 3, 32, 32])
    const second = run(filter)
    expect(second).not.toEqual(first)
    expect(second).toEqual(run(copy))
    tf.dispose([x, filter, velocity, gradient, copy])
    // What is left is scratch memory.
    expect(usage().numBytesInUse - before).toBeLessThan(4e6)
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
    // Room for the result but not for what the kernel needs beside it: nothing stays behind.
    const picture = tf.zeros([1, 4, 4, 768]) as tf.Tensor4D
    const filter = tf.zeros([3, 3, 768, 768]) as tf.Tensor4D
    const before = usage().numBytesInUse
    expect(() => tf.conv2d(picture, filter, 1, 'same')).toThrow(/transformed filter/)
    expect(usage().numBytesInUse).toBe(before)
    tf.dispose([picture, filter])
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
    expect(usage().numBytesInUse).toBe(settled.numBytesInUse)
    expect(usage().numBytesReserved).toBe(settled.numBytesReserved)
  })
})

describe('without shared memory', () => {
  it('runs on one thread and keeps tensors when the memory grows', async () => {
    // What a page that is not cross-origin isolated reports.
    Object.assign(globalThis, { crossOriginIsolated: false })
    try {
      const active = await useBackend([cpu({ name: 'unshared', threads: 2 })])
      expect(active).toMatchObject({
        device: 'CPU, WebAssembly, 1 thread',
        features: ['relaxed-simd'],
      })
      const first = tf.tensor2d(randoms(200_000, 1), [500, 400])
      const held = tf.relu(first)
      const rest = Array.from({ length: 8 }, () => tf.square(tf.ones([1000, 1000])))
      expect(usage().numBytesReserved).toBeGreaterThan(30e6)
      expect(held.dataSync()).toEqual(randoms(200_000, 1).map((v) => Math.max(0, v)))
      const sum = tf.sum(tf.addN(rest))
      expect(sum.dataSync()[0]).toBe(8e6)
      tf.dispose([first, held, rest, sum])
    } finally {
      Reflect.deleteProperty(globalThis, 'crossOriginIsolated')
    }
  })
})

describe('the ends of the range', () => {
  beforeEach(() => useCpu({ name: 'range-test' }))
  const ends = () => tf.tensor1d([-Infinity, -0, 0, Infinity, -1, 4])

  it('takes powers of quarters as Math.pow does', () => {
    for (const exponent of [0.25, 0.5, 1.75, -0.5, -1.5, 2, -1]) {
      const expected = [...ends().dataSync()].map((x) => Math.fround(x ** exponent))
      expect([...tf.pow(ends(), exponent).dataSync()], `${exponent}`).toEqual(
        expected.map((value) => (Number.isNaN(value) ? value : expect.closeTo(value, 5))),
      )
    }
  })

  it('has a sigmoid that falls to zero', () => {
    const x = [-Infinity, -104.5, -100, -89, 0, 89, Infinity]
    const found = tf.sigmoid(tf.tensor1d(x)).dataSync()
    for (const [i, value] of x.entries()) {
      const expected = Math.fround(1 / (1 + Math.exp(-value)))
      expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(1e-6 * expected + 2e-45)
    }
  })

  it('sums in float64: the mean of equal numbers is that number', () => {
    for (let length = 1; length < 40; length++) {
      for (const axis of [0, 1, undefined]) {
        const found = tf.mean(tf.fill([length, length], 7), axis).dataSync()
        expect(new Set(found), `${length} along ${axis}`).toEqual(new Set([7]))
      }
    }
    expect(tf.sum(tf.tensor1d([3e38, 3e38, -3e38])).dataSync()[0]).toBe(Math.fround(3e38))
  })
})

it('is stopped by a reset of the engine, says so, and is started anew', async () => {
  const options = { name: 'reset-test', threads: 2 }
  await useBackend([cpu(options)])
  tf.engine().reset()
  await tf.setBackend('reset-test')
  expect(() => tf.relu(tf.ones([2]))).toThrow(BackendStoppedError)
  const { device } = await useBackend([cpu(options)])
  expect(device).toBe('CPU, WebAssembly, 2 threads')
  expect((tf.backend() as unknown as { engine: { threads: number } }).engine.threads).toBe(2)
  expect(tf.sum(tf.ones([3])).dataSync()[0]).toBe(3)
})
