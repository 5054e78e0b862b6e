// Memory in a page stays flat: 500 training steps and 2,000 predictions on each backend when thorough, a share
// of that among the tests.

import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { growth, type MemorySample, soak, soakPredictions } from '../soak.ts'
import { adapters, start, thorough } from './backends.ts'

const counts = thorough ? { steps: 500, predictions: 2000 } : { steps: 30, predictions: 60 }

async function flat(samples: AsyncIterable<MemorySample>): Promise<number> {
  let first: MemorySample | undefined
  let count = 0
  for await (const sample of samples) {
    count++
    // The first epoch, with batches of both sizes, fills the caches.
    first ??= sample
    expect(growth(first, sample)).toEqual([])
    expect(Number.isFinite(sample.loss)).toBe(true)
  }
  return count
}

describe.each(Object.keys(adapters))('memory on %s', (name) => {
  it(`is flat over ${counts.steps} steps and ${counts.predictions} predictions`, async () => {
    const started = await start(name)
    const before = tf.memory().numTensors
    const options = { variant: 'lenet-5' as const, batch: 6 }
    const steps = await flat(soak({ ...options, steps: counts.steps, every: 10 }))
    expect(steps).toBe(counts.steps / 10)
    const predictions = soakPredictions({ ...options, predictions: counts.predictions, every: 20 })
    expect(await flat(predictions)).toBe(counts.predictions / 20)
    expect(tf.memory().numTensors).toBe(before)
    await started.stop?.()
    await tf.setBackend('cpu')
  })
})
