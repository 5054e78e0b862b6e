import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type Architecture,
  activation,
  averagePooling,
  convolution,
  dropout,
  linear,
  maxPooling,
} from './architecture.ts'
import { architectures, type Variant } from './architectures/index.ts'
import { buildModel, createAlexNet } from './build.ts'
import { describeModel, formatDescription, type LayerDescription } from './describe.ts'
import { gaussian } from './initializers.ts'

const describeVariant = (variant: Variant, inputSize?: number) =>
  describeModel(createAlexNet({ variant, inputSize, initialize: false }))

beforeAll(() => tf.setBackend('cpu'))
afterEach(() => tf.disposeVariables())

describe('describe', () => {
  it("gives the paper's counts", () => {
    const { layers, parameters, multiplyAdds } = describeVariant('paper')
    const withWeights = layers.filter((layer) => layer.parameters > 0)
    expect(withWeights.map((layer) => layer.parameters)).toEqual([
      34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000,
    ])
    expect(parameters).toBe(60_965_224)
    expect(multiplyAdds).toBe(724_406_816)
  })

  it("gives the other variants' totals", () => {
    const total = (variant: Variant) => {
      const { parameters, multiplyAdds } = describeVariant(variant)
      return [parameters, multiplyAdds]
    }
    expect(total('torchvision')).toEqual([61_100_840, 714_188_480])
    for (const variant of ['krizhevsky-2012', 'caffe', 'caffenet'] as const) {
      expect(total(variant)).toEqual([60_965_224, 724_406_816])
    }
    expect(total('cifar')[0]).toBe(1_907_594)
    expect(total('cifar-paper')[0]).toBe(545_482)
    expect(total('lenet-5')).toEqual([62_006, 651_720])
    expect(total('cuda-convnet-80sec')[0]).toBe(145_578)
    expect(total('cuda-convnet-18pct')[0]).toBe(89_578)
  })

  it('follows receptive field and stride', () => {
    const found = describeVariant('torchvision').layers.map(({ name, receptiveField, stride }) => [
      name,
      receptiveField,
      stride,
    ])
    for (const expected of [
      ['features.0', 11, 4],
      ['features.2', 19, 8],
      ['features.3', 51, 8],
      ['features.5', 67, 16],
      ['features.6', 99, 16],
      ['features.8', 131, 16],
      ['features.10', 163, 16],
      ['features.12', 195, 32],
      ['avgpool', 195, 32],
      ['classifier.1', 355, 32],
      ['classifier.6', 355, 32],
    ]) {
      expect(found).toContainEqual(expected)
    }
  })

  it('equals the receptive field that gradients show', () => {
    const initial = gaussian(0.01, 0)
    const narrow: Architecture = {
      ...architectures.torchvision,
      inputSize: 99,
      features: [
        convolution(2, 11, { stride: 4, padding: 2, initial }),
        activation('sigmoid'),
        averagePooling(3, 2),
        convolution(2, 5, { padding: 2, initial }),
        { kind: 'same-map-normalization', size: 3, alpha: 1, beta: 0.75, bias: 1 },
        convolution(1, 3, { padding: 1, initial }),
      ],
      classifier: [linear(1, initial)],
    }
    const model = buildModel(narrow)
    // Equal positive weights, so that nothing cancels, and small ones, so that nothing saturates.
    model.setWeights(model.getWeights().map((weight) => tf.fill(weight.shape, 0.01)))
    const output = model.getLayer('features.5').output as tf.SymbolicTensor
    const features = tf.model({ inputs: model.inputs, outputs: output })
    expect(features.outputs[0]!.shape).toEqual([null, 11, 11, 1])
    const seen = tf.tidy(() => {
      const picture = tf.randomUniform([1, 99, 99, 3], 0, 1, 'float32', 3)
      const middle = (x: tf.Tensor) =>
        (features.apply(x) as tf.Tensor4D).slice([0, 5, 5, 0], [1, 1, 1, 1]).sum()
      const rows = tf.grad(middle)(picture).abs().max([2, 3]).dataSync()
      return [...rows].filter((value) => value > 0).length
    })
    expect(describeModel(features).layers.at(-1)!.receptiveField).toBe(seen)
  })

  it('names every kind of layer, and counts what each multiplies', () => {
    const initial = gaussian(0.01, 0)
    const small: Architecture = {
      ...architectures.torchvision,
      inputSize: 12,
      features: [
        convolution(4, 3, { padding: 1, initial }),
        activation('tanh'),
        { kind: 'local-response-normalization', size: 5, alpha: 1, beta: 0.75, bias: 1 },
        { kind: 'same-map-normalization', size: 3, alpha: 1, beta: 0.75, bias: 1 },
        convolution(6, 3, { stride: 2, padding: 1, groups: 2, initial }),
        maxPooling(2, 2),
        averagePooling(2, 1),
        { kind: 'adaptive-average-pooling', size: 4 },
      ],
      avgpool: undefined,
      classifier: [dropout(0.5), linear(5, initial), linear('classes', initial)],
      classes: 3,
    }
    const { layers, parameters, multiplyAdds } = describeModel(buildModel(small))
    const found = layers
      .filter(({ kind }) => kind !== 'flatten')
      .map((layer) => [
        layer.kind,
        layer.outputShape.join('×'),
        layer.parameters,
        layer.multiplyAdds,
        layer.receptiveField,
        layer.stride,
      ])
    // By hand: a 3 × 3 kernel over 3 channels for each of 12 · 12 · 4 numbers, 2 channels of each group for 6 · 6 · 6;
    // an output sees (size − 1) · stride pixels more than those it is made of.
    expect(found).toEqual([
      ['convolution', '12×12×4', 4 * 28, 12 * 12 * 4 * 27, 3, 1],
      ['tanh', '12×12×4', 0, 0, 3, 1],
      ['local-response-normalization', '12×12×4', 0, 0, 3, 1],
      ['same-map-normalization', '12×12×4', 0, 0, 5, 1],
      ['convolution', '6×6×6', 6 * 19, 6 * 6 * 6 * 18, 7, 2],
      ['max-pooling', '3×3×6', 0, 0, 9, 4],
      ['average-pooling', '2×2×6', 0, 0, 13, 4],
      ['adaptive-average-pooling', '4×4×6', 0, 0, 13, 2],
      ['dropout', '96', 0, 0, 13, 2],
      ['linear', '5', 5 * 97, 5 * 96, 19, 2],
      ['linear', '3', 3 * 6, 3 * 5, 19, 2],
    ])
    const sum = (at: number) => found.reduce((total, row) => total + (row[at] as number), 0)
    expect([parameters, multiplyAdds]).toEqual([sum(2), sum(3)])
  })

  it('describes models of other sizes, cut ones and loaded ones', async () => {
    const model = createAlexNet({ inputSize: 96, classes: 10, initialize: false })
    const { layers } = describeModel(model)
    expect(layers.find((layer) => layer.name === 'features.12')!.outputShape).toEqual([2, 2, 256])
    const adaptive = layers.find((layer) => layer.name === 'avgpool')!
    expect(adaptive).toMatchObject({
      outputShape: [6, 6, 256],
      stride: 32 / 3,
      receptiveField: 195,
    })
    const output = model.getLayer('features.5').output as tf.SymbolicTensor
    const cut = describeModel(tf.model({ inputs: model.inputs, outputs: output }))
    expect(cut.layers).toEqual(layers.slice(0, 6))
    const loaded = await tf.models.modelFromJSON(
      model.toJSON(null, false) as unknown as tf.io.ModelJSON,
    )
    expect(describeModel(loaded)).toEqual(describeModel(model))
  })
})

