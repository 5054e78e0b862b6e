import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { warmUp, webgl } from './index.ts'
import { smallNetwork } from './testing/network.ts'

beforeAll(async () => {
  await useBackend([webgl({ software: true })])
})
afterAll(() => tf.removeBackend('alexnet-webgl'))

const programs = () =>
  Object.keys((tf.backend() as unknown as { binaryCache: object }).binaryCache).length

it('compiles all that inference and gradients need, tells how far it is, and leaves no tensor', async () => {
  const network = smallNetwork()
  const pictures = tf.randomUniform([2, 10, 10, 3])
  const told: number[] = []
  const before = tf.memory().numTensors
  const known = programs()
  const compiled = await warmUp(
    () => {
      network.logits(tf.zeros([2, 10, 10, 3]))
      tf.variableGrads(() => tf.sum(network.logits(tf.zeros([2, 10, 10, 3]))), network.weights)
    },
    { onProgress: ({ compiled, programs: all }) => told.push(compiled / all) },
  )
  expect(compiled).toBeGreaterThan(8)
  expect(programs()).toBe(known + compiled)
  expect(told).toHaveLength(compiled)
  expect(told.at(-1)).toBe(1)
  expect(tf.memory().numTensors).toBe(before)

  const ready = programs()
  const logits = network.logits(pictures)
  tf.dispose(tf.variableGrads(() => tf.sum(network.logits(pictures)), network.weights))
  // Reading may add the program that unpacks what is read.
  expect(programs()).toBe(ready)
  expect((await logits.data()).some((value) => value !== 0)).toBe(true)
  tf.dispose([logits, pictures])
  network.dispose()
})
