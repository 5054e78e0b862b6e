import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { randoms, useCpu } from '../testing/start.ts'

beforeAll(() => useCpu())

const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 }

/** A step in place; whether the weight's values stayed where they were. */
function take(state: tf.Variable[], gradient: tf.Tensor, step: number): boolean {
  const [weight, mean, square] = state as [tf.Variable, tf.Variable, tf.Variable]
  const { dataId } = weight
  tf.tidy(() => {
    const inputs = { weight, mean, square, gradient }
    const results = tf.engine().runKernel('AdamStep', inputs, { ...options, step }) as tf.Tensor[]
    for (const [i, variable] of state.entries()) variable.assign(results[i]!)
  })
  return weight.dataId === dataId
}

const variables = (weight: tf.Tensor) =>
  tf.tidy(() => [weight, tf.zerosLike(weight), tf.zerosLike(weight)].map((t) => tf.variable(t)))

it('follows AdamW in float64, in place, and leaves tensors that share the values alone', () => {
  const count = 100_003
  const initial = tf.tensor1d(randoms(count, 1))
  const before = initial.dataSync()
  const state = variables(initial)
  const w = Float64Array.from(before)
  const [m, s] = [new Float64Array(count), new Float64Array(count)]
  const { learningRate, beta1, beta2, epsilon, weightDecay } = options
  for (let step = 1; step <= 5; step++) {
    const g = randoms(count, step + 1)
    const gradient = tf.tensor1d(g)
    const inPlace = take(state, gradient, step)
    expect(inPlace).toBe(step > 1)
    gradient.dispose()
    for (let i = 0; i < count; i++) {
      m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!
      s[i] = beta2 * s[i]! + (1 - beta2) * g[i]! ** 2
      const root = Math.sqrt(s[i]! / (1 - beta2 ** step)) + epsilon
      w[i]! -= learningRate * (weightDecay * w[i]! + m[i]! / (1 - beta1 ** step) / root)
    }
  }
  expect(initial.dataSync()).toEqual(before)
  for (const [i, expected] of [w, m, s].entries()) {
    const found = state[i]!.dataSync()
    const largest = expected.reduce((most, v, at) => Math.max(most, Math.abs(v - found[at]!)), 0)
    expect(largest).toBeLessThan(1e-6)
  }
  tf.dispose([initial, ...state])
})

it('takes a large gradient in parts, to the same bits', () => {
  const [rows, columns] = [1100, 1000] as const
  const weight = tf.tensor2d(randoms(rows * columns, 1), [rows, columns])
  const [read, unread] = [variables(weight), variables(weight)]
  const gradientOf = () =>
    tf.tidy(() => {
      const x = tf.tensor2d(randoms(7 * rows, 2), [7, rows])
      return tf.matMul(x, tf.tensor2d(randoms(7 * columns, 3), [7, columns]), true, false)
    })
  const [known, waiting] = [gradientOf(), gradientOf()]
  known.dataSync()
  take(read, known, 1)
  take(unread, waiting, 1)
  for (const [i, variable] of read.entries()) {
    expect(unread[i]!.dataSync()).toEqual(variable.dataSync())
  }
  tf.dispose([weight, known, waiting, ...read, ...unread])
})

it('names shapes that differ', () => {
  const state = variables(tf.zeros([2, 2]))
  const gradient = tf.zeros([4])
  expect(() => take(state, gradient, 1)).toThrow('AdamStep: shapes differ: weight [2,2], found [4]')
  tf.dispose([...state, gradient])
})
