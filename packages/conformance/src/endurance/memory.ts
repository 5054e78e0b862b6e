// Memory stays flat: 500 training steps and 2,000 predictions when thorough, a share of that among the tests.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { TestedBackend } from '../kernels/backends.ts'
import { thorough } from '../thorough.ts'
import { growth, type MemorySample, soak, soakPredictions } from './soak.ts'
import { start, stop } from './start.ts'

const counts = thorough ? { steps: 500, predictions: 2000 } : { steps: 20, predictions: 40 }
const network = { variant: 'lenet-5', batch: 6 } as const

/** Compares every sample with the first; how many there were. */
async function flat(samples: AsyncIterable<MemorySample>): Promise<number> {
  let first: MemorySample | undefined
  let count = 0
  for await (const sample of samples) {
    count++
    // The first epoch, with batches of both sizes, fills the caches.
    first ??= sample
    expect(growth(first, sample)).toEqual([])
    if (thorough && count % 10 === 0)
      console.log(`${sample.step}: ${sample.tensors} tensors, ${sample.tensorBytes} bytes`)
    expect(Number.isFinite(sample.loss)).toBe(true)
  }
  return count
}

/** Trains and predicts on the backend for long. */
export function keepMemoryFlat(backend: TestedBackend): void {
  const { steps, predictions } = counts
  it(`memory on ${backend.name} is flat over ${steps} steps and ${predictions} predictions`, async () => {
    const started = await start(backend)
    const before = tf.memory().numTensors
    expect(await flat(soak({ ...network, steps, every: 10 }))).toBe(steps / 10)
    const predicted = soakPredictions({ ...network, predictions, every: 20 })
    expect(await flat(predicted)).toBe(predictions / 20)
    expect(tf.memory().numTensors).toBe(before)
    await stop(started)
  })
}
