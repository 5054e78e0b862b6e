import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, it } from 'vitest'
import { drawer, expectClose, randoms, useCpu } from '../testing/reference.ts'

function check(
  pixels: number,
  channels: number,
  [radius, bias, alpha, beta]: [number, number, number, number],
): void {
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
  tf.tidy(() => {
    const X = tf.tensor4d(x, [1, 1, pixels, channels])
    const run = (t: tf.Tensor) =>
      tf.localResponseNormalization(t as tf.Tensor4D, radius, bias, alpha, beta)
    const what = `${pixels} × ${channels} radius ${radius} beta ${beta}`
    expectClose(run(X).dataSync(), y64, 10, what)
    expectClose(
      tf
        .grad(run)(X, tf.tensor4d(dy, [1, 1, pixels, channels]))
        .dataSync(),
      dx64,
      10,
      what,
    )
  })
}

describe('local response normalisation', () => {
  beforeAll(() => useCpu())
  it('of the paper', () => check(200, 96, [2, 2, 1e-4, 0.75]))
  it('of Caffe', () => check(100, 256, [2, 1, 2e-5, 0.75]))
  it('with powers that are tfjs', () => check(10, 20, [2, 1, 1e-3, 0.6]))
  it('on random widths', () => {
    const draw = drawer(2)
    for (let n = 0; n < 40; n++) {
      check(draw(1, 70), draw(1, 40), [draw(0, 6), 1, draw(1, 9) / 1000, draw(2, 4) / 4])
    }
  })
})
