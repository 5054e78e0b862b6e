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

  it('names shapes that differ', () => {
    const weight = tf.variable(tf.zeros([2, 2]))
    const velocity = tf.variable(tf.zeros([2, 2]))
    const gradient = tf.zeros([4])
    const options = { weight, velocity, gradient, learningRate: 1, momentum: 0 }
    expect(() => momentumStep(options)).toThrow(/weight \[2,2\], found \[4\]/)
    tf.dispose([weight, velocity, gradient])
  })
})
