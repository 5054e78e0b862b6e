import { tfjsCpu, useBackend } from '@alexnet/backend'
import { describe, expect, it } from 'vitest'
import { inspectWebGL, warmUp, webgl } from './index.ts'

describe('where there is no WebGL', () => {
  it('says so without throwing', async () => {
    expect(inspectWebGL()).toMatchObject({
      available: false,
      reason: 'TensorFlow.js has its WebGL backend in browsers only',
    })
    expect(await webgl().isSupported()).toBe('TensorFlow.js has its WebGL backend in browsers only')
    await expect(webgl().start()).rejects.toThrow('in browsers only')
  })

  it('is passed over for the next backend', async () => {
    const active = await useBackend([webgl(), tfjsCpu()])
    expect(active.name).toBe('cpu')
    expect(active.skipped[0]).toMatchObject({ name: 'alexnet-webgl' })
  })

  it('has no shaders to warm up', async () => {
    await useBackend([tfjsCpu()])
    await expect(warmUp(() => {})).rejects.toThrow("the current backend is 'cpu'")
  })
})

it('refuses a name that tfjs would split', () => {
  expect(() => webgl({ name: 'my_webgl' })).toThrow(/leave them out/)
})
