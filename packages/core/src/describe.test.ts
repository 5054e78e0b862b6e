import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type Architecture,
  activation,
  averagePooling,
  convolution,
  linear,
} from './architecture.ts'
import { architectures, type Variant } from './architectures/index.ts'
import { buildModel, createAlexNet } from './build.ts'
import { describeModel, formatDescription } from './describe.ts'
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
    expect(total('cifar')[0]).toBe(2_726_922)
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
})
