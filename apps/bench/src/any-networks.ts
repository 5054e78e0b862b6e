// Small networks that are not AlexNet, as any tfjs program builds them by tf.layers: what `bench any` times. They are
// small enough that a training step in plain JavaScript takes seconds, and have the layers of their large models.

import * as tf from '@tensorflow/tfjs'
import type { AnyNetworkName } from './any-report.ts'

export interface AnyNetwork {
  name: AnyNetworkName
  /** Of one example. */
  inputShape: number[]
  batch: number
  /** The same weights on every backend. */
  build(): tf.LayersModel
  optimizer(): tf.Optimizer
  loss: 'categoricalCrossentropy' | 'meanSquaredError'
}

type Symbolic = tf.SymbolicTensor
/** A layer, which tfjs does not export the type of. */
type Layer = Parameters<tf.Sequential['add']>[0]

const CLASSES = 10

const initial = () => tf.initializers.varianceScaling({ scale: 2, mode: 'fanIn', seed: 1 })
const apply = (layer: Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic

const convolution = (x: Symbolic, filters: number, kernelSize: number, strides = 1) =>
  apply(
    tf.layers.conv2d({
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: initial(),
    }),
    x,
  )
/** Offsets other than zero: a channel that is the same everywhere would lie on the very bend of what follows. */
const normalize = (x: Symbolic) =>
  apply(
    tf.layers.batchNormalization({
      betaInitializer: tf.initializers.randomUniform({ minval: 0.1, maxval: 1, seed: 2 }),
    }),
    x,
  )
const relu = (x: Symbolic) => apply(tf.layers.reLU(), x)
const relu6 = (x: Symbolic) => apply(tf.layers.reLU({ maxValue: 6 }), x)
const channelsOf = (x: Symbolic) => x.shape.at(-1)!

function modelOf(inputShape: number[], body: (x: Symbolic) => Symbolic): tf.LayersModel {
  const inputs = tf.input({ shape: inputShape })
  return tf.model({ inputs, outputs: body(inputs) })
}

function classify(x: Symbolic): Symbolic {
  const pooled = apply(tf.layers.globalAveragePooling2d({}), x)
  return apply(
    tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: initial() }),
    pooled,
  )
}

/** An inverted residual (MobileNetV2, Sandler et al. 2018): expand six times, depthwise 3×3, project. */
function invertedResidual(x: Symbolic, filters: number, strides: number): Symbolic {
  const expanded = relu6(normalize(convolution(x, 6 * channelsOf(x), 1)))
  const depthwise = tf.layers.depthwiseConv2d({
    kernelSize: 3,
    strides,
    padding: 'same',
    useBias: false,
    depthwiseInitializer: initial(),
  })
  const filtered = relu6(normalize(apply(depthwise, expanded)))
  const projected = normalize(convolution(filtered, filters, 1))
  const isSame = strides === 1 && channelsOf(x) === filters
  return isSame ? apply(tf.layers.add(), [x, projected]) : projected
}

function mobileNet(x: Symbolic): Symbolic {
  let y = relu6(normalize(convolution(x, 16, 3, 2)))
  for (const [filters, strides] of [
    [16, 2],
    [16, 1],
    [24, 2],
    [40, 2],
  ] as const) {
    y = invertedResidual(y, filters, strides)
  }
  return classify(relu6(normalize(convolution(y, 160, 1))))
}

/** A basic block of a residual network (He et al. 2015). */
function residual(x: Symbolic, filters: number, strides: number): Symbolic {
  const first = relu(normalize(convolution(x, filters, 3, strides)))
  const second = normalize(convolution(first, filters, 3))
  const isSame = strides === 1 && channelsOf(x) === filters
  const shortcut = isSame ? x : normalize(convolution(x, filters, 1, strides))
  return relu(apply(tf.layers.add(), [shortcut, second]))
}

function resNet(x: Symbolic): Symbolic {
  let y = relu(normalize(convolution(x, 8, 7, 2)))
  y = apply(tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), y)
  for (const [index, filters] of [8, 16, 32, 64].entries()) {
    y = residual(y, filters, index === 0 ? 1 : 2)
    y = residual(y, filters, 1)
  }
  return classify(y)
}

/** Down twice, up by a transposed convolution and by resizing (Ronneberger et al. 2015). */
function uNet(x: Symbolic): Symbolic {
  const double = (y: Symbolic, filters: number) =>
    relu(convolution(relu(convolution(y, filters, 3)), filters, 3))
  const half = (y: Symbolic) => apply(tf.layers.maxPooling2d({ poolSize: 2 }), y)
  const join = (a: Symbolic, b: Symbolic) => apply(tf.layers.concatenate(), [a, b])
  const whole = double(x, 8)
  const middle = double(half(whole), 16)
  const deep = double(half(middle), 32)
  const risen = apply(
    tf.layers.conv2dTranspose({
      filters: 16,
      kernelSize: 2,
      strides: 2,
      padding: 'same',
      kernelInitializer: initial(),
    }),
    deep,
  )
  const upper = double(join(risen, middle), 16)
  const resized = apply(tf.layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }), upper)
  return apply(
    tf.layers.conv2d({
      filters: 1,
      kernelSize: 1,
      activation: 'sigmoid',
      kernelInitializer: initial(),
    }),
    double(join(resized, whole), 8),
  )
}

/** What Teachable Machine trains on the features of its MobileNet. */
function head(x: Symbolic): Symbolic {
  const dense = (units: number, activation: 'relu' | 'softmax') =>
    tf.layers.dense({ units, activation, kernelInitializer: initial() })
  return apply(dense(CLASSES, 'softmax'), apply(dense(100, 'relu'), x))
}

function lstm(x: Symbolic): Symbolic {
  const layer = tf.layers.lstm({
    units: 64,
    kernelInitializer: initial(),
    recurrentInitializer: initial(),
  })
  return apply(
    tf.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: initial() }),
    apply(layer, x),
  )
}

function network(
  name: AnyNetworkName,
  inputShape: number[],
  batch: number,
  body: (x: Symbolic) => Symbolic,
  more: Partial<AnyNetwork> = {},
): AnyNetwork {
  return {
    name,
    inputShape,
    batch,
    build: () => modelOf(inputShape, body),
    optimizer: () => tf.train.momentum(1e-3, 0.9),
    loss: 'categoricalCrossentropy',
    ...more,
  }
}

const adam = { optimizer: () => tf.train.adam(1e-4) }

export const anyNetworks: readonly AnyNetwork[] = [
  network('mobilenet', [96, 96, 3], 2, mobileNet),
  network('resnet', [64, 64, 3], 4, resNet),
  network('unet', [64, 64, 3], 2, uNet, { ...adam, loss: 'meanSquaredError' }),
  network('head', [1280], 16, head, adam),
  network('lstm', [20, 32], 16, lstm, adam),
]
