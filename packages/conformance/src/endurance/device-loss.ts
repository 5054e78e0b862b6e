// A device that goes away in the middle of training, each time at another moment of a step: it is told by
// name, no step is counted after it, and the CPU backend goes on from the last checkpoint to the numbers of a
// run that was never disturbed. Fifty times when thorough.

import type { TrainingCheckpoint } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import type { TestedBackend } from '../kernels/backends.ts'
import { fastestCpu } from '../kernels/cpu-backends.ts'
import { thorough } from '../thorough.ts'
import { dispose, losses, smallTrainer } from './runs.ts'
import { start, stop } from './start.ts'

const rounds = thorough ? 50 : 2
/** Steps of the undisturbed run, and the one after which the disturbed run's checkpoint is made. */
const STEPS = 8
const SAVE_AFTER = 2
/** More steps than any device has done when it is taken away. */
const UNENDING = 100_000

interface Device {
  /** The name of the error that ends all work. */
  error: string
  /** Takes the device away from the current backend. */
  lose(): void
}

const devices: Record<string, Device> = {
  'alexnet-webgl': {
    error: 'ContextLostError',
    lose() {
      const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu
      gl.getExtension('WEBGL_lose_context')!.loseContext()
    },
  },
  'alexnet-webgpu': {
    error: 'DeviceLostError',
    lose: () => (tf.backend() as unknown as { device: GPUDevice }).device.destroy(),
  },
}

/** Losses of a run on the CPU that nothing disturbs, or of the rest of one. The CPU backend stays for the next. */
async function undisturbed(checkpoint?: TrainingCheckpoint): Promise<number[]> {
  await start(fastestCpu)
  const trainer = smallTrainer()
  if (checkpoint) trainer.restore(checkpoint)
  const own: number[] = []
  for await (const loss of losses(trainer, STEPS)) own.push(loss)
  dispose(trainer)
  return own
}

/**
 * Trains on the current backend until its device is taken away.
 *
 * @param moment when, as a share of a step's time
 */
async function trainUntilLost({ lose }: Device, moment: number) {
  const trainer = smallTrainer()
  const own: number[] = []
  let saved: TrainingCheckpoint | undefined
  let stepsAtLoss: number | undefined
  let begun = performance.now()
  let error: string | undefined
  try {
    for await (const loss of losses(trainer, UNENDING)) {
      own.push(loss)
      const took = performance.now() - begun
      if (own.length === SAVE_AFTER) saved = await trainer.checkpoint()
      if (own.length === SAVE_AFTER + 1) {
        setTimeout(() => {
          stepsAtLoss = trainer.step
          lose()
        }, moment * took)
      }
      begun = performance.now()
    }
  } catch (caught) {
    error = (caught as Error).name
  }
  const stepsCounted = trainer.step
  dispose(trainer)
  return { error, stepsAtLoss, stepsCounted, losses: own, saved: saved! }
}

/** Loses the backend's device again and again. */
export function loseDevice(backend: TestedBackend): void {
  describe(`losing ${backend.name}`, () => {
    it(`${rounds} times in the middle of training`, async () => {
      const device = devices[backend.name]!
      const expected = await undisturbed()
      expect(expected).toHaveLength(STEPS)
      for (let round = 0; round < rounds; round++) {
        const started = await start(backend)
        const { error, stepsAtLoss, stepsCounted, ...run } = await trainUntilLost(
          device,
          round / rounds,
        )
        expect(error, `round ${round}`).toBe(device.error)
        expect((await started.lost)?.name).toBe(device.error)
        expect(stepsCounted, 'steps counted in the end, and at the loss').toBe(stepsAtLoss)
        expect(run.losses).toHaveLength(stepsCounted)
        await stop(started)

        const all = [...run.losses.slice(0, SAVE_AFTER), ...(await undisturbed(run.saved))]
        expect(all).toHaveLength(STEPS)
        const apart = all.map((loss, i) => Math.abs(loss - expected[i]!) / expected[i]!)
        expect(Math.max(...apart)).toBeLessThan(1e-3)
        // Each takes its seconds, since every shader is compiled anew.
        if (thorough)
          console.log(`${backend.name}: lost ${round + 1} of ${rounds}, after step ${stepsAtLoss}`)
      }
    })
  })
}
