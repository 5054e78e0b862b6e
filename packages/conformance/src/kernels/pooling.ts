import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, values } from './compare.ts'

interface Case {
  batch: number
  height: number
  width: number
  channels: number
  window: [number, number]
  strides: [number, number]
  pad: 'same' | 'valid'
}

type Shape4 = [number, number, number, number]

function pool(c: Case, average: boolean, seed: number) {
  const shape: Shape4 = [c.batch, c.height, c.width, c.channels]
  const info = tf.backend_util.computePool2DInfo(shape, c.window, c.strides, 1, c.pad)
  // Few different values, so that ties happen.
  const x = randoms(tf.util.sizeFromShape(shape), seed).map((v) => Math.round(v * 8) / 8)
  const dy = randoms(tf.util.sizeFromShape(info.outShape), seed + 1000)
  const y64 = new Float64Array(dy.length)
  const dx64 = new Float64Array(x.length)
  for (let b = 0; b < c.batch; b++)
    for (let oy = 0; oy < info.outHeight; oy++)
      for (let ox = 0; ox < info.outWidth; ox++)
        for (let channel = 0; channel < c.channels; channel++) {
          const m = ((b * info.outHeight + oy) * info.outWidth + ox) * c.channels + channel
          const elements: number[] = []
          for (let wy = 0; wy < c.window[0]; wy++)
            for (let wx = 0; wx < c.window[1]; wx++) {
              const py = oy * c.strides[0] - info.padInfo.top + wy
              const px = ox * c.strides[1] - info.padInfo.left + wx
              if (py < 0 || px < 0 || py >= c.height || px >= c.width) continue
              elements.push(((b * c.height + py) * c.width + px) * c.channels + channel)
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
  const padded = Object.values(info.padInfo).some((pixels) => Number(pixels) > 0)
  return { shape, x, dy, y64, dx64, padded, outShape: info.outShape as Shape4 }
}

/** ReLU as a layer of the network has it in training: the gradient looks at what came out. */
const rectify = (x: tf.Tensor) =>
  tf.customGrad((t, save) => {
    const y = tf.relu(t as tf.Tensor)
    ;(save as tf.GradSaveFunc)([y])
    const known = tf.getKernel('ReluGradient', tf.getBackend())
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
      known
        ? (tf.engine().runKernel('ReluGradient', { y: saved!, dy }) as tf.Tensor)
        : tf.mul(dy, tf.step(saved!))
    return { value: y, gradFunc }
  })(x)

/** Forward and gradient, of ReLU's output too; `gradient` false leaves out the latter at padded borders. */
async function check(c: Case, average: boolean, seed: number, gradient = true): Promise<void> {
  const what = `${average ? 'average' : 'max'} ${JSON.stringify(c)}`
  const { shape, x, dy, y64, dx64, padded, outShape } = pool(c, average, seed)
  await scoped(async () => {
    const X = tf.tensor4d(x, shape)
    const run = (t: tf.Tensor) =>
      (average ? tf.avgPool : tf.maxPool)(t as tf.Tensor4D, c.window, c.strides, c.pad)
    await expectClose(run(X), y64, 5e-7, what)
    if (padded && !gradient) return
    const dx = tf.grad(run)(X, tf.tensor4d(dy, outShape))
    await expectClose(dx, dx64, 1e-6, what)
    if (average) return
    const through = tf.grad((t) => run(rectify(t)))(X, tf.tensor4d(dy, outShape))
    await expectClose(
      through,
      dx64.map((value, i) => (x[i]! > 0 ? value : 0)),
      1e-6,
      `after ReLU, ${what}`,
    )
  })
}

export const pooling: Suite = (backend) => {
  const { fast, averagePoolingGradient } = backend

  it.runIf(fast).each([false, true])('of AlexNet, average %s', async (average) => {
    const c = { batch: 2, window: [3, 3], strides: [2, 2], pad: 'valid' } as const
    for (const [size, channels] of [
      [55, 96],
      [27, 192],
      [13, 256],
    ] as const) {
      const sizes = { height: size, width: size, channels }
      await check({ ...c, ...sizes, window: [3, 3], strides: [2, 2] }, average, size)
    }
  })

  it.each([false, true])('on 80 random shapes, average %s', async (average) => {
    const draw = drawer(5)
    for (let n = 0; n < drawn(backend, 80); n++) {
      const window: [number, number] = [draw(1, 4), draw(1, 4)]
      const c: Case = {
        batch: draw(1, 10),
        height: window[0] + draw(0, 6),
        width: window[1] + draw(0, 6),
        channels: draw(1, 37),
        window,
        strides: [draw(1, 3), draw(1, 3)],
        pad: n % 2 ? 'same' : 'valid',
      }
      await check(c, average, n, !average || averagePoolingGradient === undefined)
    }
  })

  if (averagePoolingGradient === undefined) return
  it("still divides the average's gradient by the whole window at a padded border", async () => {
    const gradient = await values(() =>
      tf.grad((t) => tf.avgPool(t as tf.Tensor4D, 3, 1, 'same'))(tf.ones([1, 3, 3, 1])),
    )
    // The corner is in four windows, of four, six, six and nine pixels.
    const right = 1 / 4 + 1 / 6 + 1 / 6 + 1 / 9
    expect(gradient[0]).toBeCloseTo(4 / 9, 6)
    expect(gradient[0]).not.toBeCloseTo(right, 1)
  })
}
