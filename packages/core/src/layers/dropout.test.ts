import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { Dropout, setTrainingStep } from './dropout.ts'

const train = (layer: Dropout, input: tf.Tensor) =>
  (layer.apply(input, { training: true }) as tf.Tensor).dataSync()

describe('Dropout', () => {
  beforeAll(() => tf.setBackend('cpu'))

  it('inverted: scales the kept in training, does nothing in inference', () => {
    const layer = new Dropout({ rate: 0.2 })
    const input = tf.fill([100, 100], 4)
    const output = train(layer, input)
    expect(new Set(output)).toEqual(new Set([0, 5]))
    const share = output.filter((value) => value === 0).length / output.length
    expect(Math.abs(share - 0.2)).toBeLessThan(0.02) // 5 standard deviations
    expect((layer.apply(input) as tf.Tensor).dataSync()).toEqual(input.dataSync())
  })

  it('not inverted: keeps as it is in training, scales in inference', () => {
    const layer = new Dropout({ rate: 0.25, inverted: false })
    const input = tf.fill([100, 100], 4)
    expect(new Set(train(layer, input))).toEqual(new Set([0, 4]))
    expect(new Set((layer.apply(input) as tf.Tensor).dataSync())).toEqual(new Set([3]))
  })

  it('does nothing at rate 0', () => {
    for (const inverted of [true, false]) {
      const layer = new Dropout({ rate: 0, inverted })
      const input = tf.randomNormal([10, 10])
      expect(train(layer, input)).toEqual(input.dataSync())
      expect((layer.apply(input) as tf.Tensor).dataSync()).toEqual(input.dataSync())
    }
  })

  it('passes the gradient through the same mask', () => {
    const layer = new Dropout({ rate: 0.5, seed: 3 })
    const input = tf.ones([10, 10])
    const output = train(layer, input)
    layer.setTrainingStep(0)
    const gradient = tf.grad((x) => tf.sum(layer.apply(x, { training: true }) as tf.Tensor))(input)
    expect(gradient.dataSync()).toEqual(output)
  })

  it('draws the same mask for the same seed, step and call, and another for any other', () => {
    const input = tf.ones([50, 40])
    const masks = (seed: number, step: number) => {
      const layer = new Dropout({ rate: 0.5, seed })
      layer.setTrainingStep(step)
      return [train(layer, input), train(layer, input)]
    }
    expect(masks(1, 10)).toEqual(masks(1, 10))
    const all = [...masks(1, 10), ...masks(1, 11), ...masks(2, 10)]
    for (const [i, one] of all.entries()) {
      for (const other of all.slice(i + 1)) {
        const agreeing = one.filter((value, k) => value === other[k]).length / one.length
        expect(Math.abs(agreeing - 0.5)).toBeLessThan(0.06) // 5 standard deviations
      }
    }
  })

  it('does not depend on the batch that an element is in, only on its place', () => {
    const layer = new Dropout({ rate: 0.5 })
    const large = train(layer, tf.ones([4, 30]))
    layer.setTrainingStep(0)
    expect(train(layer, tf.ones([2, 30]))).toEqual(large.slice(0, 60))
  })

  it('leaves no tensor behind', () => {
    const layer = new Dropout({ rate: 0.5, inverted: false })
    const input = tf.ones([5, 5])
    const before = tf.memory().numTensors
    for (const training of [true, false]) (layer.apply(input, { training }) as tf.Tensor).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('says what cannot be', () => {
    expect(() => new Dropout({ rate: 1 })).toThrow(
      /rate must be at least 0 and less than 1, found 1/,
    )
    expect(() => new Dropout({ rate: 0.5, seed: -1 })).toThrow(/seed/)
    expect(() => new Dropout({ rate: 0.5 }).setTrainingStep(0.5)).toThrow(/training step/)
  })
})

describe('setTrainingStep', () => {
  it('reaches every dropout layer, those of models within models too', () => {
    const input = tf.input({ shape: [40] })
    const inner = tf.sequential({ layers: [new Dropout({ rate: 0.5, seed: 1, inputShape: [40] })] })
    const outer = new Dropout({ rate: 0.5, seed: 2 }).apply(inner.apply(input)) as tf.SymbolicTensor
    const model = tf.model({ inputs: input, outputs: outer })
    const run = () => (model.apply(tf.ones([30, 40]), { training: true }) as tf.Tensor).dataSync()
    setTrainingStep(model, 5)
    const first = run()
    expect(run()).not.toEqual(first)
    setTrainingStep(model, 5)
    expect(run()).toEqual(first)
    setTrainingStep(model, 6)
    expect(run()).not.toEqual(first)
  })
})
