import { describe, expect, it } from 'vitest'

type Told = Record<string, unknown> & { type: string }

/** Trains in a worker on a backend; what it told, and how often the page's own clock went on meanwhile. */
async function trainInWorker(backend: string) {
  const worker = new Worker(new URL('./testing/training-worker.ts', import.meta.url), {
    type: 'module',
    name: backend,
  })
  // With the loop in the page's thread its clock would stand still for the whole run.
  let ticks = 0
  const clock = setInterval(() => {
    ticks += 1
  }, 1)
  const events: Told[] = []
  const ticksAt: number[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Told>) => {
        events.push(data)
        ticksAt.push(ticks)
        if (data.type === 'failed') reject(new Error(String(data.message)))
        if (data.type === 'saved') resolve()
      }
      worker.onerror = ({ message }) => reject(new Error(message))
    })
  } finally {
    clearInterval(clock)
    worker.terminate()
  }
  const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss as number] : []))
  return { events, losses, ticksWhileTraining: ticksAt.at(-1)! - ticksAt[0]! }
}

/** TensorFlow.js's own, ours in WebAssembly with its threads, ours on the GPU or its software driver. */
const backends = ['cpu', 'alexnet-cpu', 'alexnet-webgl']

describe('a run in a worker', () => {
  const found = new Map<string, number[]>()

  it.each(backends)('trains event by event while the page goes on: %s', async (backend) => {
    const { events, losses, ticksWhileTraining } = await trainInWorker(backend)
    expect(losses).toHaveLength(15)
    expect(losses[14]).toBeLessThan(losses[0]! / 2)
    expect(events.at(-2)).toMatchObject({ type: 'end', step: 15 })
    // Weights, velocities and averages of two layers.
    expect(events.at(-1)).toMatchObject({ type: 'saved', tensors: 12, backend })
    // How many there are is a matter of speed: where the page is blocked, none.
    expect(ticksWhileTraining).toBeGreaterThan(0)
    found.set(backend, losses)
  })

  it('comes to the same losses on every backend', () => {
    expect([...found.keys()]).toEqual(backends)
    for (const losses of found.values()) {
      for (const [step, loss] of losses.entries()) {
        expect(loss / found.get('cpu')![step]!).toBeCloseTo(1, 3)
      }
    }
  })
})
