import { spawnSync } from 'node:child_process'
import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { cpu } from './index.ts'
import { randoms, useCpu } from './testing/start.ts'

/**
 * Every result of a small training step: forward and all gradients. The second convolution runs by
 * Winograd's method, whose tasks are cut by tiles from some twenty pictures on and by maps below.
 */
function trainingStep(batch: number): Float32Array[] {
  return tf.tidy(() => {
    const x = tf.tensor4d(randoms(batch * 31 * 31 * 3, 1), [batch, 31, 31, 3])
    const filters = tf.tensor4d(randoms(5 * 5 * 3 * 40, 2), [5, 5, 3, 40])
    const deep = tf.tensor4d(randoms(3 * 3 * 40 * 72, 3), [3, 3, 40, 72])
    const matrix = tf.tensor2d(randoms(7 * 7 * 72 * 300, 4), [3528, 300])
    const network = (...[a, b, c, d]: tf.Tensor[]) => {
      const first = tf.localResponseNormalization(
        tf.relu(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same')),
        2,
        1,
        1e-3,
        0.75,
      )
      const second = tf.relu(
        tf.conv2d(tf.maxPool(first as tf.Tensor4D, 3, 2, 'valid'), c as tf.Tensor4D, 1, 'same'),
      )
      const pooled = tf.avgPool(second as tf.Tensor4D, 3, 2, 'valid')
      return tf.sum(tf.square(tf.matMul(tf.reshape(pooled, [batch, -1]), d as tf.Tensor2D)))
    }
    const inputs = [x, filters, deep, matrix]
    const gradients = tf.grads(network)(inputs)
    return [network(...inputs), ...gradients].map((t) => t.dataSync() as Float32Array)
  })
}

/** A convolution that moves by four pixels, which runs by phases, and its filter's gradient. */
function strided(batch: number): Float32Array[] {
  return tf.tidy(() => {
    const x = tf.tensor4d(randoms(batch * 67 * 67 * 3, 5), [batch, 67, 67, 3])
    const filter = tf.tensor4d(randoms(11 * 11 * 3 * 32, 6), [11, 11, 3, 32])
    const run = (f: tf.Tensor) => tf.conv2d(x, f as tf.Tensor4D, 4, 'valid')
    return [run(filter), tf.grad(run)(filter)].map((t) => t.dataSync() as Float32Array)
  })
}

/** What other networks are made of: few channels, whose filter's gradient is dealt by pictures, and many. */
function separable(batch: number): Float32Array[] {
  return tf.tidy(() =>
    [24, 200].flatMap((channels) => {
      const x = tf.tensor4d(randoms(batch * 15 * 13 * channels, 7), [batch, 15, 13, channels])
      const filter = tf.tensor4d(randoms(9 * channels, 8), [3, 3, channels, 1])
      const slopes = tf.tensor1d(randoms(channels, 9))
      const network = (...[a, b, c]: tf.Tensor[]) => {
        const maps = tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same')
        const { mean, variance } = tf.moments(maps, [0, 1, 2])
        const [m, v] = [mean, variance] as tf.Tensor1D[]
        const normal = tf.batchNorm(maps, m!, v!, tf.zeros([channels]), tf.ones([channels]))
        const bent = tf.add(tf.relu6(normal), tf.prelu(normal, c!)) as tf.Tensor4D
        const larger = tf.image.resizeBilinear(bent, [11, 10])
        return tf.softmax(tf.reshape(tf.transpose(larger, [0, 3, 1, 2]), [batch, -1]))
      }
      const gradient = tf.tensor2d(randoms(batch * channels * 110, 10), [batch, channels * 110])
      const inputs = [x, filter, slopes]
      const all = [network(...inputs), ...tf.grads(network)(inputs, gradient)]
      return all.map((t) => t.dataSync() as Float32Array)
    }),
  )
}

describe('threads', () => {
  it('give the same bits whatever their number', async () => {
    await useCpu({ name: 'one', threads: 1 })
    const expected = [3, 24].map(trainingStep)
    const expectedStrided = [1, 24].map(strided)
    const expectedSeparable = [1, 5].map(separable)
    for (const threads of [2, 5]) {
      await useCpu({ name: `many-${threads}`, threads })
      for (let repeat = 0; repeat < 3; repeat++) expect(trainingStep(3)).toEqual(expected[0])
      expect(trainingStep(24)).toEqual(expected[1])
      expect([1, 24].map(strided)).toEqual(expectedStrided)
      expect([1, 5].map(separable)).toEqual(expectedSeparable)
      tf.removeBackend(`many-${threads}`)
    }
    await tf.setBackend('one')
  })

  it('survive thousands of short jobs', async () => {
    await useCpu({ name: 'short', threads: 3 })
    const total = tf.tidy(() => {
      let sum = tf.zeros([70_000])
      const one = tf.ones([70_000])
      for (let i = 0; i < 1500; i++) sum = tf.tidy(() => tf.add(sum, one))
      return sum.dataSync() as Float32Array
    })
    expect(total.every((value) => value === 1500)).toBe(true)
    tf.removeBackend('short')
  })

  it('do not keep a process alive', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs'
      import { useBackend } from '@alexnet/backend'
      import { cpu } from '@alexnet/backend-cpu'
      const { device } = await useBackend([cpu({ threads: 2 })])
      console.log(device, tf.sum(tf.ones([300, 300])).dataSync()[0])`
    const result = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(result.stdout).toBe('CPU, WebAssembly, 2 threads 90000\n')
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })

  it('are done without where they may not be started, and the device says why', () => {
    const program = `
      import * as tf from '@tensorflow/tfjs'
      import { useBackend } from '@alexnet/backend'
      import { cpu } from '@alexnet/backend-cpu'
      const { device } = await useBackend([cpu({ threads: 3 })])
      console.log(device, tf.sum(tf.ones([300, 300])).dataSync()[0])`
    const flags = ['--permission', '--allow-fs-read=*', '--input-type=module']
    const result = spawnSync(process.execPath, [...flags, '--eval', program], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(result.stdout, result.stderr).toMatch(
      /^CPU, WebAssembly, 1 thread \(2 did not start: Access to this API .*\) 90000\n$/,
    )
  })

  it('are started once where the same backend is asked for twice at a time', async () => {
    const started = await Promise.all([0, 1].map(() => cpu({ name: 'twice', threads: 2 }).start()))
    expect(started[0]).toBe(started[1])
    tf.removeBackend('twice')
    const anew = await cpu({ name: 'twice', threads: 2 }).start()
    expect(anew).not.toBe(started[0])
    tf.removeBackend('twice')
  })

  it('are kept when the same backend is asked for again, and not replaced by other options', async () => {
    const first = await useBackend([cpu({ name: 'again', threads: 2 })])
    const held = tf.ones([100])
    const second = await useBackend([cpu({ threads: 2, name: 'again' })])
    expect(second.device).toBe(first.device)
    expect(held.dataSync()[99]).toBe(1)
    await expect(useBackend([cpu({ name: 'again', threads: 1 })])).rejects.toThrow(
      "a backend 'again' already runs with other options",
    )
    expect(held.dataSync()[99]).toBe(1)
    held.dispose()
    tf.removeBackend('again')
  })

  it('refuse a number that makes no sense', async () => {
    await expect(cpu({ threads: 0 }).start()).rejects.toThrow('threads: 0 is not a whole number')
  })
})
