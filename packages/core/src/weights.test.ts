import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Architecture, activation, convolution, linear, maxPooling } from './architecture.ts'
import { cifarPreparation } from './architectures/preparations.ts'
import { buildModel, createAlexNet } from './build.ts'
import { OptionError, WeightsError } from './errors.ts'
import { pytorchDefault as initial } from './initializers.ts'
import { relativeError } from './testing/compare.ts'
import {
  exportWeights,
  fromPyTorchLayout,
  loadLazyWeights,
  loadWeights,
  modelWeights,
  toPyTorchLayout,
} from './weights.ts'

/** Groups, an oblong number of channels and a flattening of more than one pixel, all small. */
const small: Architecture = {
  name: 'small',
  description: 'for tests',
  inputSize: 8,
  preparation: cifarPreparation,
  classes: 4,
  features: [
    convolution(6, 3, { padding: 1, initial }), // 8×8×6
    activation('relu'),
    maxPooling(2, 2), // 4×4×6
    convolution(4, 3, { groups: 2, initial }), // 2×2×4
  ],
  classifier: [linear(5, initial), activation('relu'), linear('classes', initial)],
}

/** A PyTorch module's arithmetic on PyTorch's own layouts: pictures [channels][height][width]. */
function torchForward(
  tensors: Map<string, { shape: number[]; data: Float32Array }>,
  picture: number[],
) {
  const get = (name: string) => tensors.get(name)!
  const convolve = (
    x: number[],
    channels: number,
    size: number,
    name: string,
    padding: number,
    groups: number,
  ) => {
    const [filters, perGroup, height, width] = get(`${name}.weight`).shape as [
      number,
      number,
      number,
      number,
    ]
    const [weight, bias] = [get(`${name}.weight`).data, get(`${name}.bias`).data]
    const out = size + 2 * padding - height + 1
    const y: number[] = []
    for (let o = 0; o < filters; o++) {
      const firstChannel = Math.floor(o / (filters / groups)) * (channels / groups)
      for (let r = 0; r < out; r++) {
        for (let s = 0; s < out; s++) {
          let sum = bias[o]!
          for (let c = 0; c < perGroup; c++) {
            for (let i = 0; i < height; i++) {
              for (let j = 0; j < width; j++) {
                const [row, column] = [r + i - padding, s + j - padding]
                if (row < 0 || row >= size || column < 0 || column >= size) continue
                sum +=
                  x[((firstChannel + c) * size + row) * size + column]! *
                  weight[((o * perGroup + c) * height + i) * width + j]!
              }
            }
          }
          y.push(sum)
        }
      }
    }
    return y
  }
  const relu = (x: number[]) => x.map((value) => Math.max(value, 0))
  const pool = (x: number[], channels: number, size: number) => {
    const y: number[] = []
    for (let c = 0; c < channels; c++) {
      for (let r = 0; r < size; r += 2) {
        for (let s = 0; s < size; s += 2) {
          const first = (c * size + r) * size + s
          y.push(Math.max(x[first]!, x[first + 1]!, x[first + size]!, x[first + size + 1]!))
        }
      }
    }
    return y
  }
  const dense = (x: number[], name: string) => {
    const [weight, bias] = [get(`${name}.weight`).data, get(`${name}.bias`).data]
    return [...bias].map((b, o) =>
      x.reduce((sum, value, i) => sum + value * weight[o * x.length + i]!, b),
    )
  }
  const features = convolve(
    pool(relu(convolve(picture, 3, 8, 'features.0', 1, 1)), 6, 8),
    ...([6, 4, 'features.3', 0, 2] as const),
  )
  return dense(relu(dense(features, 'classifier.0')), 'classifier.2')
}

beforeAll(() => tf.setBackend('cpu'))
afterEach(() => tf.disposeVariables())

describe('modelWeights', () => {
  it("gives torchvision's names and shapes", () => {
    const model = createAlexNet({ inputSize: 63, initialize: false })
    expect(Object.fromEntries(modelWeights(model).map(({ name, shape }) => [name, shape]))).toEqual(
      {
        'features.0.weight': [64, 3, 11, 11],
        'features.0.bias': [64],
        'features.3.weight': [192, 64, 5, 5],
        'features.3.bias': [192],
        'features.6.weight': [384, 192, 3, 3],
        'features.6.bias': [384],
        'features.8.weight': [256, 384, 3, 3],
        'features.8.bias': [256],
        'features.10.weight': [256, 256, 3, 3],
        'features.10.bias': [256],
        'classifier.1.weight': [4096, 9216],
        'classifier.1.bias': [4096],
        'classifier.4.weight': [4096, 4096],
        'classifier.4.bias': [4096],
        'classifier.6.weight': [1000, 4096],
        'classifier.6.bias': [1000],
      },
    )
  })
})

