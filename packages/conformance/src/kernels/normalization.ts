import * as tf from '@tensorflow/tfjs'
import { it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped } from './compare.ts'

type Constants = [radius: number, bias: number, alpha: number, beta: number]

/** y = x · (bias + alpha · Σ x²)^−beta over 2 · radius + 1 channels, and its gradient. */
async function check(
  pixels: number,
  channels: number,
  [radius, bias, alpha, beta]: Constants,
): Promise<void> {
  const x = randoms(pixels * channels, 1).map((v) => v * 20)
  const dy = randoms(x.length, 2)
  const y64 = new Float64Array(x.length)
  const dx64 = new Float64Array(x.length)
  for (let p = 0; p < pixels; p++)
    for (let c = 0; c < channels; c++) {
      const low = Math.max(0, c - radius)
      const high = Math.min(channels - 1, c + radius)
      let s = bias
      for (let j = low; j <= high; j++) s += alpha * x[p * channels + j]! ** 2
      const at = p * channels + c
      y64[at] = x[at]! * s ** -beta
      dx64[at]! += dy[at]! * s ** -beta
      for (let j = low; j <= high; j++) {
        dx64[p * channels + j]! -=
          (2 * alpha * beta * x[p * channels + j]! * dy[at]! * y64[at]!) / s
      }
    }
  await scoped(async () => {
    const shape: [number, number, number, number] = [1, 1, pixels, channels]
    const X = tf.tensor4d(x, shape)
    const run = (t: tf.Tensor) =>
      tf.localResponseNormalization(t as tf.Tensor4D, radius, bias, alpha, beta)
    const what = `${pixels} × ${channels} radius ${radius} beta ${beta}`
    await expectClose(run(X), y64, 1e-6, what)
    await expectClose(tf.grad(run)(X, tf.tensor4d(dy, shape)), dx64, 2e-6, what)
  })
}

export const normalization: Suite = (backend) => {
  const { fast } = backend

  it.runIf(fast)('of the paper, after conv1', () => check(55 * 55, 96, [2, 2, 1e-4, 0.75]))
  it.runIf(fast)('of Caffe, after conv2', () => check(27 * 27, 256, [2, 1, 2e-5, 0.75]))
  it.runIf(fast)('in windows wider than a pixel, and far wider than the usual', async () => {
    await check(10, 16, [100_000, 1, 1e-3, 0.75])
    await check(10, 96, [40, 1, 1e-3, 0.5])
  })
  it('with another power', () => check(10, 20, [2, 1, 1e-3, 0.6]))
  it('on 60 random widths', async () => {
    const draw = drawer(2)
    for (let n = 0; n < drawn(backend, 60); n++) {
      await check(draw(1, 70), draw(1, 40), [draw(0, 6), 1, draw(1, 9) / 1000, draw(2, 4) / 4])
    }
  })
}
