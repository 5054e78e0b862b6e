import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { OptionError } from './errors.ts'
import {
  createInitializer,
  gaussian,
  kaimingNormal,
  lecunNormal,
  pytorchDefault,
  SeededNormal,
  SeededUniform,
  toInitializer,
} from './initializers.ts'
import { registerLayers } from './layers/register.ts'

const shape = [3, 3, 64, 192]
const FAN_IN = 3 * 3 * 64

function statistics(initializer: ReturnType<typeof createInitializer>) {
  const values = tf.tidy(() => initializer.apply(shape).dataSync<'float32'>())
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance), largest: Math.max(...values.map(Math.abs)) }
}

describe('rules for weights', () => {
  beforeAll(() => tf.setBackend('cpu'))

  // 110,592 numbers: the deviation found is good to 0.2 %, and 1 % is 5 deviations of that.
  it("the paper's and Caffe's normal distributions", () => {
    for (const deviation of [0.01, 0.03, 0.005]) {
      const found = statistics(createInitializer(gaussian(deviation, 0).weights, FAN_IN, 1))
      expect(found.deviation / deviation).toBeCloseTo(1, 2)
      expect(Math.abs(found.mean) / deviation).toBeLessThan(0.015)
    }
  })

  it('Kaiming normal: √(2 / fanIn)', () => {
    const found = statistics(createInitializer(kaimingNormal.weights, FAN_IN, 1))
    expect(found.deviation / Math.sqrt(2 / FAN_IN)).toBeCloseTo(1, 2)
  })

  it("PyTorch's default: ±1/√fanIn for weights and biases", () => {
    for (const rule of [pytorchDefault.weights, pytorchDefault.biases]) {
      const found = statistics(createInitializer(rule, FAN_IN, 1))
      expect(found.largest * Math.sqrt(FAN_IN)).toBeCloseTo(1, 3)
      expect(found.deviation * Math.sqrt(3 * FAN_IN)).toBeCloseTo(1, 2)
    }
  })

  it("LeCun's: N(0, 1/√fanIn)", () => {
    const found = statistics(createInitializer(lecunNormal.weights, FAN_IN, 1))
    expect(found.deviation * Math.sqrt(FAN_IN)).toBeCloseTo(1, 2)
  })

  it('biases at one value', () => {
    for (const value of [0, 0.1, 1]) {
      const biases = createInitializer(gaussian(0.01, value).biases, FAN_IN, 1).apply([4])
      expect(biases.dataSync()).toEqual(Float32Array.of(value, value, value, value))
    }
  })
})

describe('seeded initialisers', () => {
  it('follow from the seed', () => {
    for (const make of [
      (seed: number) => new SeededNormal({ standardDeviation: 1, seed }),
      (seed: number) => new SeededUniform({ bound: 1, seed }),
    ]) {
      const [a, b, c] = [1, 1, 2].map((seed) => make(seed).apply([100]).dataSync())
      expect(a).toEqual(b)
      expect(a).not.toEqual(c)
    }
  })

  it("serve TensorFlow.js's own layers and come back from their configuration", () => {
    registerLayers()
    const make = () => new SeededNormal({ standardDeviation: 0.5, seed: 3 })
    const layer = tf.layers.dense({ units: 4, inputShape: [5], kernelInitializer: make() })
    const model = tf.sequential({ layers: [layer] })
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as Record<string, object>
    const again = tf.layers.dense({ ...config, name: 'again' } as Parameters<
      typeof tf.layers.dense
    >[0])
    const other = tf.sequential({ layers: [again] })
    expect(other.getWeights()[0]!.dataSync()).toEqual(model.getWeights()[0]!.dataSync())
    expect(model.getWeights()[0]!.dataSync()).toEqual(make().apply([5, 4]).dataSync())
  })

  it('say what cannot be', () => {
    expect(() => new SeededNormal({ standardDeviation: -1, seed: 0 })).toThrow(OptionError)
    expect(() => new SeededUniform({ bound: Number.NaN, seed: 0 })).toThrow(/bound.*NaN/)
    expect(() => toInitializer({ className: 'Nope' })).toThrow(/not an initialiser/)
  })
})
