// Depthwise convolution: a convolution with as many groups as channels, whose loops answer for it.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound } from './compare.ts'
import { type ConvolutionCase, convolve, mapSize } from './convolution-reference.ts'

type T4 = tf.Tensor4D

/** Forward, with a bias and ReLU6 too, and both gradients where there are any. */
async function check(c: ConvolutionCase, seed: number): Promise<void> {
  const what = JSON.stringify(c)
  const [mapHeight, mapWidth] = mapSize(c)
  const taps = c.filterHeight * c.filterWidth
  const x = randoms(c.batch * c.height * c.width * c.channels, seed)
  const w = randoms(taps * c.maps, seed + 1000)
  const dy = randoms(c.batch * mapHeight * mapWidth * c.maps, seed + 2000)
  const bias = randoms(c.maps, seed + 3000).map((v) => 4 * v)
  const { y, dx, dw } = convolve(c, x, w, dy)
  const [top, bottom, left, right] = c.pad
  // tfjs takes a pad of each side here too, and does not say so.
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ] as unknown as number
  await scoped(async () => {
    const X = tf.tensor4d(x, [c.batch, c.height, c.width, c.channels])
    const W = tf.tensor4d(w, [c.filterHeight, c.filterWidth, c.channels, c.maps / c.channels])
    const run = (input: tf.Tensor, filter: tf.Tensor) =>
      tf.depthwiseConv2d(input as T4, filter as T4, c.strides, pad, 'NHWC', c.dilations, 'floor')
    const DY = tf.tensor4d(dy, [c.batch, mapHeight, mapWidth, c.maps])
    await expectClose(run(X, W), y, summationBound(taps), what)
    const { strides, dilations } = c
    const all = { x: X, filter: W, strides, pad, dilations, dimRoundingMode: 'floor' as const }
    const fused = tf.fused.depthwiseConv2d({
      ...all,
      bias: tf.tensor1d(bias),
      activation: 'relu6',
    })
    const clipped = y.map((sum, i) => Math.min(6, Math.max(0, sum + bias[i % c.maps]!)))
    await expectClose(fused, clipped, summationBound(taps), `fused, ${what}`)
    // tfjs has no gradient of a dilated one.
    if (dilations.some((dilation) => dilation > 1)) return
    const [byX, byW] = tf.grads((input, filter) => run(input!, filter!))([X, W], DY)
    const perChannel = (taps * c.maps) / c.channels
    await expectClose(byX!, dx, summationBound(perChannel), `gradient of the input, ${what}`)
    const positions = c.batch * mapHeight * mapWidth
    await expectClose(byW!, dw, summationBound(positions), `gradient of the filter, ${what}`)
  })
}

const square = (size: number, stride: number): Partial<ConvolutionCase> => ({
  height: size,
  width: size,
  strides: [stride, stride],
})

export const depthwise: Suite = (backend) => {
  it.runIf(backend.fast)('of MobileNetV2, at strides 1 and 2', async () => {
    const common = {
      batch: 2,
      filterHeight: 3,
      filterWidth: 3,
      pad: [1, 1, 1, 1] as [number, number, number, number],
      dilations: [1, 1] as [number, number],
    }
    for (const [size, stride, channels] of [
      [48, 1, 32],
      [48, 2, 96],
      [12, 1, 144],
      [6, 1, 330],
    ] as const) {
      const own = { ...common, ...square(size, stride), channels, maps: channels, groups: channels }
      await check(own as ConvolutionCase, size)
    }
  })

  it('on 80 random shapes', async () => {
    const draw = drawer(31)
    for (let n = 0; n < drawn(backend, 80); n++) {
      const channels = draw(1, 40)
      // tfjs knows no stride and dilation at once.
      const dilated = n % 4 === 3
      const c: ConvolutionCase = {
        batch: draw(1, 5),
        height: draw(1, 9),
        width: draw(1, 9),
        channels,
        maps: channels * (n % 3 === 2 ? draw(2, 3) : 1),
        filterHeight: draw(1, 4),
        filterWidth: draw(1, 4),
        strides: dilated ? [1, 1] : [draw(1, 3), draw(1, 3)],
        pad: [draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)],
        dilations: dilated ? [draw(1, 2), draw(1, 3)] : [1, 1],
        groups: channels,
      }
      const [mapHeight, mapWidth] = mapSize(c)
      if (mapHeight > 0 && mapWidth > 0) await check(c, n)
    }
  })

  it('of nothing is nothing', () =>
    scoped(async () => {
      const filter = tf.ones([3, 3, 4, 1]) as T4
      const none = tf.depthwiseConv2d(tf.ones([0, 5, 5, 4]) as T4, filter, 1, 'same')
      expect(none.shape).toEqual([0, 5, 5, 4])
      expect(await none.data()).toHaveLength(0)
    }))
}
