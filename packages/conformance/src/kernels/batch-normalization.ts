// Batch normalisation: with statistics that are given, and with those of the batch, as training takes them.

import * as tf from '@tensorflow/tfjs'
import { it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound } from './compare.ts'

const EPSILON = 1e-3

/** Sums over the rows of [rows, channels], by channel. */
function byChannel(channels: number, rows: number, value: (at: number, channel: number) => number) {
  const sums = new Float64Array(channels)
  for (let at = 0; at < rows * channels; at++) sums[at % channels]! += value(at, at % channels)
  return sums
}

async function check(shape: number[], seed: number): Promise<void> {
  const what = `[${shape}]`
  const count = tf.util.sizeFromShape(shape)
  const channels = shape.at(-1)!
  const rows = count / channels
  const x = randoms(count, seed)
  const dy = randoms(count, seed + 1).map((v) => v + 0.5)
  const [mean, offset] = [2, 3].map((n) => randoms(channels, seed + n)) as [
    Float32Array,
    Float32Array,
  ]
  const [variance, scale] = [4, 5].map((n) => randoms(channels, seed + n).map((v) => v + 1.2)) as [
    Float32Array,
    Float32Array,
  ]
  const inverse = Float64Array.from(variance, (v) => 1 / Math.sqrt(v + EPSILON))
  const normal = Float64Array.from(x, (v, i) => (v - mean[i % channels]!) * inverse[i % channels]!)
  const expected = {
    y: normal.map((v, i) => v * scale[i % channels]! + offset[i % channels]!),
    x: Float64Array.from(dy, (v, i) => v * scale[i % channels]! * inverse[i % channels]!),
    mean: byChannel(channels, rows, (at, c) => -dy[at]! * scale[c]! * inverse[c]!),
    variance: byChannel(
      channels,
      rows,
      (at, c) => -0.5 * dy[at]! * scale[c]! * normal[at]! * inverse[c]! ** 2,
    ),
    offset: byChannel(channels, rows, (at) => dy[at]!),
    scale: byChannel(channels, rows, (at) => dy[at]! * normal[at]!),
  }
  await scoped(async () => {
    const X = tf.tensor(x, shape)
    const given = [mean, variance, offset, scale].map((values) => tf.tensor1d(values))
    const run = (...[input, ...rest]: tf.Tensor[]) => {
      const [m, v, o, s] = rest as tf.Tensor1D[]
      return tf.batchNorm(input as tf.Tensor4D, m!, v!, o, s, EPSILON)
    }
    await expectClose(run(X, ...given), expected.y, 1e-6, what)
    const gradients = tf.grads(run)([X, ...given], tf.tensor(dy, shape))
    const bound = 1e-6 + summationBound(rows)
    for (const [i, name] of (['x', 'mean', 'variance', 'offset', 'scale'] as const).entries()) {
      await expectClose(gradients[i]!, expected[name], bound, `gradient of the ${name}, ${what}`)
    }
  })
}

/** The statistics are the batch's own, and the gradient goes through them. */
async function checkTraining(shape: number[], seed: number): Promise<void> {
  const count = tf.util.sizeFromShape(shape)
  const channels = shape.at(-1)!
  const rows = count / channels
  // Far from zero: a variance that is a difference of large numbers would lose its digits.
  const x = randoms(count, seed).map((v) => v + 3)
  const dy = randoms(count, seed + 1)
  const means = byChannel(channels, rows, (at) => x[at]! / rows)
  const variances = byChannel(channels, rows, (at, c) => (x[at]! - means[c]!) ** 2 / rows)
  const inverse = variances.map((v) => 1 / Math.sqrt(v + EPSILON))
  const y = Float64Array.from(x, (v, i) => (v - means[i % channels]!) * inverse[i % channels]!)
  const sums = byChannel(channels, rows, (at) => dy[at]! / rows)
  const products = byChannel(channels, rows, (at) => (dy[at]! * y[at]!) / rows)
  const dx = y.map(
    (v, i) => inverse[i % channels]! * (dy[i]! - sums[i % channels]! - v * products[i % channels]!),
  )
  await scoped(async () => {
    const axes = shape.map((_, axis) => axis).slice(0, -1)
    const run = (input: tf.Tensor) => {
      const { mean, variance } = tf.moments(input, axes)
      const [m, v] = [mean, variance] as tf.Tensor1D[]
      // tfjs has no gradient without an offset and a scale.
      const [none, one] = [tf.zeros([channels]), tf.ones([channels])] as tf.Tensor1D[]
      return tf.batchNorm(input as tf.Tensor4D, m!, v!, none, one, EPSILON)
    }
    const X = tf.tensor(x, shape)
    await expectClose(run(X), y, 4e-6, `of the batch, [${shape}]`)
    const gradient = tf.grad(run)(X, tf.tensor(dy, shape))
    await expectClose(gradient, dx, 1e-5, `gradient through the batch, [${shape}]`)
  })
}

export const batchNormalization: Suite = (backend) => {
  it('of maps, by given statistics and by their own', async () => {
    for (const shape of [
      [4, 12, 12, 96],
      [2, 7, 7, 33],
      [3, 5, 5, 3],
    ]) {
      await check(shape, 1)
      await checkTraining(shape, 1)
    }
  })

  it('on 30 random shapes', async () => {
    const draw = drawer(32)
    for (let n = 0; n < drawn(backend, 30); n++) {
      const shape = Array.from({ length: draw(2, 4) }, () => draw(2, 9))
      await check(shape, n)
      // Of a few rows the gradient is what is left of numbers that cancel.
      if (tf.util.sizeFromShape(shape.slice(0, -1)) >= 16) await checkTraining(shape, n)
    }
  })
}
