// Operations on pictures, [batch, height, width, channels], that random programs are made of.

import * as tf from '@tensorflow/tfjs'
import { type Draw, floats } from './draw.ts'
import { activations, type Operation } from './operation.ts'

type T4 = tf.Tensor4D

const pictures = (x: tf.Tensor) => x.rank === 4

function windows(draw: Draw, x: tf.Tensor) {
  const strides = draw.of<[number, number]>([
    [1, 1],
    [1, 1],
    [2, 2],
    [1, 2],
    [3, 2],
  ])
  const pad = draw.of(['same', 'valid'] as const)
  const size = [1, 2].map((axis) =>
    draw.whole(1, Math.min(4, pad === 'valid' ? x.shape[axis]! : 4)),
  )
  return { strides, pad, size: size as [number, number] }
}

const convolution = (
  name: string,
  run: (draw: Draw, x: T4, w: ReturnType<typeof windows>, dilations: [number, number]) => tf.Tensor,
): Operation => ({
  name,
  run(draw, x) {
    if (!pictures(x) || x.shape[1] === 0 || x.shape[2] === 0 || x.shape[3] === 0) return undefined
    const own = windows(draw, x)
    const flat = own.strides[0] === 1 && own.strides[1] === 1 && own.pad === 'same'
    return run(draw, x as T4, own, flat && draw.once(3) ? [2, 2] : [1, 1])
  },
})

const pooling = (name: 'maxPool' | 'avgPool', pad: 'same' | 'valid'): Operation => ({
  name: `${name} ${pad}`,
  exact: name === 'maxPool',
  forwardOnly:
    name === 'avgPool' && pad === 'same' ? 'tfjs divides by the whole window' : undefined,
  run(draw, x) {
    if (!pictures(x) || x.shape[1] === 0 || x.shape[2] === 0) return undefined
    const { strides, size } = windows(draw, x)
    const fits = size.map((length, i) => Math.min(length, x.shape[i + 1]!)) as [number, number]
    const pool = name === 'maxPool' ? tf.maxPool : tf.avgPool
    return pool(x as T4, fits, strides, pad)
  },
})

export const pictureOperations: readonly Operation[] = [
  convolution('conv2d', (draw, x, { strides, pad, size }, dilations) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 9)]) as T4
    return tf.conv2d(x, filter, strides, pad, 'NHWC', dilations)
  }),
  convolution('conv2d padded', (draw, x, { strides, size }) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 9)]) as T4
    const pad = () => [draw.whole(0, 2), draw.whole(3, 4)] as [number, number]
    return tf.conv2d(x, filter, strides, [[0, 0], pad(), pad(), [0, 0]])
  }),
  convolution('fused conv2d', (draw, x, { strides, pad, size }, dilations) => {
    const maps = draw.whole(1, 9)
    const activation = draw.of(activations)
    return tf.fused.conv2d({
      x,
      filter: floats(draw, [...size, x.shape[3], maps]) as T4,
      strides,
      pad,
      dilations,
      bias: draw.once(3) ? undefined : floats(draw, [maps]),
      activation,
      preluActivationWeights: activation === 'prelu' ? floats(draw, [maps]) : undefined,
      leakyreluAlpha: 0.25,
    })
  }),
  convolution('depthwiseConv2d', (draw, x, { pad, size }, dilations) => {
    const filter = floats(draw, [...size, x.shape[3], draw.whole(1, 3)]) as T4
    return tf.depthwiseConv2d(
      x,
      filter,
      draw.once(3) && dilations[0] === 1 ? 2 : 1,
      pad,
      'NHWC',
      dilations,
    )
  }),
  convolution('fused depthwiseConv2d', (draw, x, { strides, pad, size }) => {
    const maps = x.shape[3] * draw.whole(1, 2)
    return tf.fused.depthwiseConv2d({
      x,
      filter: floats(draw, [...size, x.shape[3], maps / x.shape[3]]) as T4,
      strides: draw.once(2) ? strides : 1,
      pad,
      bias: draw.once(3) ? undefined : floats(draw, [maps]),
      activation: draw.of(['linear', 'relu', 'relu6', 'elu', 'leakyrelu'] as const),
      leakyreluAlpha: 0.25,
    })
  }),
  convolution('separableConv2d', (draw, x, { pad, size }) => {
    const depthwise = floats(draw, [...size, x.shape[3], 2]) as T4
    const pointwise = floats(draw, [1, 1, x.shape[3] * 2, draw.whole(1, 5)]) as T4
    return tf.separableConv2d(x, depthwise, pointwise, 1, pad)
  }),
  convolution('conv2dTranspose', (draw, x, { size }) => {
    const stride = draw.whole(1, 2)
    const [batch, height, width, channels] = x.shape
    const maps = draw.whole(1, 5)
    const filter = floats(draw, [...size, maps, channels]) as T4
    return tf.conv2dTranspose(
      x,
      filter,
      [batch, height * stride, width * stride, maps],
      stride,
      'same',
    )
  }),
  pooling('maxPool', 'valid'),
  pooling('maxPool', 'same'),
  pooling('avgPool', 'valid'),
  pooling('avgPool', 'same'),
  {
    name: 'localResponseNormalization',
    run: (draw, x) =>
      !pictures(x) || x.size === 0
        ? undefined
        : tf.localResponseNormalization(
            x as T4,
            draw.whole(0, 5),
            draw.whole(1, 2),
            draw.of([1e-4, 0.5, 1]),
            draw.of([0.5, 0.75, 1, 0.6]),
          ),
  },
  {
    name: 'batchNorm',
    run(draw, x) {
      if (!pictures(x) || x.size === 0) return undefined
      const channels = [x.shape[3]!]
      const variance = tf.add(tf.abs(floats(draw, channels)), 0.5) as tf.Tensor1D
      const [mean, offset, scale] = [1, 2, 3].map(() => floats(draw, channels) as tf.Tensor1D)
      return tf.batchNorm(x as T4, mean!, variance, offset, scale, 1e-3)
    },
  },
  {
    name: 'resize',
    forwardOnly: "tfjs's cpu exchanges height and width of the gradient",
    run(draw, x) {
      if (!pictures(x) || x.size === 0) return undefined
      const to: [number, number] = [draw.whole(1, 9), draw.whole(1, 9)]
      // The gradient of one row or column, by corners, is a loop of tfjs's without an end: its scale is zero.
      const aligned = draw.once(2) && x.shape[1]! > 1 && x.shape[2]! > 1
      return draw.once(2)
        ? tf.image.resizeBilinear(x as T4, to, aligned, !aligned && draw.once(2))
        : tf.image.resizeNearestNeighbor(x as T4, to, aligned, !aligned && draw.once(2))
    },
  },
]
