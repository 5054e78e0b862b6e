import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { inspectWebGL, webgl } from './index.ts'
import { smallNetwork } from './testing/network.ts'

afterEach(() => {
  tf.env().set('WEBGL_FORCE_F16_TEXTURES', false)
  tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', true)
  if (tf.findBackendFactory('alexnet-webgl')) tf.removeBackend('alexnet-webgl')
})

describe('the device', () => {
  it('is reported', () => {
    const report = inspectWebGL()
    expect(report).toMatchObject({ available: true, float32: true })
    expect(report.device).not.toBe('unknown')
    expect(report.maxTextureSize).toBeGreaterThanOrEqual(2048)
    expect(report.features).toContain('float32')
  })

  it('is refused where it renders in software, unless that will do', async () => {
    if (inspectWebGL().software) {
      expect(await webgl().isSupported()).toMatch(/on the processor.*backend-cpu is faster/)
      await expect(webgl().start()).rejects.toThrow('on the processor')
    }
    expect(await webgl({ software: true }).isSupported()).toBe(true)
  })
})

describe('start and stop', () => {
  it('passes the self-check with float32 accuracy and float32 epsilon', async () => {
    const active = await useBackend([webgl({ software: true })])
    expect(active.name).toBe('alexnet-webgl')
    expect(active.precision).toBe('float32')
    for (const { error } of active.selfCheck.results) expect(error).toBeLessThan(2e-6)
    expect(tf.backend().floatPrecision()).toBe(32)
    expect(tf.backend().epsilon()).toBe(1e-7)
  })

  it("does better than tfjs, which takes float16's epsilon on a float32 device", async () => {
    await tf.setBackend('webgl')
    expect(tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')).toBe(true)
    expect(tf.backend().epsilon()).toBe(1e-4)
  })

  it('starts anew after a stop, and leaves a running webgl backend of tfjs alone', async () => {
    await tf.setBackend('webgl')
    const kept = tf.tensor1d([1, 2, 3]).square()
    for (let round = 0; round < 3; round++) {
      const adapter = webgl({ software: true })
      const started = await adapter.start()
      await tf.setBackend('alexnet-webgl')
      const old = tf.tensor1d(new Float32Array(1000).fill(2)).square()
      expect((await old.data())[999]).toBe(4)
      const onDevice = old.add(1)
      await started.stop?.()
      expect(() => onDevice.dataSync()).toThrow(/was stopped/)
      onDevice.dispose()
      old.dispose()
      expect(await Promise.race([started.lost, 'pending'])).toBe('pending')
    }
    await tf.setBackend('webgl')
    expect([...kept.dataSync()]).toEqual([1, 4, 9])
  })

  it('gives the same backend for the same options and refuses others under its name', async () => {
    const first = await webgl({ software: true }).start()
    expect(await webgl({ software: true }).start()).toBe(first)
    await expect(webgl({ software: true, memoryLimit: 1e9 }).start()).rejects.toThrow(
      /already runs with other options/,
    )
  })

  it('starts more often than a page may have contexts', async () => {
    for (let round = 0; round < 20; round++) {
      const started = await webgl({ software: true }).start()
      await started.stop?.()
    }
    await useBackend([webgl({ software: true })])
    expect((await tf.tensor1d([1, 2]).square().data())[1]).toBe(4)
  })
})

describe('a device of half precision', () => {
  const halve = () => {
    tf.env().set('WEBGL_FORCE_F16_TEXTURES', true)
    tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false)
  }

  it('is refused for training, with the reason', async () => {
    halve()
    expect(await webgl({ software: true }).isSupported()).toMatch(/float16 only.*not trained on/)
    await expect(useBackend([webgl({ software: true })])).rejects.toThrow(/float16 only/)
  })

  it('is allowed for inference, with a warning, and cannot train even then', async () => {
    halve()
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const active = await useBackend([webgl({ software: true, purpose: 'inference' })])
    expect(active.precision).toBe('float16')
    expect(active.features).toContain('float16-only')
    expect(warn.mock.calls.flat().join()).toMatch(/float16 only/)
    warn.mockRestore()
    const network = smallNetwork()
    const logits = await network.logits(tf.ones([1, 10, 10, 3])).data()
    expect(logits.every(Number.isFinite)).toBe(true)
    await expect(network.step()).rejects.toThrow(/float16 only and is not trained on/)
    network.dispose()
  })
})
