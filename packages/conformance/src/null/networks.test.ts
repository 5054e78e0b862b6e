// Which kernels a forward pass and a training step of each variant ask a backend for, by name and count, so that a
// change of core or train that asks for more is seen without a backend that computes; and that these are what a backend
// which computes is asked for.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures, describeModel, type Variant } from '@alexnet/core'
import { AdamW } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NullBackend, nullBackend } from './backend.ts'
import { forward, network, type StepSettings, twoSteps } from './step.ts'

type Counts = Record<string, number>

/** Kernels that give their operand on, as another shape or type: what they cost is nothing or little. */
const PASS_ON = ['Cast', 'Identity', 'Reshape']

const backend = () => tf.backend() as unknown as NullBackend

/** How often kernels were asked for since the last call, less those that give their operand on. */
function asked(): Counts {
  const counts = Object.entries(backend().take()).map(([name, { runs }]) => [name, runs] as const)
  return Object.fromEntries(counts.filter(([name]) => !PASS_ON.includes(name)))
}

async function askedByStep(settings: StepSettings): Promise<Counts> {
  const model = network(settings)
  await twoSteps(model, settings, asked)
  const counts = asked()
  model.dispose()
  return counts
}

/** Of every training step: the loss, its gradient, and labels as shares of the classes. */
const loss = { OneHot: 1, SoftmaxCrossEntropy: 1, Multiply: 1 }

/** The 2012 network's three convolutions in two groups and two in one, and three linear layers. */
const forward2012 = {
  FusedConv2D: 2,
  GroupedConv2D: 3,
  LRN: 2,
  MaxPool: 3,
  Relu: 7,
  _FusedMatMul: 3,
}
const training2012 = {
  ...loss,
  BatchMatMul: 6,
  Conv2DBackpropFilter: 2,
  // Of the pictures nobody asks the gradient.
  Conv2DBackpropInput: 1,
  GroupedConv2DBackpropFilter: 3,
  GroupedConv2DBackpropInput: 3,
  // Masks of two layers, and of their gradients.
  HashedDropout: 4,
  LRNGrad: 2,
  MaxPoolGrad: 3,
  MomentumStep: 16,
  ReluGradient: 7,
  // The gradients of the biases.
  Sum: 8,
}

/** Kernels of a forward pass, and those that a step by SGD with momentum asks for on top of it. */
const table: Record<Variant, { forward: Counts; training: Counts }> = {
  torchvision: {
    forward: { FusedConv2D: 5, MaxPool: 3, Relu: 7, _FusedMatMul: 3 },
    training: {
      ...loss,
      BatchMatMul: 6,
      Conv2DBackpropFilter: 5,
      Conv2DBackpropInput: 4,
      HashedDropout: 4,
      MaxPoolGrad: 3,
      MomentumStep: 16,
      ReluGradient: 7,
      Sum: 8,
    },
  },
  paper: { forward: forward2012, training: training2012 },
  caffe: { forward: forward2012, training: training2012 },
  caffenet: { forward: forward2012, training: training2012 },
  'krizhevsky-2012': {
    // A third normalisation, within each channel, of tfjs's operations; dropout that is not inverted.
    forward: { ...forward2012, Add: 1, AvgPool: 1, Multiply: 4, PadV2: 1, Pow: 1, Square: 1 },
    training: { ...training2012, Add: 1, AvgPoolGrad: 1, Multiply: 6, Pow: 1, Slice: 1, Sub: 1 },
  },
  cifar: {
    forward: { FusedConv2D: 5, MaxPool: 3, Relu: 6, _FusedMatMul: 2 },
    training: {
      ...loss,
      BatchMatMul: 4,
      Conv2DBackpropFilter: 5,
      Conv2DBackpropInput: 4,
      HashedDropout: 4,
      MaxPoolGrad: 3,
      MomentumStep: 14,
      ReluGradient: 6,
      Sum: 7,
    },
  },
  'cifar-paper': {
    forward: { FusedConv2D: 5, LRN: 2, MaxPool: 3, Relu: 7, _FusedMatMul: 3 },
    training: {
      ...loss,
      BatchMatMul: 6,
      Conv2DBackpropFilter: 5,
      Conv2DBackpropInput: 4,
      HashedDropout: 4,
      LRNGrad: 2,
      MaxPoolGrad: 3,
      MomentumStep: 16,
      ReluGradient: 7,
      Sum: 8,
    },
  },
  'lenet-5': {
    forward: { AvgPool: 2, FusedConv2D: 3, Tanh: 4, _FusedMatMul: 2 },
    training: {
      ...loss,
      AvgPoolGrad: 2,
      BatchMatMul: 4,
      Conv2DBackpropFilter: 3,
      Conv2DBackpropInput: 2,
      MomentumStep: 10,
      Sum: 5,
      // tanh's gradient, (1 − y²) · dy.
      Multiply: 5,
      Square: 4,
      Sub: 4,
    },
  },
  'cuda-convnet-80sec': {
    forward: {
      AvgPool: 2,
      FusedConv2D: 3,
      MaxPool: 1,
      Multiply: 2,
      PadV2: 2,
      Relu: 4,
      _FusedMatMul: 2,
    },
    training: {
      ...loss,
      AvgPoolGrad: 2,
      BatchMatMul: 4,
      Conv2DBackpropFilter: 3,
      Conv2DBackpropInput: 2,
      MaxPoolGrad: 1,
      MomentumStep: 10,
      Multiply: 3,
      ReluGradient: 4,
      Slice: 2,
      Sum: 5,
    },
  },
  'cuda-convnet-18pct': {
    forward: {
      Add: 2,
      AvgPool: 4,
      FusedConv2D: 3,
      MaxPool: 1,
      Multiply: 6,
      PadV2: 4,
      Pow: 2,
      Relu: 3,
      Square: 2,
      _FusedMatMul: 1,
    },
    training: {
      ...loss,
      Add: 2,
      AvgPoolGrad: 4,
      BatchMatMul: 2,
      Conv2DBackpropFilter: 3,
      Conv2DBackpropInput: 2,
      MaxPoolGrad: 1,
      MomentumStep: 8,
      Multiply: 17,
      Pow: 2,
      ReluGradient: 3,
      Slice: 4,
      Sub: 2,
      Sum: 4,
    },
  },
}

