import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { quantizeLinear } from './quantize.ts'
import { fillUniform } from './random.ts'

const DEPTH = 301
const COLUMNS = 1043

/** Numbers in [-1, 1) from a seed. */
function randoms(count: number, seed: number): Float32Array {
  const numbers = new Float32Array(count)
  fillUniform(numbers, seed, 1)
  return numbers
}

function network(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [DEPTH], units: COLUMNS, activation: 'relu', name: 'a' }),
    ],
  })
  tf.tidy(() =>
    model.setWeights([
      tf.tensor2d(randoms(DEPTH * COLUMNS, 1), [DEPTH, COLUMNS]),
      tf.tensor1d(randoms(COLUMNS, 2)),
    ]),
  )
  return model
}

/** The nearest half-precision number, ties to even. */
function half(value: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))))
  const unit = 2 ** (exponent - 10)
  const floor = Math.floor(value / unit)
  const rest = value / unit - floor
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  return value === 0 ? 0 : (floor + Number(up)) * unit
}

/** What the layer must compute with weights as they are stored. */
function expected(rows: number, x: Float32Array, store: (w: Float64Array) => Float64Array) {
  const w = randoms(DEPTH * COLUMNS, 1)
  const b = randoms(COLUMNS, 2)
  const y = new Float64Array(rows * COLUMNS)
  for (let j = 0; j < COLUMNS; j++) {
    const column = store(Float64Array.from({ length: DEPTH }, (_, k) => w[k * COLUMNS + j]!))
    for (let row = 0; row < rows; row++) {
      let sum = b[j]!
      for (let k = 0; k < DEPTH; k++) sum += x[row * DEPTH + k]! * column[k]!
      y[row * COLUMNS + j] = Math.max(0, sum)
    }
  }
  return y
}

const stores = {
  int8: (column: Float64Array) => {
    const scale = Math.fround(column.reduce((m, v) => Math.max(m, Math.abs(v)), 0) / 127)
    return column.map((v) => Math.round(v / scale) * scale)
  },
  float16: (column: Float64Array) => column.map(half),
}

describe('quantised dense layers', () => {
  beforeAll(async () => {
    await useBackend([cpu({ threads: 2 })])
  })

  it.each([
    ['int8', 1],
    ['int8', 5],
    ['float16', 1],
    ['float16', 3],
  ] as const)('%s, %i rows, are sums over the stored weights', (format, rows) => {
    const model = network()
    const x = randoms(rows * DEPTH, 3)
    const run = () =>
      tf.tidy(() => (model.predict(tf.tensor2d(x, [rows, DEPTH])) as tf.Tensor).dataSync())
    const plain = run()
    const { layers, bytes, restore } = quantizeLinear(model, format)
    expect(layers).toEqual(['a'])
    expect(bytes).toBeLessThan(DEPTH * COLUMNS * (format === 'int8' ? 1.6 : 3.2))
    const found = run()
    const exact = expected(rows, x, stores[format])
    const largest = exact.reduce((m, v) => Math.max(m, v), 0)
    // A weight that lies between two steps of int8 may go either way in float32.
    const bound = format === 'int8' ? 1e-3 : 2e-6
    let [fromStored, fromPlain] = [0, 0]
    for (let i = 0; i < exact.length; i++) {
      fromStored = Math.max(fromStored, Math.abs(found[i]! - exact[i]!) / largest)
      fromPlain = Math.max(fromPlain, Math.abs(found[i]! - plain[i]!) / largest)
    }
    expect(fromStored).toBeLessThan(bound)
    expect(fromPlain).toBeGreaterThan(0)
    expect(fromPlain).toBeLessThan(format === 'int8' ? 0.01 : 0.0005)
    restore()
    expect(run()).toEqual(plain)
    model.dispose()
  })

  it('follow the float32 weights when they change, and free their memory with them', () => {
    const once = () => {
      const model = network()
      quantizeLinear(model, 'int8')
      const run = () => tf.tidy(() => (model.predict(tf.ones([1, DEPTH])) as tf.Tensor).dataSync())
      run()
      tf.tidy(() => model.setWeights([tf.zeros([DEPTH, COLUMNS]), tf.ones([COLUMNS])]))
      expect(run()).toEqual(new Float32Array(COLUMNS).fill(1))
      model.dispose()
      return (tf.memory() as tf.MemoryInfo & { numBytesInUse: number }).numBytesInUse
    }
    expect(once()).toBe(once())
  })

  it('say what is wrong', async () => {
    const model = network()
    expect(() => quantizeLinear(model, 'int4' as 'int8')).toThrow("format 'int4' is neither")
    const none = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2], name: 'f' })] })
    expect(() => quantizeLinear(none, 'int8')).toThrow('no dense layer (its layers: f')
    await tf.setBackend('cpu')
    expect(() => quantizeLinear(model, 'int8')).toThrow("current backend 'cpu' cannot multiply")
    await tf.setBackend('alexnet-cpu')
    model.dispose()
  })
})
