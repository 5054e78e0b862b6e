import { expect, it } from 'vitest'

it('trains in a worker, event by event, while the page goes on', async () => {
  const worker = new Worker(new URL('./testing/training-worker.ts', import.meta.url), {
    type: 'module',
  })
  // The page's own clock: with the loop in its thread it would stand still for the whole run.
  let ticks = 0
  const clock = setInterval(() => {
    ticks += 1
  }, 1)
  const events: Record<string, unknown>[] = []
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      events.push(data)
      if (data.type === 'saved') resolve()
    }
    worker.onerror = ({ message }) => reject(new Error(message))
  })
  clearInterval(clock)
  worker.terminate()
  expect(events.filter(({ type }) => type === 'step')).toHaveLength(15)
  const losses = events.flatMap((event) =>
    event.type === 'epoch' ? [(event.train as { loss: number }).loss] : [],
  )
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(losses[0]! / 2)
  expect(events.at(-2)).toMatchObject({ type: 'end', step: 15 })
  // Weights, velocities and averages of two layers.
  expect(events.at(-1)).toMatchObject({ type: 'saved', tensors: 12 })
  expect(ticks).toBeGreaterThan(10)
})