describe('formatDescription', () => {
  it('is a table of at most 80 columns with every layer and the totals', () => {
    for (const variant of Object.keys(architectures) as Variant[]) {
      const description = describeVariant(variant)
      const lines = formatDescription(description).split('\n')
      expect(lines).toHaveLength(description.layers.length + 2)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
      tf.disposeVariables()
    }
    const text = formatDescription(describeVariant('torchvision'))
    expect(text).toMatch(/^features\.3 +convolution +27×27×192 +307,392 +223,948,800 +51 +8$/m)
    expect(text).toMatch(/^total +61,100,840 +714,188,480$/m)
  })

  it('lays out names to the left and numbers to the right, zeros left blank', () => {
    const layer = (name: string, kind: string, values: Partial<LayerDescription>) => ({
      name,
      kind,
      outputShape: [6, 6, 4],
      parameters: 0,
      multiplyAdds: 0,
      receptiveField: 1,
      stride: 1,
      ...values,
    })
    const layers = [
      layer('a.0', 'convolution', { parameters: 1234, multiplyAdds: 5, receptiveField: 1100 }),
      layer('a.1', 'local-response-normalization', {}),
      layer('a.2', 'same-map-normalization', {}),
      layer('a.3', 'max-pooling', { stride: 32 / 3 }),
      layer('a.4', 'average-pooling', { stride: 2.125 }),
      layer('a.5', 'adaptive-average-pooling', { outputShape: [2, 1, 4] }),
      layer('a.6', 'linear', { outputShape: [10], parameters: 7 }),
    ]
    const text = formatDescription({ layers, parameters: 1241, multiplyAdds: 0 })
    expect(text.split('\n')).toEqual([
      'layer  kind           output  parameters  multiply-adds  field  stride',
      'a.0    convolution     6×6×4       1,234              5  1,100       1',
      'a.1    lrn             6×6×4                                 1       1',
      'a.2    lrn in map      6×6×4                                 1       1',
      'a.3    max pool        6×6×4                                 1   10.67',
      'a.4    average pool    6×6×4                                 1    2.13',
      'a.5    adaptive pool   2×1×4                                 1       1',
      'a.6    linear             10           7                     1       1',
      'total                              1,241              0',
    ])
  })
})
