import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { inspectWebGPU, warmUp, webgpu } from './node.ts'
import { device, missing, useWebGPU } from './testing/start.ts'

describe('the adapter', () => {
  it('refuses a name with an underscore', () => {
    expect(() => webgpu({ name: 'my_gpu' })).toThrow(/underscores/)
  })

  it('says without throwing whether this machine has WebGPU', async () => {
    const report = await inspectWebGPU({ software: true })
    if (report.available) {
      expect(report.device).not.toBe('')
      expect(report.maxTensorBytes).toBeGreaterThan(2 ** 27)
    } else {
      expect(report.reason).toMatch(/npm install webgpu|driver/)
    }
  })
})

describe.skipIf(missing)(`the backend${missing ? `: ${missing}` : ''}`, () => {
  afterEach(() => {
    if (tf.findBackendFactory('alexnet-webgpu')) tf.removeBackend('alexnet-webgpu')
  })

  it('starts, checks itself, stops and starts anew', async () => {
    const first = await useWebGPU()
    expect(first).toMatchObject({ name: 'alexnet-webgpu', precision: 'float32' })
    expect(first.selfCheck.passed).toBe(true)
    const old = tf.ones([1000])
    await expect(webgpu({ software: true, memoryLimit: 1e9 }).start()).rejects.toThrow(
      /already runs with other options/,
    )
    await useWebGPU()
    expect([...(await tf.add(tf.ones([2]), 1).data())]).toEqual([2, 2])
    // The device of the first is gone, and with it the tensor.
    expect(() => tf.neg(old)).toThrow(expect.objectContaining({ name: 'BackendStoppedError' }))
  })

  it('refuses a tensor that the device cannot bind, and what is beyond the budget, before it allocates', async () => {
    await useWebGPU({ memoryLimit: 1e8 })
    const most = device().limits.maxStorageBufferBindingSize
    expect(() => tf.zeros([most / 4 + 1])).toThrow(/binds at most/)
    const before = tf.memory().numTensors
    const run = () =>
      tf.tidy(() => {
        const x = tf.fill([1000, 1000], 1)
        return Array.from({ length: 40 }, () => tf.add(x, 1)).map((t) => tf.keep(t))
      })
    expect(run).toThrow(
      expect.objectContaining({
        name: 'OutOfMemoryError',
        message: expect.stringMatching(/budget of 100 MB.*Use smaller batches/),
      }),
    )
    expect(tf.memory().numTensors).toBeGreaterThanOrEqual(before)
  })

  it('does not follow an array that a tensor was made from, nor keeps what was read through a change', async () => {
    await useWebGPU()
    const array = Float32Array.of(1, 2, 3, 4)
    const x = tf.tensor1d(array)
    array.fill(9)
    const y = tf.mul(x, 1)
    expect([...(await y.data())]).toEqual([1, 2, 3, 4])

    const weight = tf.variable(tf.mul(x, 1))
    const velocity = tf.variable(tf.mul(x, 0))
    const step = () =>
      tf.tidy(() => {
        const inputs = { weight, velocity, gradient: tf.onesLike(x) }
        const rates = { learningRate: 1, momentum: 0, weightDecay: 0, nesterov: false }
        const [w, v] = tf.engine().runKernel('MomentumStep', inputs, rates) as tf.Tensor[]
        weight.assign(w!)
        velocity.assign(v!)
      })
    step()
    const read = weight.data()
    step()
    expect([...(await read)]).toEqual([0, 1, 2, 3])
    expect([...(await weight.data())]).toEqual([-1, 0, 1, 2])
  })

  it('multiplies what was cast from integers, which tfjs keeps as they are', async () => {
    await useWebGPU()
    const ones = tf.oneHot(tf.tensor1d([1, 0, 2], 'int32'), 3).toFloat() as tf.Tensor2D
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])
    expect([...(await tf.matMul(ones, x).data())]).toEqual([3, 4, 1, 2, 5, 6])
    expect([...(await tf.sum(ones, 0).data())]).toEqual([1, 1, 1])
  })

  it('sums nothing to zero, and starts from the bias all the same', async () => {
    await useWebGPU()
    const [a, b] = [tf.zeros([2, 0]) as tf.Tensor2D, tf.zeros([0, 3]) as tf.Tensor2D]
    const bias = tf.tensor1d([-1, 0, 2])
    const y = tf.fused.matMul({ a, b, bias, activation: 'relu' })
    expect([...(await y.data())]).toEqual([0, 0, 2, 0, 0, 2])
    const lost = tf.fused.matMul({
      a: tf.fill([2, 5], Number.NaN) as tf.Tensor2D,
      b: tf.ones([5, 3]) as tf.Tensor2D,
      activation: 'relu',
    })
    expect([...(await lost.data())], 'NaN stays').toEqual(new Array(6).fill(Number.NaN))
  })

  it('sums by subgroups where the device has them and nobody says otherwise', async () => {
    const ended = async (rows: number, subgroups?: boolean) => {
      await useWebGPU({ subgroups })
      const x = tf.tile(tf.tensor2d([[1, 2, 3]]), [rows, 11])
      const sums = await tf.sum(x, 1).data()
      expect(new Set(sums)).toEqual(new Set([66]))
      const { pipelineCache } = tf.backend() as unknown as { pipelineCache: object }
      return Object.keys(pipelineCache).filter((key) => key.includes('sums of rows'))
    }
    expect(await ended(100, false)).toEqual(['alexnet sums of rows'])
    const { features } = await inspectWebGPU({ software: true })
    const name = `alexnet sums of rows${features.includes('subgroups') ? ' by subgroups' : ''}`
    // More rows than a dispatch has workgroups in one dimension.
    expect(await ended(66_000)).toEqual([name])
  })

  it('keeps weights in half precision with their matrix until it changes or goes', async () => {
    await useWebGPU()
    const inGPU = () => (tf.memory() as tf.MemoryInfo & { numBytesInGPU: number }).numBytesInGPU
    const x = tf.ones([1, 40])
    const once = async () => {
      const matrix = tf.tidy(() => tf.variable(tf.fill([40, 3], 1 + 2 ** -13)))
      const velocity = tf.tidy(() => tf.variable(tf.zeros([40, 3])))
      const run = () =>
        tf.engine().runKernel('QuantizedMatMul', { x, matrix }, { format: 'float16' }) as tf.Tensor
      const sums = async () => {
        const y = run()
        const found = [...(await y.data())]
        y.dispose()
        return found
      }
      // Compiled ahead, when nothing is computed, it must not be taken for done.
      await warmUp(run)
      expect(await sums(), 'rounded to half precision').toEqual([40, 40, 40])
      tf.tidy(() => {
        const inputs = { weight: matrix, velocity, gradient: tf.fill([40, 3], 1 + 2 ** -13) }
        const rates = { learningRate: 1, momentum: 0, weightDecay: 0, nesterov: false }
        const [w, v] = tf.engine().runKernel('MomentumStep', inputs, rates) as tf.Tensor[]
        matrix.assign(w!)
        velocity.assign(v!)
      })
      expect(await sums(), 'after a change in place').toEqual([0, 0, 0])
      tf.tidy(() => matrix.assign(tf.fill([40, 3], Number.NaN)))
      expect(await sums(), 'another matrix').toEqual([Number.NaN, Number.NaN, Number.NaN])
      tf.dispose([matrix, velocity])
      return inGPU()
    }
    const before = await once()
    expect(await once()).toBe(before)
    expect(await once()).toBe(before)
    const wrong = { x, matrix: tf.ones([41, 3]) }
    expect(() => tf.engine().runKernel('QuantizedMatMul', wrong, { format: 'int8' })).toThrow(
      /x \[1,40\], matrix \[41,3\].*do not fit/,
    )
  })

  it('says how to read where waiting is impossible', async () => {
    await useWebGPU()
    const x = tf.add(tf.ones([2000]), 1)
    expect(() => x.dataSync()).toThrow(/await tensor\.data\(\)/)
  })

  it('fails by name when the device is lost or refuses a command, and starts anew', async () => {
    const active = await useWebGPU()
    const x = tf.add(tf.ones([2000]), 1)
    device().destroy()
    await expect(x.data()).rejects.toMatchObject({ name: 'DeviceLostError' })
    expect(await active.lost).toMatchObject({ name: 'DeviceLostError' })
    expect(() => tf.add(x, 1)).toThrow(/go on from the last checkpoint/)

    const again = await useWebGPU()
    const y = tf.add(tf.ones([2000]), 1)
    device().createShaderModule({ code: 'this is no WGSL' })
    expect(await again.lost).toMatchObject({ name: 'DeviceError' })
    expect(() => tf.add(y, 1)).toThrow(/refused a command/)
  })

  it('compiles ahead and tells how far it is', async () => {
    await useWebGPU()
    const seen: number[] = []
    const x = tf.ones([5, 6])
    const count = await warmUp(() => tf.relu(tf.matMul(x, tf.ones([6, 7]))), {
      onProgress: ({ compiled, programs }) => seen.push(compiled / programs),
    })
    expect(count).toBeGreaterThan(0)
    expect(seen).toHaveLength(count)
    expect(seen.at(-1)).toBe(1)
    const y = tf.relu(tf.matMul(x as tf.Tensor2D, tf.ones([6, 7]) as tf.Tensor2D))
    expect(new Set(await y.data())).toEqual(new Set([6]))
  })
})
