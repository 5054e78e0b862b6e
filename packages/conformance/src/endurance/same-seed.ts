// The same seed and pictures give the same training on every backend.

import { expect, it } from 'vitest'
import type { TestedBackend } from '../kernels/backends.ts'
import { thorough } from '../thorough.ts'
import { BATCHES, dispose, losses, smallTrainer } from './runs.ts'
import { start, stop } from './start.ts'

const steps = thorough ? 50 : 2 * BATCHES

/** Trains on each backend and compares the losses of all steps with those on the first. */
export function trainAlike(backends: readonly TestedBackend[]): void {
  const names = backends.map(({ name }) => name)
  it(`${steps} steps have the same losses to 1e-3 on ${names.join(', ')}`, async () => {
    const found: number[][] = []
    for (const backend of backends) {
      const started = await start(backend)
      const trainer = smallTrainer()
      const own: number[] = []
      for await (const loss of losses(trainer, steps)) own.push(loss)
      found.push(own)
      dispose(trainer)
      await stop(started)
    }
    const [truth, ...others] = found
    expect(truth).toHaveLength(steps)
    // It learns, so that equal losses mean something: the first epoch's last batch, seen again.
    expect(truth!.at(-1)).toBeLessThan(truth![BATCHES - 1]!)
    for (const [i, own] of others.entries()) {
      expect(own).toHaveLength(steps)
      const apart = own.map((loss, step) => Math.abs(loss - truth![step]!) / truth![step]!)
      console.log(`${names[i + 1]}: losses within ${Math.max(...apart).toExponential(1)}`)
      expect(Math.max(...apart), names[i + 1]).toBeLessThan(1e-3)
    }
  })
}