describe('exportWeights', () => {
  it('gives weights with which PyTorch arithmetic comes to the same logits', async () => {
    const model = buildModel(small, { seed: 4 })
    const tensors = await exportWeights(model)
    expect(tensors.get('features.3.weight')!.shape).toEqual([4, 3, 3, 3])
    const pixels = tf.randomNormal([1, 8, 8, 3], 0, 1, 'float32', 2)
    const planes = [...tf.tidy(() => pixels.transpose([0, 3, 1, 2]).dataSync())]
    const logits = tf.tidy(() => (model.predict(pixels) as tf.Tensor).dataSync())
    expect(relativeError(logits, torchForward(tensors, planes))).toBeLessThan(1e-5)
  })

  it('copies: changing an exported array does not change the model', async () => {
    const model = buildModel(small)
    const first = await exportWeights(model)
    for (const { data } of first.values()) data.fill(7)
    expect((await exportWeights(model)).get('features.0.bias')!.data).not.toContain(7)
  })
})

describe('loadWeights', () => {
  it('sets what exportWeights gave, bit for bit, and leaves no tensor', async () => {
    const [one, two] = [buildModel(small, { seed: 1 }), buildModel(small, { seed: 2 })]
    const tensors = await exportWeights(one)
    const before = tf.memory().numTensors
    const report = loadWeights(two, tensors)
    expect(tf.memory().numTensors).toBe(before)
    expect(report).toEqual({
      loaded: [...tensors.keys()],
      missing: [],
      unexpected: [],
      skipped: [],
    })
    for (const [i, weight] of two.getWeights().entries()) {
      expect(weight.dataSync()).toEqual(one.getWeights()[i]!.dataSync())
    }
  })

  it('takes numbers of any array type', async () => {
    const model = buildModel(small)
    const tensors = new Map(
      [...(await exportWeights(model))].map(([name, { shape, data }]) => [
        name,
        { dtype: 'float64', shape, data: Float64Array.from(data, (x) => 2 * x) },
      ]),
    )
    const doubled = model.getWeights()[0]!.mul(2).dataSync()
    loadWeights(model, tensors)
    expect(model.getWeights()[0]!.dataSync()).toEqual(doubled)
    const whole = new Map(
      [...tensors].map(([name, { shape, data }]) => [
        name,
        { dtype: 'int64', shape, data: BigInt64Array.from(data, (x) => BigInt(Math.round(9 * x))) },
      ]),
    )
    loadWeights(model, whole)
    const rounded = doubled.map((x) => Math.round(9 * x) + 0)
    expect(model.getWeights()[0]!.dataSync()).toEqual(rounded)
  })

  it('lists everything that does not fit in one error, and changes nothing', async () => {
    const model = buildModel(small)
    const tensors = await exportWeights(buildModel(small, { classes: 7, seed: 9 }))
    tensors.delete('features.0.bias')
    tensors.delete('features.3.weight')
    tensors.set('classifier.9.weight', {
      dtype: 'float32',
      shape: [2, 3],
      data: new Float32Array(6),
    })
    const before = (await exportWeights(model)).get('classifier.0.weight')
    let error: unknown
    try {
      loadWeights(model, tensors)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(WeightsError)
    expect(error).toMatchObject({
      message:
        'the weights do not fit the model: ' +
        'classifier.2.weight is [7, 5] where the model has [4, 5]; ' +
        'classifier.2.bias is [7] where the model has [4]; ' +
        'missing features.0.bias [6], features.3.weight [4, 3, 3, 3]; ' +
        'unexpected classifier.9.weight [2, 3]',
      missing: ['features.0.bias', 'features.3.weight'],
      unexpected: ['classifier.9.weight'],
      misshapen: [
        { name: 'classifier.2.weight', expected: [4, 5], found: [7, 5] },
        { name: 'classifier.2.bias', expected: [4], found: [7] },
      ],
    })
    expect((await exportWeights(model)).get('classifier.0.weight')).toEqual(before)
  })

  it('tolerates missing and unexpected tensors when not strict, wrong shapes never', async () => {
    const model = buildModel(small)
    const tensors = await exportWeights(buildModel(small, { seed: 9 }))
    tensors.delete('features.0.bias')
    tensors.set('extra', { dtype: 'float32', shape: [], data: new Float32Array(1) })
    const report = loadWeights(model, tensors, { strict: false })
    expect(report).toMatchObject({ missing: ['features.0.bias'], unexpected: ['extra'] })
    expect(report.loaded).toHaveLength(7)
    tensors.set('features.0.weight', {
      dtype: 'float32',
      shape: [6, 3, 3],
      data: new Float32Array(54),
    })
    expect(() => loadWeights(model, tensors, { strict: false })).toThrow(
      'features.0.weight is [6, 3, 3] where the model has [6, 3, 3, 3]',
    )
    tensors.set('features.0.weight', {
      dtype: 'float32',
      shape: [6, 3, 3, 3],
      data: new Float32Array(3),
    })
    expect(() => loadWeights(model, tensors, { strict: false })).toThrow(
      'features.0.weight holds 3 numbers for the shape [6, 3, 3, 3]',
    )
  })

  it('leaves the last linear layer alone with ignoreHead', async () => {
    const model = buildModel(small)
    const head = model.getLayer('classifier.2').getWeights()[0]!.dataSync().slice()
    const tensors = await exportWeights(buildModel(small, { classes: 7, seed: 9 }))
    const report = loadWeights(model, tensors, { ignoreHead: true })
    expect(report.skipped).toEqual(['classifier.2.weight', 'classifier.2.bias'])
    expect(report.loaded).toHaveLength(6)
    expect(report.unexpected).toEqual([])
    expect(model.getLayer('classifier.2').getWeights()[0]!.dataSync()).toEqual(head)
    const loaded = (await exportWeights(model)).get('classifier.0.weight')
    expect(loaded).toEqual(tensors.get('classifier.0.weight'))
  })
})

describe('loadLazyWeights', () => {
  type Tensors = Awaited<ReturnType<typeof exportWeights>>
  /** As a file gives them: whole or by rows, each read noted. */
  const lazily = (tensors: Tensors, reads: string[], byRows: boolean) =>
    new Map(
      [...tensors].map(([name, { dtype, shape, data }]) => {
        const row = data.length / shape[0]!
        const lazy = {
          dtype,
          shape,
          load: async () => {
            reads.push(name)
            return data
          },
          loadRows: async (first: number, count: number) => {
            reads.push(`${name} ${first}+${count}`)
            return data.slice(first * row, (first + count) * row)
          },
        }
        const { loadRows: _, ...whole } = lazy
        return [name, byRows ? lazy : whole]
      }),
    )

  it.each([true, false])('sets the same bits as loadWeights, by rows: %s', async (byRows) => {
    const [one, two] = [buildModel(small, { seed: 1 }), buildModel(small, { seed: 2 })]
    const tensors = await exportWeights(one)
    const before = tf.memory().numTensors
    const reads: string[] = []
    const report = await loadLazyWeights(two, lazily(tensors, reads, byRows))
    expect(report.loaded).toEqual([...tensors.keys()])
    expect(tf.memory().numTensors).toBe(before)
    expect(await exportWeights(two)).toEqual(tensors)
    expect(reads).toHaveLength(tensors.size)
  })

  it('puts pieces of rows together', async () => {
    const [one, two] = [buildModel(small, { seed: 1 }), buildModel(small, { seed: 2 })]
    for (const weight of modelWeights(two)) {
      const { shape, data } = (await exportWeights(one)).get(weight.name)!
      const row = data.length / shape[0]!
      const target = new Float32Array(data.length)
      for (let first = 0; first < shape[0]!; first += 3) {
        weight.placeRows(data.slice(first * row, (first + 3) * row), first, target)
      }
      expect(target).toEqual(weight.fromPyTorch(data))
    }
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses a weight of %s',
    async (broken) => {
      const model = buildModel(small)
      const tensors = lazily(await exportWeights(model), [], false)
      const first = tensors.get('features.0.weight')!
      const data = (await first.load()).slice()
      data[data.length - 1] = broken
      tensors.set('features.0.weight', { ...first, load: async () => data })
      await expect(loadLazyWeights(model, tensors)).rejects.toThrow(
        `features.0.weight has the value ${broken}: these weights are broken`,
      )
    },
  )

  it('reads nothing when a shape does not fit, and says when a read gives too little', async () => {
    const tensors = await exportWeights(buildModel(small, { classes: 7 }))
    const reads: string[] = []
    const model = buildModel(small)
    await expect(loadLazyWeights(model, lazily(tensors, reads, true))).rejects.toThrow(
      'classifier.2.weight is [7, 5] where the model has [4, 5]',
    )
    expect(reads).toEqual([])
    const short = lazily(await exportWeights(model), [], false)
    const first = short.get('features.0.weight')!
    short.set('features.0.weight', { ...first, load: async () => new Float32Array(3) })
    await expect(loadLazyWeights(model, short)).rejects.toThrow(
      'features.0.weight: 3 numbers were read, not 162',
    )
  })
})

describe('layouts for optimiser state', () => {
  it('moves every weight there and back', () => {
    const model = buildModel(small)
    for (const weight of modelWeights(model)) {
      const values = Float32Array.from({ length: weight.variable.read().size }, (_, i) => i)
      const moved = toPyTorchLayout(model, weight.name, values)
      expect(fromPyTorchLayout(model, weight.name, moved)).toEqual(values)
      if (weight.name.endsWith('bias')) expect(moved).toEqual(values)
    }
    expect(() => toPyTorchLayout(model, 'features.1.weight', [])).toThrow(OptionError)
    expect(() => toPyTorchLayout(model, 'features.1.weight', [])).toThrow(/features\.0\.weight/)
    expect(() => toPyTorchLayout(model, 'features.0.weight', [1])).toThrow(
      /has 162 numbers, found 1/,
    )
  })
})
