// Resizing by lines between pixels and to the nearest pixel, with corners that meet and with centres that do. The
// gradient is the same loop the other way.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, values } from './compare.ts'

type T4 = tf.Tensor4D
type Kind = 'bilinear' | 'nearest'

interface Case {
  kind: Kind
  shape: [number, number, number, number]
  size: [number, number]
  placing: 'corners' | 'centres' | 'plain'
}

/** The pixels that a place of an axis is made of, and their shares (TensorFlow's rule). */
function partsOf({ kind, placing }: Case, place: number, from: number, to: number) {
  const corners = placing === 'corners' && to > 1
  const scale = corners ? (from - 1) / (to - 1) : from / to
  const within = (pixel: number) => Math.min(from - 1, Math.max(0, pixel))
  if (kind === 'nearest') {
    const at = scale * (placing === 'centres' ? place + 0.5 : place)
    return [[within(placing === 'corners' ? Math.round(at) : Math.floor(at)), 1]] as const
  }
  const at = placing === 'centres' ? scale * (place + 0.5) - 0.5 : scale * place
  const share = at - Math.floor(at)
  return [
    [within(Math.floor(at)), 1 - share],
    [within(Math.floor(at) + 1), share],
  ] as const
}

/** Visits each pair of a pixel and a place of the result, with the pixel's share. */
function visit(c: Case, meet: (x: number, y: number, share: number) => void): void {
  const [batch, height, width, channels] = c.shape
  const [newHeight, newWidth] = c.size
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < newHeight; row++)
      for (let column = 0; column < newWidth; column++)
        for (const [top, down] of partsOf(c, row, height, newHeight))
          for (const [left, across] of partsOf(c, column, width, newWidth))
            for (let channel = 0; channel < channels; channel++)
              meet(
                ((b * height + top) * width + left) * channels + channel,
                ((b * newHeight + row) * newWidth + column) * channels + channel,
                down * across,
              )
}

const resizeBy = ({ kind, size, placing }: Case) => {
  const resize = kind === 'nearest' ? tf.image.resizeNearestNeighbor : tf.image.resizeBilinear
  return (x: tf.Tensor) => resize(x as T4, size, placing === 'corners', placing === 'centres')
}

async function check(c: Case, seed: number, withGradient: boolean): Promise<void> {
  const what = JSON.stringify(c)
  const outShape = [c.shape[0], ...c.size, c.shape[3]]
  const x = randoms(tf.util.sizeFromShape(c.shape), seed)
  const dy = randoms(tf.util.sizeFromShape(outShape), seed + 1000)
  const y = new Float64Array(dy.length)
  const dx = new Float64Array(x.length)
  visit(c, (at, place, share) => {
    y[place]! += x[at]! * share
    dx[at]! += dy[place]! * share
  })
  await scoped(async () => {
    const X = tf.tensor4d(x, c.shape)
    await expectClose(resizeBy(c)(X), y, 2e-6, what)
    if (!withGradient) return
    await expectClose(
      tf.grad(resizeBy(c))(X, tf.tensor(dy, outShape)),
      dx,
      2e-6,
      `gradient, ${what}`,
    )
  })
}

export const resizing: Suite = (backend) => {
  const ownGradient = backend.resizingGradient === undefined

  it.each(['bilinear', 'nearest'] as const)('%s, on 60 random shapes', async (kind) => {
    const draw = drawer(33)
    for (let n = 0; n < drawn(backend, 60); n++) {
      const c: Case = {
        kind,
        shape: [draw(1, 3), draw(1, 9), draw(1, 9), draw(1, 40)],
        size: [draw(1, 12), draw(1, 12)],
        placing: (['plain', 'corners', 'centres'] as const)[n % 3]!,
      }
      await check(c, n, ownGradient)
    }
  })

  it('to the nearest pixel passes infinities and NaN on', async () => {
    const x = [Number.NaN, 1, Number.POSITIVE_INFINITY, -2]
    const found = await values(() =>
      tf.image.resizeNearestNeighbor(tf.tensor4d(x, [1, 2, 2, 1]), [2, 4]),
    )
    expect([...found]).toEqual([x[0], x[0], x[1], x[1], x[2], x[2], x[3], x[3]])
  })

  if (ownGradient) return
  it('still ignores centres in the gradient', async () => {
    const c: Case = { kind: 'bilinear', shape: [1, 4, 4, 1], size: [2, 2], placing: 'centres' }
    // Each place is the mean of four pixels, each pixel in one of them.
    const gradient = await values(() =>
      tf.grad(resizeBy(c))(tf.ones(c.shape), tf.ones([1, 2, 2, 1])),
    )
    expect([...gradient]).not.toEqual(Array(16).fill(0.25))
  })
}
