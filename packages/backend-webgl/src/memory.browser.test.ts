import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterEach, expect, it } from 'vitest'
import { webgl } from './index.ts'
import { smallNetwork } from './testing/network.ts'

afterEach(() => tf.removeBackend('alexnet-webgl'))

it('refuses what does not fit into the budget, by name, and goes on', async () => {
  await useBackend([webgl({ software: true, memoryLimit: 16e6 })])
  const kept = tf.ones([1000, 1000]).square()
  const before = tf.memory()
  expect(() => tf.tidy(() => tf.matMul(tf.ones([2000, 50]).square(), tf.ones([50, 2000])))).toThrow(
    /does not fit: \d+ MB of the budget of 16 MB are in use.*memoryLimit/,
  )
  const after = tf.memory()
  expect(after.numTensors).toBe(before.numTensors)
  expect(after.numDataBuffers).toBe(before.numDataBuffers)
  expect((await kept.data())[999]).toBe(1)
  kept.dispose()
})

it('frees textures kept for reuse before it refuses', async () => {
  await useBackend([webgl({ software: true, memoryLimit: 16e6 })])
  for (let size = 500; size < 1000; size += 20) tf.tidy(() => void tf.ones([size, size]).square())
  const { numBytesInGPUAllocated } = tf.memory() as unknown as Record<string, number>
  // Without it, 25 sizes of three textures would be 150 MB.
  expect(numBytesInGPUAllocated).toBeLessThanOrEqual(40e6)
})

it('leaves nothing behind in a hundred training steps', async () => {
  await useBackend([webgl({ software: true })])
  const network = smallNetwork()
  await network.step()
  await network.step()
  const before = tf.memory() as tf.MemoryInfo & Record<string, number>
  for (let step = 0; step < 100; step++) await network.step()
  const after = tf.memory() as tf.MemoryInfo & Record<string, number>
  for (const key of ['numTensors', 'numDataBuffers', 'numBytes', 'numBytesInGPUAllocated']) {
    expect(after[key], key).toBe(before[key])
  }
  network.dispose()
})
