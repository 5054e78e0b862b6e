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
import { cifarPreparation } from './architectures/preparations.ts'
import { type AlexNetOptions, buildModel, createAlexNet } from './build.ts'
import { OptionError } from './errors.ts'
import { kaimingNormal } from './initializers.ts'
import { Dropout, setTrainingStep } from './layers/dropout.ts'

const variants = Object.keys(architectures) as Variant[]
const empty = { initialize: false }
const names = (model: tf.LayersModel) => model.layers.map((layer) => layer.name)
const shapes = (model: tf.LayersModel) =>
  new Map(model.layers.map((layer) => [layer.name, String(layer.outputShape)]))

beforeAll(() => tf.setBackend('cpu'))
afterEach(() => tf.disposeVariables())

describe('createAlexNet', () => {
  it("names torchvision's layers as torchvision does", () => {
    const model = createAlexNet(empty)
    expect(names(model)).toEqual([
      'input',
      ...Array.from({ length: 13 }, (_, i) => `features.${i}`),
      'avgpool',
      'flatten',
      ...Array.from({ length: 7 }, (_, i) => `classifier.${i}`),
    ])
    expect(model.inputs[0]!.shape).toEqual([null, 224, 224, 3])
    expect(model.outputs[0]!.shape).toEqual([null, 1000])
  })

  it('gives variables predictable names of their own', () => {
    const model = createAlexNet({ variant: 'cifar', ...empty })
    const variables = model.weights.map((weight) => weight.originalName)
    expect(variables).toEqual(
      [0, 3, 6, 8, 10]
        .flatMap((i) => [`features.${i}/kernel`, `features.${i}/bias`])
        .concat([1, 4].flatMap((i) => [`classifier.${i}/kernel`, `classifier.${i}/bias`])),
    )
    const second = createAlexNet({ variant: 'cifar', ...empty })
    const all = [...model.weights, ...second.weights].map((weight) => weight.name)
    expect(new Set(all).size).toBe(all.length)
  })

  it('makes every variant in its default sizes, and leaves nothing when disposed of', () => {
    for (const variant of variants) {
      const before = tf.memory().numTensors
      const model = createAlexNet({ variant, ...empty })
      expect(model.outputs[0]!.shape).toEqual([null, architectures[variant].classes])
      model.dispose()
      expect(tf.memory().numTensors).toBe(before)
    }
    const before = tf.memory().numTensors
    createAlexNet({ variant: 'caffe', inputSize: 67, classes: 2 }).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('gives the sizes of the released 2012 net on 224×224 pictures', () => {
    const sizes = shapes(createAlexNet({ variant: 'krizhevsky-2012', ...empty }))
    expect(sizes.get('features.0')).toBe(',55,55,96')
    expect(sizes.get('features.2')).toBe(',27,27,96')
    expect(sizes.get('features.8')).toBe(',13,13,256')
    expect(sizes.get('features.14')).toBe(',6,6,256')
  })

  it('lets any layer be taken by name', () => {
    const model = createAlexNet({ variant: 'lenet-5' })
    const output = model.getLayer('features.5').output as tf.SymbolicTensor
    const features = tf.model({ inputs: model.inputs, outputs: output })
    const before = tf.memory().numTensors
    const result = tf.tidy(() => (features.predict(tf.ones([2, 32, 32, 3])) as tf.Tensor).shape)
    expect(result).toEqual([2, 5, 5, 16])
    expect(tf.memory().numTensors).toBe(before)
  })

  it('trains: a small step along the gradient lowers the loss as much as it says', () => {
    const initial = kaimingNormal
    const everyKind: Architecture = {
      name: 'every-kind',
      description: 'each kind of layer once, small',
      inputSize: 20,
      preparation: cifarPreparation,
      classes: 3,
      features: [
        convolution(4, 5, { stride: 2, ceilMode: true, initial }), // 9×9×4
        {
          kind: 'local-response-normalization',
          size: 3,
          alpha: 0.1,
          beta: 0.75,
          bias: 2,
          groups: 2,
        },
        maxPooling(3, 2, { ceilMode: true }), // 4×4×4
        activation('tanh'),
        convolution(6, 3, { padding: 1, groups: 2, initial }), // 4×4×6
        { kind: 'same-map-normalization', size: 3, alpha: 0.1, beta: 0.75, bias: 1 },
        averagePooling(2, 1), // 3×3×6
      ],
      avgpool: { kind: 'adaptive-average-pooling', size: 2 }, // 2×2×6
      classifier: [dropout(0.5, { inverted: false }), linear('classes', initial)],
    }
    const model = buildModel(everyKind, { seed: 3 })
    const x = tf.randomUniform([4, 20, 20, 3], -1, 1, 'float32', 5)
    const y = tf.oneHot(tf.tensor1d([0, 2, 1, 1], 'int32'), 3)
    const loss = () => {
      setTrainingStep(model, 7)
      const logits = model.apply(x, { training: true }) as tf.Tensor
      return tf.losses.softmaxCrossEntropy(y, logits) as tf.Scalar
    }
    const { value, grads } = tf.variableGrads(loss)
    expect(Object.keys(grads)).toHaveLength(6)
    const slope = Object.values(grads).reduce(
      (sum, grad) => sum + grad.square().sum().dataSync()[0]!,
      0,
    )
    const rate = 0.01 / slope
    for (const weight of model.trainableWeights) {
      weight.write(weight.read().sub(grads[weight.name]!.mul(rate)))
    }
    const fall = value.dataSync()[0]! - loss().dataSync()[0]!
    expect(fall / (rate * slope)).toBeCloseTo(1, 1)
  })
})

/** The smallest input a variant says it takes. */
function smallest(variant: Variant): { inputSize: number } {
  try {
    createAlexNet({ variant, inputSize: 1, ...empty })
  } catch (error) {
    return { inputSize: Number(/smallest size that works is (\d+)/.exec(String(error))?.[1]) }
  }
  throw new Error(`${variant} took a picture of one pixel`)
}

describe('options', () => {
  it('inputSize: too small is an error that names the smallest that works', () => {
    expect(() => createAlexNet({ inputSize: 62, ...empty })).toThrow(
      'inputSize 62 is too small for torchvision: features.12 has nothing left to look at; ' +
        'the smallest size that works is 63',
    )
    for (const variant of variants) {
      const { inputSize } = smallest(variant)
      const least = createAlexNet({ variant, inputSize, ...empty })
      expect(least.outputs[0]!.shape).toEqual([null, architectures[variant].classes])
      const less = { variant, inputSize: inputSize - 1, ...empty }
      expect(() => createAlexNet(less)).toThrow(OptionError)
      tf.disposeVariables()
    }
  })

  it('normalization: false removes LRN and renames nothing', () => {
    for (const variant of ['paper', 'krizhevsky-2012', 'caffenet'] as const) {
      const options = { variant, inputSize: 99, ...empty }
      const model = createAlexNet(options)
      const without = createAlexNet({ ...options, normalization: false })
      const kept = model.layers.filter((layer) => !layer.getClassName().includes('Normalization'))
      expect(names(without)).toEqual(kept.map((layer) => layer.name))
      expect(kept.length).toBeLessThan(model.layers.length)
      tf.disposeVariables()
    }
  })

  it('overlappingPooling: false leaves every size as it was', () => {
    const sizes: [Variant, number[]][] = [
      ['torchvision', [96, 100, 107]], // 100 and 107: maps of even sizes
      ['paper', [100]],
      ['krizhevsky-2012', [224, 100, 107]],
      ['cifar', [32, 31, 30, 29]],
    ]
    for (const [variant, inputSizes] of sizes) {
      for (const inputSize of inputSizes) {
        const options = { variant, inputSize, ...empty }
        const [model, without] = [
          createAlexNet(options),
          createAlexNet({ ...options, overlappingPooling: false }),
        ]
        expect(shapes(without)).toEqual(shapes(model))
        const pools = without.layers.filter((layer) => layer.getClassName() === 'AlexNetMaxPooling')
        expect(pools.map((layer) => layer.getConfig().poolSize)).toEqual([
          [2, 2],
          [2, 2],
          [2, 2],
        ])
        tf.disposeVariables()
      }
    }
    const model = createAlexNet({ inputSize: 100, classes: 2, overlappingPooling: false, ...empty })
    const output = tf.tidy(() => (model.predict(tf.ones([1, 100, 100, 3])) as tf.Tensor).shape)
    expect(output).toEqual([1, 2])
  })

  it('activation: replaces every non-linearity', () => {
    for (const activation of ['relu', 'sigmoid', 'tanh'] as const) {
      const model = createAlexNet({ variant: 'lenet-5', activation, ...empty })
      const layers = model.layers.filter((layer) => layer.getClassName() === 'Activation')
      expect(layers.map((layer) => layer.getConfig().activation)).toEqual(
        new Array(4).fill(activation),
      )
    }
  })

  it('dropout: sets every rate, 0 too; the 2012 net does not invert', () => {
    const rates = (options: AlexNetOptions) =>
      createAlexNet({ inputSize: 99, ...empty, ...options })
        .layers.filter((layer) => layer instanceof Dropout)
        .map((layer) => [layer.rate, layer.inverted])
    expect(rates({})).toEqual([
      [0.5, true],
      [0.5, true],
    ])
    expect(rates({ dropout: 0 })).toEqual([
      [0, true],
      [0, true],
    ])
    expect(rates({ variant: 'cifar', dropout: 0.25 })).toEqual([
      [0.25, true],
      [0.25, true],
    ])
    expect(rates({ variant: 'krizhevsky-2012' })).toEqual([
      [0.5, false],
      [0.5, false],
    ])
  })

  it('seed: sets weights and masks; each layer has its own', () => {
    const options = { variant: 'cifar', inputSize: 16 } as const
    const run = (seed?: number) => {
      const model = createAlexNet({ ...options, seed })
      const weights = model.getWeights().map((weight) => weight.dataSync())
      setTrainingStep(model, 3)
      const output = tf.tidy(
        () => model.apply(tf.ones([2, 16, 16, 3]), { training: true }) as tf.Tensor,
      )
      return [...weights, output.dataSync()]
    }
    expect(run(5)).toEqual(run(5))
    expect(run(0)).toEqual(run())
    expect(run(5)[0]).not.toEqual(run(6)[0])
    const model = createAlexNet({ ...options, seed: 5 })
    const starts = ['features.8', 'features.10', 'classifier.4'].map((name) =>
      model.getLayer(name).getWeights()[0]!.dataSync().slice(0, 4).join(),
    )
    expect(new Set(starts).size).toBe(3)
    const seeds = model.layers
      .filter((layer) => layer instanceof Dropout)
      .map((layer) => layer.seed)
    expect(new Set(seeds).size).toBe(2)
  })

  it("initial weights are those of the paper, net 145 and Caffe's nets", () => {
    const start = (variant: Variant) => {
      const model = createAlexNet({ variant, inputSize: 67, classes: 10 })
      return model.layers
        .filter((layer) => layer.weights.length > 0)
        .map((layer) => {
          const [kernel, bias] = layer.getWeights().map((weight) => weight.dataSync<'float32'>())
          const some = kernel!.subarray(0, 100_000)
          const variance = some.reduce((sum, x) => sum + x * x, 0) / some.length
          return [Number(Math.sqrt(variance).toPrecision(1)), Number(bias![0]!.toPrecision(3))]
        })
    }
    const [std, one] = [0.01, 1]
    expect(start('paper')).toEqual([
      [std, 0],
      [std, one],
      [std, 0],
      [std, one],
      [std, one],
      [std, one],
      [std, one],
      [std, 0],
    ])
    tf.disposeVariables()
    expect(start('krizhevsky-2012')).toEqual([
      [std, 0],
      [std, one],
      [0.03, 0],
      [0.03, one],
      [0.03, one],
      [std, one],
      [std, one],
      [std, 0],
    ])
    tf.disposeVariables()
    expect(start('caffe')).toEqual([
      [std, 0],
      [std, 0.1],
      [std, 0],
      [std, 0.1],
      [std, 0.1],
      [0.005, 0.1],
      [0.005, 0.1],
      [std, 0],
    ])
    tf.disposeVariables()
    expect(start('caffenet')).toEqual([
      [std, 0],
      [std, one],
      [std, 0],
      [std, one],
      [std, one],
      [0.005, one],
      [0.005, one],
      [std, 0],
    ])
  })

  it('initialize: false leaves zeros', () => {
    const model = createAlexNet({ variant: 'caffe', inputSize: 67, ...empty })
    for (const weight of model.getWeights())
      expect(weight.dataSync().every((x) => x === 0)).toBe(true)
  })

  it('bad options are OptionErrors that say what was found', () => {
    const bad: [object, RegExp][] = [
      [{ variant: 'alexnet' }, /there is no variant 'alexnet'/],
      [{ variant: 'caffet' }, /did you mean caffe or caffenet/],
      [{ classes: 0 }, /classes must be a whole number of at least 1, found 0/],
      [{ classes: '10' }, /classes.*found '10'/],
      [{ classes: 1e9 }, /layer classifier\.6 would have 4,096,000,000,000 weights/],
      [{ inputSize: 224.5 }, /inputSize.*224\.5/],
      [{ inputSize: Number.NaN }, /inputSize.*NaN/],
      [{ variant: 'paper', inputSize: 20_000 }, /layer classifier\.0 would have/],
      [{ dropout: 1 }, /dropout must be at least 0 and less than 1, found 1/],
      [{ dropout: -0.1 }, /dropout/],
      [{ activation: 'gelu' }, /activation must be one of relu, sigmoid, tanh, found 'gelu'/],
      [{ normalization: 'no' }, /normalization must be true or false, found 'no'/],
      [{ seed: -1 }, /seed/],
      [
        { overlapingPooling: false },
        /there is no option 'overlapingPooling': did you mean overlappingPooling\?/,
      ],
    ]
    const before = tf.memory().numTensors
    for (const [options, message] of bad) {
      const create = () => createAlexNet({ ...empty, ...options } as AlexNetOptions)
      expect(create).toThrow(OptionError)
      expect(create).toThrow(message)
    }
    expect(tf.memory().numTensors).toBe(before)
  })
})
