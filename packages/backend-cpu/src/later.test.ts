// What is computed only when it is asked for: nothing of it may be seen from outside but the time.

import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { momentumStep } from './index.ts'
import { randoms, useCpu } from './testing/start.ts'

interface Case {
  picture: [number, number, number, number]
  filter: [number, number, number, number]
  strides?: number
  groups?: number
}

/** A case of each path of a convolution. */
const cases: Record<string, Case> = {
  direct: { picture: [3, 9, 8, 3], filter: [5, 5, 3, 7] },
  Winograd: { picture: [3, 13, 12, 32], filter: [3, 3, 32, 40] },
  'Winograd of many tiles': { picture: [24, 16, 16, 32], filter: [3, 3, 32, 32] },
  phases: { picture: [2, 35, 35, 3], filter: [11, 11, 3, 32], strides: 4 },
  groups: { picture: [2, 9, 9, 64], filter: [3, 3, 32, 64], groups: 2 },
}

const tensor = (shape: number[], seed: number) =>
  tf.tensor(randoms(tf.util.sizeFromShape(shape), seed), shape)

function convolve({ strides = 1, groups }: Case, x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) {
  const window = { strides: [strides, strides], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] }
  const name = groups ? 'GroupedConv2D' : 'FusedConv2D'
  const attributes = { ...window, activation: 'linear', ...(groups && { groups }) }
  return tf.engine().runKernel(name, { x, filter, bias }, attributes) as tf.Tensor
}

/** What a function gives while gradients are recorded, as a step of training computes. */
function inTraining<T>(work: () => T): T {
  let result: T | undefined
  tf.tidy(() => {
    tf.grad((one) => {
      result = work()
      return tf.sum(one)
    })(tf.scalar(1))
  })
  return result!
}

describe('a convolution in training', () => {
  beforeAll(() => useCpu())

  it.each(Object.entries(cases))('%s: is what it is elsewhere, and so is its ReLU', (_, one) => {
    tf.tidy(() => {
      const numbers = randoms(tf.util.sizeFromShape(one.picture), 1)
      const odd = Float32Array.from(numbers)
      odd[7] = Number.NaN
      odd[odd.length - 5] = Number.POSITIVE_INFINITY
      for (const values of [numbers, odd]) {
        const x = tf.tensor(values, one.picture)
        const filter = tensor(one.filter, 2)
        const bias = tensor([one.filter[3]], 3)
        const plain = convolve(one, x, filter, bias)
        const expected = { plain: plain.dataSync(), relu: tf.relu(plain).dataSync() }
        const order = [
          () => {
            const c = convolve(one, x, filter, bias)
            return { relu: tf.relu(c).dataSync(), plain: c.dataSync() }
          },
          () => {
            const c = convolve(one, x, filter, bias)
            return { plain: c.dataSync(), relu: tf.relu(c).dataSync() }
          },
        ]
        for (const ask of order) expect(inTraining(ask)).toEqual(expected)
      }
    })
  })

  it('uses the filter that it was given, though it changes in place before it is asked for', () => {
    const one = cases.direct!
    const before = tf.memory().numBytes
    const [filter, velocity] = tf.tidy(() => [
      tf.variable(tensor(one.filter, 2)),
      tf.variable(tf.zeros(one.filter)),
    ]) as [tf.Variable, tf.Variable]
    const x = tensor(one.picture, 1)
    const bias = tensor([one.filter[3]], 3)
    const expected = tf.tidy(() => convolve(one, x, filter, bias).dataSync())
    const gradient = tf.ones(one.filter)
    const found = inTraining(() => {
      const c = convolve(one, x, filter, bias)
      momentumStep({ weight: filter, velocity, gradient, learningRate: 1, momentum: 0 })
      x.dispose()
      return c.dataSync()
    })
    expect(found).toEqual(expected)
    tf.dispose([filter, velocity, bias, gradient])
    expect(tf.memory().numBytes).toBe(before)
  })

  it('leaves no memory behind, asked for or not', () => {
    const one = cases.Winograd!
    const [x, filter] = [tensor(one.picture, 1), tensor(one.filter, 2)]
    const bias = tensor([one.filter[3]], 3)
    const used = () => (tf.memory() as unknown as { numBytesInUse: number }).numBytesInUse
    const step = () => {
      inTraining(() => void convolve(one, x, filter, bias))
      inTraining(() => void tf.relu(convolve(one, x, filter, bias)))
      inTraining(() => void convolve(one, x, filter, bias).dataSync())
    }
    step()
    const before = used()
    for (let n = 0; n < 3; n++) step()
    expect(used()).toBe(before)
    tf.dispose([x, filter, bias])
  })
})

