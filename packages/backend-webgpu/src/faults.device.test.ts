// What a shader that does not compile ends, and what times tell, on the device.

import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { device, missing, useWebGPU } from './testing/start.ts'

describe.skipIf(missing)(`on the device${missing ? `: ${missing}` : ''}`, () => {
  afterEach(() => {
    if (tf.findBackendFactory('alexnet-webgpu')) tf.removeBackend('alexnet-webgpu')
  })

  // tfjs's shader for a histogram of a picture does not compile: it takes vectors alone.
  const threshold = () => tf.image.threshold(tf.ones([3, 3, 1], 'int32') as tf.Tensor3D, 'otsu')

  it("fails the call alone whose shader of tfjs's does not compile", async () => {
    await useWebGPU()
    const x = tf.fill([2000], -1)
    await expect(threshold().data()).rejects.toMatchObject({ name: 'ProgramError' })
    expect(new Set(await tf.relu(tf.add(x, 3)).data())).toEqual(new Set([2]))
    // And again, the shader being known by now.
    await expect(threshold().data()).rejects.toMatchObject({ name: 'ProgramError' })
    const product = tf.matMul(tf.ones([40, 60]), tf.ones([60, 50]))
    expect(new Set(await product.data())).toEqual(new Set([60]))
  })

  it('fails what is computed from that, and says of which program it comes', async () => {
    await useWebGPU()
    const sum = tf.add(tf.cast(threshold(), 'float32'), 1)
    await expect(sum.data()).rejects.toThrow(/the device refused the program Bincount/)
  })

  it('times its own kernels', async () => {
    await useWebGPU()
    const timed = async (run: () => tf.Tensor) => {
      // Compiled before.
      await run().data()
      return (await tf.time(() => run())) as tf.TimingInfo & { kernelMs: number }
    }
    const a = tf.fill([700, 700], 0.5) as tf.Tensor2D
    const [product, sum] = [await timed(() => tf.matMul(a, a)), await timed(() => tf.sum(a))]
    if (!device().features.has('timestamp-query')) {
      expect([product.kernelMs, sum.kernelMs]).toEqual([0, 0])
      return
    }
    // A product of 700 sums of 700 takes longer than the sum of its numbers.
    expect(product.kernelMs).toBeGreaterThan(sum.kernelMs)
    expect(sum.kernelMs).toBeGreaterThan(0)
    const { kernels } = await tf.profile(() => tf.matMul(a, a))
    const times = await Promise.all(kernels.map(({ kernelTimeMs }) => kernelTimeMs))
    expect(Math.max(...times.map(Number))).toBeGreaterThan(0)
  })
})
