import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, it } from 'vitest'
import { drawer, expectClose, randoms, useCpu } from '../testing/reference.ts'

interface Case {
  batch: number
  height: number
  width: number
  channels: number
  window: [number, number]
  strides: [number, number]
  pad: 'same' | 'valid'
}

function check(c: Case, average: boolean, seed: number): void {
  const what = `${average ? 'average' : 'max'} ${JSON.stringify(c)}`
  const shape = [c.batch, c.height, c.width, c.channels] as [number, number, number, number]
  const info = tf.backend_util.computePool2DInfo(shape, c.window, c.strides, 1, c.pad)
  const x = randoms(tf.util.sizeFromShape(shape), seed)
  // Equal neighbours, so that ties happen.
  for (let i = 0; i < x.length; i++) x[i] = Math.round(x[i]! * 8) / 8
  const dy = randoms(tf.util.sizeFromShape(info.outShape), seed + 1)
  const y64 = new Float64Array(dy.length)
  const dx64 = new Float64Array(x.length)
  for (let b = 0; b < c.batch; b++)
    for (let oy = 0; oy < info.outHeight; oy++)
      for (let ox = 0; ox < info.outWidth; ox++)
        for (let ch = 0; ch < c.channels; ch++) {
          const m = ((b * info.outHeight + oy) * info.outWidth + ox) * c.channels + ch
          const elements: number[] = []
          for (let wy = 0; wy < c.window[0]; wy++)
            for (let wx = 0; wx < c.window[1]; wx++) {
              const py = oy * c.strides[0] - info.padInfo.top + wy
              const px = ox * c.strides[1] - info.padInfo.left + wx
              if (py < 0 || px < 0 || py >= c.height || px >= c.width) continue
              elements.push(((b * c.height + py) * c.width + px) * c.channels + ch)
            }
          if (average) {
            for (const e of elements) {
              y64[m]! += x[e]! / elements.length
              dx64[e]! += dy[m]! / elements.length
            }
          } else {
            const best = elements.reduce((first, e) => (x[e]! > x[first]! ? e : first))
            y64[m] = x[best]!
            dx64[best]! += dy[m]!
          }
        }
  tf.tidy(() => {
    const X = tf.tensor4d(x, shape)
    const run = (t: tf.Tensor) =>
      (average ? tf.avgPool : tf.maxPool)(t as tf.Tensor4D, c.window, c.strides, c.pad)
    expectClose(run(X).dataSync(), y64, 9, what)
    expectClose(
      tf
        .grad(run)(X, tf.tensor4d(dy, info.outShape as [number, number, number, number]))
        .dataSync(),
      dx64,
      9,
      what,
    )
  })
}

describe('pooling', () => {
  beforeAll(() => useCpu())

  it.each([false, true])('on AlexNet shapes, average %s', (average) => {
    const c = { batch: 2, window: [3, 3], strides: [2, 2], pad: 'valid' } as const
    check(
      { ...c, height: 27, width: 27, channels: 192, window: [3, 3], strides: [2, 2] },
      average,
      1,
    )
    check(
      { ...c, height: 13, width: 13, channels: 256, window: [3, 3], strides: [2, 2] },
      average,
      2,
    )
  })

  it.each([false, true])('on 80 random shapes, average %s', (average) => {
    const draw = drawer(5)
    for (let n = 0; n < 80; n++) {
      const window: [number, number] = [draw(1, 4), draw(1, 4)]
      const c: Case = {
        batch: draw(1, 3),
        height: window[0] + draw(0, 6),
        width: window[1] + draw(0, 6),
        channels: draw(1, 37),
        window,
        strides: [draw(1, 3), draw(1, 3)],
        pad: n % 2 ? 'same' : 'valid',
      }
      check(c, average, n)
    }
  })
})