describe("the gradient of a maximum of ReLU's output", () => {
  beforeAll(() => useCpu())

  const shape = [9, 11, 10, 21]
  const window = { filterSize: 3, strides: 2, pad: 'same' }
  const run = (name: string, inputs: tf.NamedTensorMap, attributes = {}) =>
    tf.engine().runKernel(name, inputs, attributes) as tf.Tensor

  it('is the same bits, asked for by itself, by ReLU, by both, and of ReLU with another tensor', () => {
    tf.tidy(() => {
      // Few different values, so that windows have ties, of zero too.
      const before = tensor(shape, 1).mul(3).round().div(3)
      // The same numbers, which no ReLU has made: nothing waits.
      const plain = tf.tensor(tf.relu(before).dataSync(), shape)
      const x = tf.relu(before)
      const y = run('MaxPool', { x }, window)
      const dy = tensor(y.shape, 2)
      const gradient = (input: tf.Tensor) => run('MaxPoolGrad', { dy, input, output: y }, window)
      const expected = gradient(plain).dataSync()
      const through = run('ReluGradient', { y: plain, dy: gradient(plain) }).dataSync()
      expect(gradient(x).dataSync()).toEqual(expected)
      expect(run('ReluGradient', { y: x, dy: gradient(x) }).dataSync()).toEqual(through)
      const both = gradient(x)
      expect(run('ReluGradient', { y: x, dy: both }).dataSync()).toEqual(through)
      expect(both.dataSync()).toEqual(expected)
      const other = tensor(shape, 5)
      const found = run('ReluGradient', { y: other, dy: gradient(x) }).dataSync()
      expect(found).toEqual(run('ReluGradient', { y: other, dy: gradient(plain) }).dataSync())
    })
  })
})

describe("given to a kernel of tfjs's, where memory is not shared", () => {
  // What a page that is not cross-origin isolated reports.
  beforeAll(async () => {
    Object.assign(globalThis, { crossOriginIsolated: false })
    await useCpu({ name: 'unshared' })
  })
  afterAll(() => Reflect.deleteProperty(globalThis, 'crossOriginIsolated'))

  const usage = () => tf.memory() as unknown as { numBytesInUse: number; numBytesReserved: number }
  /** Leaves no room for so many bytes, so that the memory must grow: views of it end then. */
  const fill = (bytes: number) => {
    const room = () => usage().numBytesReserved - usage().numBytesInUse
    while (room() > bytes / 2) tf.zeros([bytes / 8])
  }
  const waiting: Record<string, () => tf.Tensor> = {
    convolution: () => {
      const one: Case = { picture: [1, 64, 64, 3], filter: [1, 1, 3, 256] }
      return convolve(one, tensor(one.picture, 1), tensor(one.filter, 2), tensor([256], 3))
    },
    'gradient of a maximum': () => {
      const x = tf.relu(tensor([1, 64, 64, 256], 1))
      const window = { filterSize: 3, strides: 2, pad: 'same' }
      const output = tf.engine().runKernel('MaxPool', { x }, window) as tf.Tensor
      const dy = tensor(output.shape, 2)
      return tf.engine().runKernel('MaxPoolGrad', { dy, input: x, output }, window) as tf.Tensor
    },
    'gradient of a weight': () => tf.matMul(tensor([2, 1024], 1), tensor([2, 1024], 2), true),
  }
  // Two of them are of kernels that this backend has, for other cases, and two of such that it has not.
  const operations = { pow: tf.pow, floorDiv: tf.floorDiv, mod: tf.mod, atan2: tf.atan2 }
  const pairs = Object.keys(waiting).flatMap((what) =>
    Object.keys(operations).map((by) => [what, by as keyof typeof operations] as const),
  )

  it.each(pairs)('%s, %s', (what, by) => {
    inTraining(() => {
      const computed = waiting[what]!()
      computed.dataSync()
      const held = tf.abs(tensor(computed.shape, 5)).add(1)
      const expected = operations[by](held, computed).dataSync()
      const later = waiting[what]!()
      fill(4 * later.size)
      const before = usage().numBytesReserved
      const found = operations[by](held, later).dataSync()
      expect(usage().numBytesReserved).toBeGreaterThan(before)
      // A million numbers said to differ one by one would take minutes.
      expect(found.length).toBe(expected.length)
      expect(found.findIndex((value, at) => !Object.is(value, expected[at]))).toBe(-1)
    })
  })
})
