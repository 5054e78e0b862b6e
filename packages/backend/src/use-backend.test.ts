import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { type BackendAdapter, NoBackendError, selfCheck, tfjsCpu, useBackend } from './index.ts'

const created: string[] = []

/** An adapter over tfjs's cpu kernels under another name, optionally with one kernel replaced. */
function imitation(name: string, replaced?: tf.KernelConfig): BackendAdapter & { stopped: number } {
  created.push(name)
  return {
    name,
    stopped: 0,
    isSupported: async () => true,
    async start() {
      tf.registerBackend(name, tf.findBackendFactory('cpu'))
      tf.copyRegisteredKernels('cpu', name)
      if (replaced) {
        tf.unregisterKernel(replaced.kernelName, name)
        tf.registerKernel({ ...replaced, backendName: name })
      }
      return { device: 'imitation', features: ['none'], stop: () => void this.stopped++ }
    },
  }
}

function broken(part: Partial<BackendAdapter>): BackendAdapter {
  return { ...tfjsCpu(), name: 'broken', ...part }
}

afterEach(async () => {
  await tf.setBackend('cpu')
  for (const name of created.splice(0)) {
    for (const { kernelName } of tf.getKernelsForBackend(name))
      tf.unregisterKernel(kernelName, name)
    if (tf.findBackendFactory(name)) tf.removeBackend(name)
  }
})

describe('useBackend', () => {
  it('does calls that overlap one after the other, so that each checks its own backend', async () => {
    const order: string[] = []
    const logged = (name: string): BackendAdapter => {
      const adapter = imitation(name)
      return {
        ...adapter,
        async start() {
          order.push(`${name} starts beside ${tf.getBackend()}`)
          await new Promise((resolve) => setTimeout(resolve, 20))
          return adapter.start()
        },
      }
    }
    await tf.setBackend('cpu')
    const failing = useBackend([])
    const both = Promise.all([useBackend([logged('first')]), useBackend([logged('second')])])
    await expect(failing).rejects.toThrow(NoBackendError)
    const [first, second] = await both
    expect([first.name, second.name, tf.getBackend()]).toEqual(['first', 'second', 'second'])
    expect(order).toEqual(['first starts beside cpu', 'second starts beside first'])
  })

  it('takes the first that works and says why the others were passed over', async () => {
    const good = imitation('imitation-good')
    const active = await useBackend([
      broken({ name: 'absent', isSupported: async () => 'this machine has no GPU' }),
      broken({ name: 'unsure', isSupported: () => Promise.reject(new Error('probe crashed')) }),
      broken({ name: 'stuck', start: () => Promise.reject(new Error('no device')) }),
      broken({ name: 'forgetful' }),
      good,
      tfjsCpu(),
    ])
    expect(active).toMatchObject({
      name: 'imitation-good',
      device: 'imitation',
      features: ['none'],
    })
    expect(active.skipped).toEqual([
      { name: 'absent', reason: 'not supported: this machine has no GPU' },
      { name: 'unsure', reason: 'could not tell whether it is supported: probe crashed' },
      { name: 'stuck', reason: 'did not start: no device' },
      { name: 'forgetful', reason: 'started without registering a tfjs backend called forgetful' },
    ])
    expect(tf.getBackend()).toBe('imitation-good')
    expect(good.stopped).toBe(0)
    expect(active.selfCheck.passed).toBe(true)
    expect(await Promise.race([active.lost, 'pending'])).toBe('pending')
  })

  it('refuses a backend with wrong numbers, stops it and restores the one before', async () => {
    await tf.setBackend('cpu')
    const stock = tf.getKernel('Conv2DBackpropFilter', 'cpu')
    const wrong = imitation('imitation-wrong', {
      ...stock,
      kernelFunc(call) {
        const info = stock.kernelFunc(call) as tf.TensorInfo
        const backend = call.backend as { data: tf.DataStorage<{ values: Float32Array }> }
        const { values } = backend.data.get(info.dataId)
        values[5] = values[5]! * 1.01 + 0.01
        return info
      },
    })
    await expect(useBackend([wrong])).rejects.toThrow(
      /imitation-wrong: failed the self-check: filterGradient by \d\.\de-\d/,
    )
    expect(wrong.stopped).toBe(1)
    expect(tf.getBackend()).toBe('cpu')
  })

  it('names every adapter when none works', async () => {
    const failing = broken({ isSupported: async () => 'too old' })
    const error = await useBackend([failing, { ...failing, name: 'second' }]).catch((e) => e)
    expect(error).toBeInstanceOf(NoBackendError)
    expect(error.message).toBe(
      'none of the 2 backends can be used:\n  broken: not supported: too old\n  second: not supported: too old',
    )
    await expect(useBackend([])).rejects.toThrow('pass at least one')
  })

  it('passes on a lost device', async () => {
    const lost = Promise.resolve(new Error('device gone'))
    const active = await useBackend([
      broken({ name: 'cpu', start: async () => ({ device: 'd', features: [], lost }) }),
    ])
    expect((await active.lost).message).toBe('device gone')
  })
})

describe('selfCheck', () => {
  it('passes on tfjs cpu with float32 accuracy and leaks nothing', async () => {
    await tf.setBackend('cpu')
    const before = tf.memory().numTensors
    const report = await selfCheck()
    expect(report.results.map(({ name }) => name)).toHaveLength(5)
    for (const { error } of report.results) expect(error).toBeLessThan(2e-6)
    expect(report.passed).toBe(true)
    expect(tf.memory().numTensors).toBe(before)
  })
})