const sum = (a: Counts, b: Counts): Counts => {
  const both = { ...a }
  for (const [name, count] of Object.entries(b)) both[name] = (both[name] ?? 0) + count
  return both
}

beforeAll(async () => {
  await nullBackend().start()
  await tf.setBackend('null')
})
afterAll(() => {
  for (const name of ['null', 'alexnet-cpu']) tf.removeBackend(name)
})

describe('a network asks for', () => {
  it.each(Object.keys(architectures) as Variant[])('%s', async (variant) => {
    const before = backend().memory().numBytesInUse
    const model = network({ variant })
    const { parameters } = describeModel(model)
    expect(backend().memory().numBytesInUse - before).toBe(4 * parameters)
    asked()
    forward(model)
    expect(asked()).toEqual(table[variant].forward)
    model.dispose()
    expect(backend().memory().numBytesInUse).toBe(before)
    const { forward: own, training } = table[variant]
    expect(await askedByStep({ variant })).toEqual(sum(own, training))
    expect(backend().memory().numBytesInUse).toBe(before)
  })

  it('no gradient of a convolution where the last layer alone is trained', async () => {
    const { forward: own } = table['cifar-paper']
    // tfjs's fused product has the gradient of its picture with that of its matrix.
    const training = { ...loss, BatchMatMul: 2, HashedDropout: 2, MomentumStep: 2, Sum: 1 }
    const found = await askedByStep({ variant: 'cifar-paper', headEpochs: 1 })
    expect(found).toEqual(sum(own, training))
  })

  it("AdamW's steps, one a weight", async () => {
    const variant = 'cifar-paper'
    const { MomentumStep, ...rest } = sum(table[variant].forward, table[variant].training)
    expect(await askedByStep({ variant, optimizer: new AdamW() })).toEqual({
      ...rest,
      AdamStep: MomentumStep,
    })
  })

  it('a square and a sum of each gradient that is to be cut, and its product by the factor', async () => {
    const variant = 'cifar-paper'
    const cutting = { Square: 16, Sum: 16, AddN: 1, Sqrt: 1, Add: 1, RealDiv: 1, Minimum: 1 }
    const whole = sum(table[variant].forward, table[variant].training)
    expect(await askedByStep({ variant, clipNorm: 1 })).toEqual(
      sum(whole, { ...cutting, Multiply: 16 }),
    )
  })
})

it.each<StepSettings>([
  { variant: 'paper', inputSize: 67, classes: 10 },
  { variant: 'cifar-paper', optimizer: new AdamW() },
  { variant: 'cuda-convnet-18pct', clipNorm: 1 },
  { variant: 'lenet-5' },
])(
  'the CPU backend is asked for the same, with results of the same shapes: $variant',
  async (settings) => {
    const profileOn = async (name: string) => {
      await tf.setBackend(name)
      const { kernels } = await tf.profile(async () => {
        const model = network(settings)
        forward(model)
        await twoSteps(model, settings)
        model.dispose()
        return tf.scalar(0)
      })
      return kernels.map(
        ({ name: kernel, outputShapes }) => `${kernel} ${JSON.stringify(outputShapes)}`,
      )
    }
    await useBackend([cpu()])
    const computed = await profileOn('alexnet-cpu')
    const found = await profileOn('null')
    expect(computed.length).toBeGreaterThan(200)
    expect(found).toEqual(computed)
  },
)
