// Where tfjs's own WebGL backend is wrong, shown beside ours on the same device.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, describe, expect, it } from 'vitest'
import { webgl } from './index.ts'

afterAll(() => tf.removeBackend('alexnet-webgl'))

/** What tfjs's backend answers, and ours. */
async function both(f: () => tf.Tensor): Promise<[tfjs: number[] | Error, ours: number[]]> {
  const answer = async () => {
    const y = tf.tidy(f)
    const values = [...(await y.data())]
    y.dispose()
    return values
  }
  await tf.setBackend('webgl')
  const tfjs = await answer().catch((error: Error) => error)
  await useBackend([webgl({ software: true })])
  return [tfjs, await answer()]
}

describe('tfjs is wrong, and ours is right, about', () => {
  it("average pooling's gradient at a padded border", async () => {
    const [tfjs, ours] = await both(() =>
      tf.grad((x) => tf.avgPool(x as tf.Tensor4D, 3, 1, 'same'))(tf.ones([1, 3, 3, 1])),
    )
    // The corner is in four windows, of four, six, six and nine pixels.
    const right = 1 / 4 + 1 / 6 + 1 / 6 + 1 / 9
    expect((tfjs as number[])[0]).toBeCloseTo(4 / 9, 5)
    expect(ours[0]).toBeCloseTo(right, 5)
  })

  it('which of equal pixels is the largest of a window', async () => {
    const [tfjs, ours] = await both(() =>
      tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.ones([1, 2, 2, 1])),
    )
    expect(tfjs).toEqual([0, 0, 0, 1])
    expect(ours).toEqual([1, 0, 0, 0])
  })

  it('batches that broadcast along different axes', async () => {
    const [tfjs, ours] = await both(() =>
      tf.matMul(tf.tensor([1, 2, 3, 4], [2, 2, 1, 1]), tf.tensor([10, 100], [2, 1, 1, 1])),
    )
    expect(tfjs).not.toEqual([10, 20, 300, 400])
    expect(ours).toEqual([10, 20, 300, 400])
  })

  it('products of no depth', async () => {
    const [tfjs, ours] = await both(() =>
      tf.matMul(tf.zeros([2, 0]) as tf.Tensor2D, tf.zeros([0, 3]) as tf.Tensor2D),
    )
    expect(tfjs).toBeInstanceOf(Error)
    expect(ours).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('products of an odd depth of what the device computed', async () => {
    // e⁰ stands in the places past the matrices' own, too. Less than 128 numbers tfjs would compute itself.
    const ones = (shape: [number, number]) => tf.exp(tf.zeros(shape)) as tf.Tensor2D
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const a = () => ones(transposeA ? [13, 16] : [16, 13])
        const b = () => ones(transposeB ? [16, 13] : [13, 16])
        const [tfjs, ours] = await both(() => tf.matMul(a(), b(), transposeA, transposeB))
        expect(new Set(tfjs as number[])).toEqual(new Set([14]))
        expect(new Set(ours)).toEqual(new Set([13]))
        const [fused, oursFused] = await both(() =>
          tf.fused.matMul({
            a: a(),
            b: b(),
            transposeA,
            transposeB,
            bias: tf.ones([16]),
            activation: 'relu' as const,
          }),
        )
        expect(new Set(fused as number[])).toEqual(new Set([15]))
        expect(new Set(oursFused)).toEqual(new Set([14]))
      }
    }
  })

  it('the gradient of normalisation with a whole power, which does not compile', async () => {
    const [tfjs, ours] = await both(() =>
      tf.grad((x) => tf.localResponseNormalization(x as tf.Tensor4D, 0, 1, 1, 1))(
        tf.ones([1, 1, 1, 1]),
      ),
    )
    expect((tfjs as Error).message).toMatch(/compile/)
    // x / (1 + x²): its slope at 1 is nothing.
    expect(ours[0]).toBeCloseTo(0, 6)
  })

  it('ReLU of minus infinity', async () => {
    const x = new Float32Array(200).fill(Number.NEGATIVE_INFINITY)
    const [tfjs, ours] = await both(() => tf.relu(tf.tensor1d(x)))
    expect((tfjs as number[])[0]).toBeNaN()
    expect(ours[0]).toBe(0)
  })

  it('leaky ReLU and PReLU of infinity', async () => {
    const x = new Float32Array(200).fill(Number.POSITIVE_INFINITY)
    for (const leaky of [
      () => tf.leakyRelu(tf.tensor1d(x), 0.25),
      () => tf.prelu(tf.tensor1d(x), tf.fill([200], 0.25)),
    ]) {
      const [tfjs, ours] = await both(leaky)
      expect((tfjs as number[])[0]).toBeNaN()
      expect(ours[0]).toBe(Number.POSITIVE_INFINITY)
    }
  })
})
