import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { momentumStep } from '../index.ts'
import { randoms, useCpu } from '../testing/start.ts'

describe('momentum step', () => {
  beforeAll(() => useCpu())

  it.each([false, true])('follows torch.optim.SGD, nesterov %s', (nesterov) => {
    const count = 100_003
    const w = Float64Array.from(randoms(count, 1))
    const v = new Float64Array(count)
    const weight = tf.variable(tf.tensor1d(randoms(count, 1)))
    const velocity = tf.variable(tf.zeros([count]))
    for (let step = 0; step < 5; step++) {
      const learningRate = step < 3 ? 0.1 : 0.01
      const g = randoms(count, step + 2)
      const gradient = tf.tensor1d(g)
      momentumStep({
        weight,
        velocity,
        gradient,
        learningRate,
        momentum: 0.9,
        weightDecay: 5e-2,
        nesterov,
      })
      gradient.dispose()
      for (let i = 0; i < count; i++) {
        const decayed = g[i]! + 5e-2 * w[i]!
        v[i] = 0.9 * v[i]! + decayed
        w[i]! -= learningRate * (nesterov ? decayed + 0.9 * v[i]! : v[i]!)
      }
    }
    const found = weight.dataSync() as Float32Array
    const largest = found.reduce((m, value, i) => Math.max(m, Math.abs(value - w[i]!)), 0)
    expect(largest).toBeLessThan(2e-6)
    tf.dispose([weight, velocity])
  })

  it('works in place, and leaves tensors that share the values alone', () => {
    const initial = tf.tensor1d(randoms(1000, 1))
    const weight = tf.variable(initial)
    const velocity = tf.variable(tf.tidy(() => tf.zeros([1000])))
    const gradient = tf.ones([1000])
    const before = initial.dataSync()
    const step = () =>
      momentumStep({ weight, velocity, gradient, learningRate: 0.1, momentum: 0.9 })
    step()
    expect(initial.dataSync()).toEqual(before)
    expect(weight.dataSync()[0]).toBeCloseTo(before[0]! - 0.1, 6)
    initial.dispose()
    const bytes = tf.memory().numBytes
    const { numTensors } = tf.memory()
    const { dataId } = weight
    step()
    expect(weight.dataId).toBe(dataId)
    expect(weight.dataSync()[0]).toBeCloseTo(before[0]! - 0.1 - 0.19, 6)
    expect(tf.memory()).toMatchObject({ numTensors, numBytes: bytes })
    tf.dispose([weight, velocity, gradient])
  })

  it('takes a large gradient in parts, to the same bits, and it can be read before, after or never', () => {
    const [rows, columns, batch] = [1100, 1000, 7] as const
    const make = () =>
      tf.tidy(() => ({
        weight: tf.variable(tf.tensor2d(randoms(rows * columns, 1), [rows, columns])),
        velocity: tf.variable(tf.zeros([rows, columns])),
      }))
    const gradientOf = () =>
      tf.tidy(() => {
        const x = tf.tensor2d(randoms(batch * rows, 2), [batch, rows])
        const dy = tf.tensor2d(randoms(batch * columns, 3), [batch, columns])
        return tf.matMul(x, dy, true, false)
      })
    const bytes = tf.memory() as { numBytesInUse?: number }
    const [read, unread] = [make(), make()]
    const options = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }
    const known = gradientOf()
    const before = known.dataSync()
    momentumStep({ ...read, gradient: known, ...options })
    const waiting = gradientOf()
    const held = (tf.memory() as typeof bytes).numBytesInUse!
    momentumStep({ ...unread, gradient: waiting, ...options })
    // Nothing as large as the gradient came into being, and only what it is made of is still held.
    expect((tf.memory() as typeof bytes).numBytesInUse! - held).toBeLessThan(rows * columns)
    expect(unread.weight.dataSync()).toEqual(read.weight.dataSync())
    expect(unread.velocity.dataSync()).toEqual(read.velocity.dataSync())
    expect(waiting.dataSync()).toEqual(before)
    tf.dispose([known, waiting, ...Object.values(read), ...Object.values(unread)])
    const after = (tf.memory() as typeof bytes).numBytesInUse!
    tf.dispose(gradientOf())
    expect((tf.memory() as typeof bytes).numBytesInUse).toBe(after)
  })

  it('uses the values that a gradient was made of, though these change in place after', () => {
    const size = 1024
    const weight = tf.variable(tf.tensor2d(randoms(size * size, 4), [size, size]))
    const velocity = tf.variable(tf.zeros([size, size]))
    const waiting = tf.matMul(weight, weight, true, false)
    const expected = tf.tidy(() => tf.matMul(tf.transpose(weight), weight).dataSync())
    momentumStep({
      weight,
      velocity,
      gradient: tf.ones([size, size]),
      learningRate: 1,
      momentum: 0,
    })
    const found = waiting.dataSync()
    let worst = 0
    for (let i = 0; i < found.length; i++)
      worst = Math.max(worst, Math.abs(found[i]! - expected[i]!))
    expect(worst).toBeLessThan(1e-3)
    tf.dispose([weight, velocity, waiting])
  })

  it('names shapes that differ', () => {
    const weight = tf.variable(tf.zeros([2, 2]))
    const velocity = tf.variable(tf.zeros([2, 2]))
    const gradient = tf.zeros([4])
    const options = { weight, velocity, gradient, learningRate: 1, momentum: 0 }
    expect(() => momentumStep(options)).toThrow(/weight \[2,2\], found \[4\]/)
    tf.dispose([weight, velocity, gradient])
  })
})
