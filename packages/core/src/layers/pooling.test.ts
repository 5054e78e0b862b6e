import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectSameAsReference } from '../testing/compare.ts'
import { at, type Batch, batchOf, type Forward, someBatch } from '../testing/reference.ts'
import { AveragePooling, MaxPooling, type PoolingSettings } from './pooling.ts'

interface Case {
  x: Batch['shape']
  settings: PoolingSettings
  /** Output height and width, from PyTorch 1.13. */
  output: [number, number]
}

const cases: Record<string, Case> = {
  'no overlap': { x: [2, 6, 4, 2], settings: { poolSize: 2 }, output: [3, 2] },
  'overlap, all pixels used': {
    x: [1, 7, 5, 3],
    settings: { poolSize: 3, strides: 2 },
    output: [3, 2],
  },
  'pixels over, rounding down': {
    x: [1, 8, 6, 2],
    settings: { poolSize: 3, strides: 2 },
    output: [3, 2],
  },
  'pixels over, rounding up': {
    x: [1, 8, 6, 2],
    settings: { poolSize: 3, strides: 2, ceilMode: true },
    output: [4, 3],
  },
  'rounding up where nothing is over': {
    x: [1, 7, 9, 2],
    settings: { poolSize: 3, strides: 2, ceilMode: true },
    output: [3, 4],
  },
  'rounding up, a last window that would start past the end': {
    x: [1, 5, 5, 2],
    settings: { poolSize: 1, strides: 3, ceilMode: true },
    output: [2, 2],
  },
  'padding and rounding up, the last window in the padding dropped': {
    x: [1, 7, 8, 2],
    settings: { poolSize: 2, strides: 2, padding: 1, ceilMode: true },
    output: [4, 5],
  },
  'padding, rounding down': {
    x: [2, 7, 6, 1],
    settings: { poolSize: 3, strides: 2, padding: 1 },
    output: [4, 3],
  },
  'oblong window': {
    x: [1, 6, 7, 2],
    settings: { poolSize: [3, 2], strides: 2, padding: 1, ceilMode: true },
    output: [4, 4],
  },
}

type Window = { pixels: number[]; padded: number }

/**
 * Pools by the definition; `padded` counts a window's pixels with those of the declared padding.
 */
function reference({ settings, output }: Case, reduce: (window: Window) => number): Forward {
  const { poolSize, strides, padding = 0 } = settings
  const [height, width] = typeof poolSize === 'number' ? [poolSize, poolSize] : poolSize
  const stride = strides ?? height!
  const pad = padding as number
  return (input) =>
    batchOf([input.shape[0], ...output, input.shape[3]], (n, y, x, c) => {
      const window: Window = { pixels: [], padded: 0 }
      for (let i = y * stride - pad; i < y * stride - pad + height!; i++) {
        for (let j = x * stride - pad; j < x * stride - pad + width!; j++) {
          if (i >= input.shape[1] + pad || j >= input.shape[2] + pad) continue
          window.padded++
          const pixel = at(input, n, i, j, c)
          if (pixel !== undefined) window.pixels.push(pixel)
        }
      }
      return reduce(window)
    })
}

const sum = (pixels: number[]) => pixels.reduce((total, pixel) => total + pixel, 0)

describe('pooling equals float64 loops', () => {
  beforeAll(() => tf.setBackend('cpu'))

  for (const [name, example] of Object.entries(cases)) {
    it(`max: ${name}`, () => {
      const layer = new MaxPooling(example.settings)
      const largest = reference(example, ({ pixels }) => Math.max(...pixels))
      expectSameAsReference(layer, largest, someBatch(example.x))
    })

    it(`average, padding counted: ${name}`, () => {
      const layer = new AveragePooling(example.settings)
      const mean = reference(example, ({ pixels, padded }) => sum(pixels) / padded)
      expectSameAsReference(layer, mean, someBatch(example.x))
    })

    it(`average of real pixels: ${name}`, () => {
      const layer = new AveragePooling({ ...example.settings, countIncludePad: false })
      const mean = reference(example, ({ pixels }) => sum(pixels) / pixels.length)
      expectSameAsReference(layer, mean, someBatch(example.x))
    })
  }
})

describe('pooling', () => {
  it('finds the maximum of negative numbers beside padding', () => {
    const layer = new MaxPooling({ poolSize: 3, strides: 2, padding: 1, ceilMode: true })
    const output = layer.apply(tf.fill([1, 4, 4, 1], -5)) as tf.Tensor
    expect([...output.dataSync()]).toEqual(new Array(9).fill(-5))
  })

  it('leaves out rows and columns with negative padding', () => {
    const layer = new MaxPooling({
      poolSize: 2,
      padding: [
        [0, -1],
        [0, -1],
      ],
    })
    const example: Case = { x: [1, 5, 5, 1], settings: { poolSize: 2 }, output: [2, 2] }
    const x = someBatch([1, 6, 6, 1])
    const cropped = (batch: Batch) => batchOf(example.x, (n, y, x, c) => at(batch, n, y, x, c)!)
    const largest = reference(example, ({ pixels }) => Math.max(...pixels))
    expectSameAsReference(layer, (batch) => largest(cropped(batch)), x)
  })

  it("is TensorFlow.js's own kernel, once, where rounding up makes no difference", async () => {
    const layer = new MaxPooling({ poolSize: 3, strides: 2, ceilMode: true })
    const { kernelNames } = await tf.profile(() => layer.apply(tf.zeros([1, 7, 7, 2])) as tf.Tensor)
    expect(kernelNames).toEqual(['MaxPool'])
  })

  it('says what cannot be', () => {
    expect(() => new MaxPooling({ poolSize: 0 })).toThrow(/poolSize must be a whole number.*0/)
    expect(
      () =>
        new MaxPooling({
          poolSize: 2,
          padding: [
            [-1, 0],
            [0, 0],
          ],
        }),
    ).toThrow(/padding/)
    const layer = new AveragePooling({ poolSize: 3, name: 'pool' })
    expect(() => layer.apply(tf.zeros([1, 2, 5, 1]))).toThrow(
      /layer pool: not one window fits.*2×5/,
    )
  })
})
