// The same seed and pictures give the same training on every backend of a page.

import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { adapters, start } from './backends.ts'
import { dispose, losses, smallTrainer } from './runs.ts'

const steps = 50

it('fifty steps have the same losses to 1e-3 on every backend', async () => {
  const found: Record<string, number[]> = {}
  for (const name of Object.keys(adapters)) {
    const started = await start(name)
    const trainer = smallTrainer()
    const own: number[] = []
    for await (const loss of losses(trainer, steps)) own.push(loss)
    found[name] = own
    dispose(trainer)
    await started.stop?.()
    await tf.setBackend('cpu')
  }
  const truth = found.cpu!
  expect(truth).toHaveLength(steps)
  // It learns, so that equal losses mean something.
  expect(truth.at(-1)).toBeLessThan(truth[0]! - 0.1)
  for (const [name, own] of Object.entries(found)) {
    const apart = own.map((loss, i) => Math.abs(loss - truth[i]!) / truth[i]!)
    expect(Math.max(...apart), name).toBeLessThan(1e-3)
  }
})
