import * as tf from '@tensorflow/tfjs'
import { afterEach, describe, expect, it } from 'vitest'
import { ContextLostError, webgl } from './index.ts'
import { loseContext, smallNetwork } from './testing/network.ts'

/** Without the self-check, whose shaders would be compiled anew for each context. */
async function start() {
  const adapter = webgl({ software: true })
  const started = await adapter.start()
  await tf.setBackend(adapter.name)
  return started
}

afterEach(() => {
  if (tf.findBackendFactory('alexnet-webgl')) tf.removeBackend('alexnet-webgl')
})

describe('a lost context', () => {
  it('is told once, and ends every door with its name', async () => {
    const active = await start()
    const tensor = tf.randomUniform([50, 50]).square()
    loseContext()
    expect(await active.lost).toBeInstanceOf(ContextLostError)
    const named = { name: 'ContextLostError' }
    expect(() => tensor.dataSync()).toThrow(expect.objectContaining(named))
    await expect(tensor.data()).rejects.toMatchObject(named)
    expect(() => tf.add(tensor, 1)).toThrow(expect.objectContaining(named))
    expect(() => tf.tensor1d([1])).toThrow(expect.objectContaining(named))
    await tf.setBackend('cpu')
    // Nothing of it comes over to another backend either.
    expect(() => tf.add(tensor, 1)).toThrow(expect.objectContaining(named))
  })

  it('ends a read that waits for the device', async () => {
    await start()
    const slow = tf.matMul(tf.ones([900, 900]), tf.ones([900, 900]))
    const read = slow.data()
    loseContext()
    await expect(read).rejects.toMatchObject({ name: 'ContextLostError' })
  })

  it('ends training in whatever part of a step it comes, 6 times', async () => {
    for (let round = 0; round < 6; round++) {
      // Where the one before was lost, under its name.
      const active = await start()
      const network = smallNetwork(round)
      const losses: number[] = []
      const steps = (async () => {
        for (;;) {
          // At once, between the losing and the reading, or while the device works.
          if (losses.length === 2 && round % 3 === 0) loseContext()
          const step = network.step()
          if (losses.length === 2 && round % 3 === 1) loseContext()
          if (losses.length === 2 && round % 3 === 2) setTimeout(loseContext, round % 4)
          losses.push(await step)
          if (losses.length > 500) break
        }
      })()
      await expect(steps).rejects.toMatchObject({ name: 'ContextLostError' })
      expect((await active.lost)?.name).toBe('ContextLostError')
      expect(losses.length).toBeLessThan(500)
      // Each loss is a loss, none of the zeros that a lost context gives.
      for (const loss of losses) expect(loss).toBeGreaterThan(0)
      if (round % 3 < 2) expect(losses).toHaveLength(2)
      network.dispose()
    }
  })

  it('is what tfjs itself does not notice', async () => {
    await tf.setBackend('webgl')
    const tensor = tf.randomUniform([50, 50], 1, 2).square()
    loseContext()
    const values = tf.add(tensor, 1).dataSync()
    // Sums of numbers above 1 and one.
    expect(Math.max(...values)).toBe(0)
    tf.removeBackend('webgl')
  })
})
