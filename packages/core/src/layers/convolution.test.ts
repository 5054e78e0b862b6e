import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { expectSameAsReference, relativeError, toTensor } from '../testing/compare.ts'
import {
  at,
  type Batch,
  batchOf,
  type Forward,
  numericGradient,
  someBatch,
  someNumbers,
} from '../testing/reference.ts'
import { Convolution } from './convolution.ts'

interface Case {
  size: [number, number]
  stride: number
  pads: [[number, number], [number, number]]
  groups: number
  /** Output height and width. */
  output: [number, number]
}

/** The definition: each output is a sum over its group's channels and the filter's pixels. */
function reference(
  kernel: Batch,
  bias: Float64Array,
  { size, stride, pads, groups, output }: Case,
): Forward {
  const filters = bias.length
  return (input) =>
    batchOf([input.shape[0], ...output, filters], (n, y, x, filter) => {
      const perGroup = input.shape[3] / groups
      const group = Math.floor(filter / (filters / groups))
      let sum = bias[filter]!
      for (let i = 0; i < size[0]; i++) {
        for (let j = 0; j < size[1]; j++) {
          for (let c = 0; c < perGroup; c++) {
            const pixel = at(
              input,
              n,
              y * stride + i - pads[0][0],
              x * stride + j - pads[1][0],
              group * perGroup + c,
            )
            sum += (pixel ?? 0) * at(kernel, i, j, c, filter)!
          }
        }
      }
      return sum
    })
}

const cases: Record<string, { x: Batch['shape']; filters: number; settings: object; shape: Case }> =
  {
    'number padding, stride': {
      x: [2, 9, 8, 3],
      filters: 4,
      settings: { kernelSize: 3, strides: 2, padding: 1 },
      shape: {
        size: [3, 3],
        stride: 2,
        pads: [
          [1, 1],
          [1, 1],
        ],
        groups: 1,
        output: [5, 4],
      },
    },
    'a padding for each side, oblong filter': {
      x: [1, 6, 7, 2],
      filters: 3,
      settings: {
        kernelSize: [3, 2],
        padding: [
          [2, 0],
          [0, 1],
        ],
      },
      shape: {
        size: [3, 2],
        stride: 1,
        pads: [
          [2, 0],
          [0, 1],
        ],
        groups: 1,
        output: [6, 7],
      },
    },
    'rounding up: 3 columns of zeros more, as 224 pixels in the 2012 source': {
      x: [1, 14, 13, 2],
      filters: 2,
      settings: { kernelSize: 5, strides: 4, ceilMode: true },
      shape: {
        size: [5, 5],
        stride: 4,
        pads: [
          [0, 3],
          [0, 0],
        ],
        groups: 1,
        output: [4, 3],
      },
    },
    'two groups': {
      x: [2, 5, 5, 4],
      filters: 6,
      settings: { kernelSize: 3, padding: 1, groups: 2 },
      shape: {
        size: [3, 3],
        stride: 1,
        pads: [
          [1, 1],
          [1, 1],
        ],
        groups: 2,
        output: [5, 5],
      },
    },
    'as many groups as channels, stride, one side padded': {
      x: [1, 6, 6, 3],
      filters: 3,
      settings: {
        kernelSize: 3,
        strides: 2,
        padding: [
          [0, 1],
          [1, 0],
        ],
        groups: 3,
      },
      shape: {
        size: [3, 3],
        stride: 2,
        pads: [
          [0, 1],
          [1, 0],
        ],
        groups: 3,
        output: [3, 3],
      },
    },
  }

describe('Convolution', () => {
  beforeAll(() => tf.setBackend('cpu'))
  afterEach(() => tf.disposeVariables())

  for (const [name, { x, filters, settings, shape }] of Object.entries(cases)) {
    it(`equals float64 loops, output and input gradient: ${name}`, () => {
      const { layer, kernel, bias } = withWeights(x, filters, settings)
      expectSameAsReference(layer, reference(kernel, bias, shape), someBatch(x))
    })

    it(`equals float64 loops, gradients of kernel and bias: ${name}`, () => {
      const { layer, kernel, bias } = withWeights(x, filters, settings)
      const input = someBatch(x)
      const lossWeights = someNumbers(x[0] * shape.output[0] * shape.output[1] * filters, 7)
      const byKernel = numericGradient((k) => reference(k, bias, shape)(input), kernel, lossWeights)
      const byBias = numericGradient(
        (b) => reference(kernel, b.data, shape)(input),
        { shape: [1, 1, 1, filters], data: bias },
        lossWeights,
      )
      for (const training of [true, false]) {
        tf.tidy(() => {
          const { grads } = tf.variableGrads(() => {
            const output = layer.apply(toTensor(input), { training }) as tf.Tensor
            return tf.sum(tf.mul(output, tf.tensor(Float32Array.from(lossWeights), output.shape)))
          })
          const [kernelName, biasName] = layer.weights.map((weight) => weight.name)
          expect(relativeError(grads[kernelName!]!.dataSync(), byKernel)).toBeLessThan(1e-5)
          expect(relativeError(grads[biasName!]!.dataSync(), byBias)).toBeLessThan(1e-5)
        })
      }
    })
  }

  it('knows its output shape when height and width are open', () => {
    const layer = new Convolution({ filters: 4, kernelSize: 3, strides: 2 })
    expect(layer.computeOutputShape([null, null, 9, 3])).toEqual([null, null, 4, 4])
  })

  it('says what cannot be', () => {
    const settings = { filters: 4, kernelSize: 3 }
    expect(() => new Convolution({ ...settings, groups: 3 })).toThrow(
      /4 filters cannot be split into 3 equal groups/,
    )
    expect(() => new Convolution({ ...settings, padding: -1 })).toThrow(OptionError)
    expect(() => new Convolution({ ...settings, strides: 0 })).toThrow(
      /strides must be a whole number/,
    )
    expect(() => new Convolution({ ...settings, kernelSize: 1.5 })).toThrow(/kernelSize.*1\.5/)
    expect(() => new Convolution({ ...settings, kernelInitializer: 'heNormall' })).toThrow(
      /'heNormall' is not an initialiser/,
    )
    const grouped = new Convolution({ ...settings, groups: 2, name: 'grouped' })
    expect(() => grouped.apply(tf.zeros([1, 5, 5, 3]))).toThrow(
      /layer grouped: 3 input channels cannot be split into 2/,
    )
    const small = new Convolution({ ...settings, name: 'small' })
    expect(() => small.apply(tf.zeros([1, 2, 2, 3]))).toThrow(
      /layer small: not one window fits.*2×2/,
    )
  })
})

function withWeights(x: Batch['shape'], filters: number, settings: object) {
  const layer = new Convolution({ filters, ...(settings as { kernelSize: number }) })
  layer.build([null, ...x.slice(1)] as tf.Shape)
  const shape = layer.weights[0]!.shape as Batch['shape']
  const kernel = someBatch(shape, 2)
  const bias = someNumbers(filters, 3)
  layer.setWeights([toTensor(kernel), tf.tensor1d(Float32Array.from(bias))])
  return { layer, kernel, bias }
}
