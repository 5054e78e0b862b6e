// The nudge beside PyTorch's of the same network and picture (scripts/make-fast-gradient-sign.py), on TensorFlow.js's own
// backend and on ours.
import { readFileSync } from 'node:fs'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { relativeError } from '../testing/compare.ts'
import { explainedModel, type Packed, pictures, unpack } from '../testing/explanations.ts'
import { fastGradientSign } from './fast-gradient-sign.ts'
import { switchOff } from './switch-off.ts'

interface Nudge {
  target: number
  gradient: Packed
  nudged: Packed
  loss: number
  lossAfter: number
}

const file = new URL('../../fixtures/fast-gradient-sign.json', import.meta.url)
const fixture = JSON.parse(readFileSync(file, 'utf8')) as {
  epsilon: number[]
  limits: [number, number][]
  likeliest: Nudge
  other: Nudge
}
const { epsilon, limits } = fixture

/** Of the largest number of the answer: float32 against float64. */
const TOLERANCE = 1e-4

const backends: [string, () => Promise<unknown>][] = [
  ['tfjs cpu', () => tf.setBackend('cpu')],
  ['alexnet-cpu', () => useBackend([cpu({ name: 'nudge-cpu', threads: 1 })])],
]

describe.each(backends)('the fast gradient sign method on %s', (_, start) => {
  let model: tf.LayersModel
  let tensors = 0
  const picture = pictures()[0]!

  beforeAll(async () => {
    await start()
    model = explainedModel()
    tensors = tf.memory().numTensors
  })
  afterAll(() => {
    const left = tf.memory().numTensors
    model.dispose()
    expect(left).toBe(tensors)
  })

  const loss = async (input: Float32Array, target: number) => {
    const logits = [...(await switchOff(model, input, [])).whole]
    const most = Math.max(...logits)
    return (
      Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) +
      most -
      logits[target]!
    )
  }

  it.each([
    ['the likeliest class', 'likeliest', {}],
    ['a class', 'other', { target: fixture.other.target }],
  ] as const)('leads away from %s', async (_, name, options) => {
    const expected = fixture[name]
    const found = await fastGradientSign(model, picture, { ...options, epsilon, limits })
    expect(found.target).toBe(expected.target)
    expect([found.height, found.width, found.channels]).toEqual(expected.nudged.shape)
    const gradient = unpack(expected.gradient)
    expect(relativeError(found.gradient, gradient)).toBeLessThan(TOLERANCE)
    // The sign of a gradient that is 0 but for rounding is not PyTorch's.
    const least = TOLERANCE * gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const nudged = unpack(expected.nudged)
    let compared = 0
    for (const [index, value] of nudged.entries()) {
      if (Math.abs(gradient[index]!) <= least) continue
      compared++
      expect(Math.abs(found.data[index]! - value)).toBeLessThan(1e-6)
    }
    expect(compared).toBeGreaterThan(0.95 * nudged.filter((_, i) => gradient[i] !== 0).length)
    expect(await loss(picture, expected.target)).toBeCloseTo(expected.loss, 4)
    expect(await loss(found.data, expected.target)).toBeCloseTo(expected.lossAfter, 3)
    expect(expected.lossAfter).toBeGreaterThan(expected.loss)
  })

  it('takes one step for all colours, and none', async () => {
    const still = await fastGradientSign(model, picture, { epsilon: 0 })
    expect(still.data).toEqual(picture)
    const { data, gradient } = await fastGradientSign(model, picture, { epsilon: 0.25 })
    for (const [index, value] of data.entries()) {
      expect(value).toBe(Math.fround(picture[index]! + 0.25 * Math.sign(gradient[index]!)))
    }
  })

  it('refuses what is no step', async () => {
    const nudge = (options: Parameters<typeof fastGradientSign>[2]) =>
      fastGradientSign(model, picture, options)
    await expect(nudge({ epsilon: -1 })).rejects.toThrow(OptionError)
    await expect(nudge({ epsilon: Number.NaN })).rejects.toThrow('epsilon is 0 or more, not NaN')
    await expect(nudge({ epsilon: [1, 2] })).rejects.toThrow('each of the 3 colours, not 2')
    await expect(nudge({ epsilon: 1, limits: [[0, 1]] })).rejects.toThrow('3 and 1')
    await expect(nudge({ epsilon: 1, target: 9 })).rejects.toThrow('there is no class 9')
  })
})
