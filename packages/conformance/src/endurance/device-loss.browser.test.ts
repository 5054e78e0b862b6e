// A device that goes away in the middle of training, at ever other moments of a step: it is told, no step is
// counted after it, and another backend goes on from the last checkpoint to the numbers of a run that was
// never disturbed. Fifty times on each when thorough.

import { cpu } from '@alexnet/backend-cpu'
import type { Checkpoint } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { start, thorough } from './backends.ts'
import { dispose, losses, smallTrainer } from './runs.ts'

const rounds = thorough ? 50 : 3
const steps = 8

interface Device {
  error: string
  lose(): void
}

const devices: Record<string, Device> = {
  webgl: {
    error: 'ContextLostError',
    lose() {
      const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu
      gl.getExtension('WEBGL_lose_context')!.loseContext()
    },
  },
  webgpu: {
    error: 'DeviceLostError',
    lose: () => (tf.backend() as unknown as { device: GPUDevice }).device.destroy(),
  },
}

/** Losses of a run on the CPU that nothing disturbs. */
async function undisturbed(): Promise<number[]> {
  const adapter = cpu({ threads: 1 })
  await adapter.start()
  await tf.setBackend(adapter.name)
  const trainer = smallTrainer()
  const own: number[] = []
  for await (const loss of losses(trainer, steps)) own.push(loss)
  dispose(trainer)
  return own
}

describe.each(Object.keys(devices))('losing %s', (name) => {
  it(`${rounds} times in the middle of training`, async () => {
    const { error, lose } = devices[name]!
    const expected = await undisturbed()
    for (let round = 0; round < rounds; round++) {
      const started = await start(name)
      const trainer = smallTrainer()
      const own: number[] = []
      let saved: Checkpoint | undefined
      let lost = false
      const run = (async () => {
        for await (const loss of losses(trainer, steps)) {
          expect(lost, 'a step was counted after the loss').toBe(false)
          own.push(loss)
          if (own.length === 2) saved = await trainer.checkpoint()
          if (own.length === 3) {
            // During the next step: at its start, or some way into it.
            setTimeout(
              () => {
                lost = true
                lose()
              },
              (round % 10) * 3,
            )
          }
        }
      })()
      const outcome = await run.then(
        () => 'ended',
        (reason: Error) => reason.name,
      )
      expect(outcome, `round ${round}`).toBe(error)
      expect((await started.lost)?.name).toBe(error)
      dispose(trainer)
      await started.stop?.()

      await tf.setBackend('alexnet-cpu')
      const resumed = smallTrainer()
      resumed.restore(saved!)
      const all = own.slice(0, 2)
      for await (const loss of losses(resumed, steps)) all.push(loss)
      dispose(resumed)
      expect(all).toHaveLength(steps)
      const apart = all.map((loss, i) => Math.abs(loss - expected[i]!) / expected[i]!)
      expect(Math.max(...apart)).toBeLessThan(1e-3)
    }
  })
})
