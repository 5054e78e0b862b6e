// Joined vectors: on for the tested engines alone, in the code of one backend alone, and rightly told of.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { cpu } from './index.ts'
import { randoms, values } from './testing/start.ts'
import { widens } from './widening.ts'

/** Asks with another engine's name in place of this one's. */
function elsewhere<T>(v8: string, arch: string, ask: () => T): T {
  const { versions, arch: own } = process
  Object.defineProperty(process, 'versions', { value: { ...versions, v8 }, configurable: true })
  Object.defineProperty(process, 'arch', { value: arch, configurable: true })
  try {
    return ask()
  } finally {
    Object.defineProperty(process, 'versions', { value: versions, configurable: true })
    Object.defineProperty(process, 'arch', { value: own, configurable: true })
  }
}

describe('widens', () => {
  const ask = () => [widens(), widens(false), widens('tested'), widens(true)]

  it('where it is asked for, and of itself on tested versions alone', () => {
    expect(elsewhere('12.4.254.21-node.57', 'x64', ask)).toEqual([false, false, true, true])
    expect(elsewhere('14.6.202.34-node.34', 'x64', ask)).toEqual([false, false, true, true])
    expect(elsewhere('12.9.202.28-node.12', 'x64', ask)).toEqual([false, false, false, true])
    expect(elsewhere('12.40.1', 'x64', ask)).toEqual([false, false, false, true])
  })

  it('nowhere else, asked for or not', () => {
    expect(elsewhere('11.3.244.8-node.38', 'x64', ask)).toEqual([false, false, false, false])
    expect(elsewhere('13.6.233.17-node.53', 'arm64', ask)).toEqual([false, false, false, false])
  })
})

describe.runIf(process.arch === 'x64')('cpu({ widen })', () => {
  const product = () =>
    values(() =>
      tf.matMul(tf.tensor2d(randoms(900, 1), [30, 30]), tf.tensor2d(randoms(900, 2), [30, 30])),
    )

  it('says so, and computes what the plain build computes', async () => {
    const plain = await useBackend([cpu({ name: 'plain' })])
    expect(plain.features).not.toContain('widened')
    const expected = product()
    const { build, features } = await useBackend([cpu({ name: 'wide', widen: true })])
    expect({ build, features }).toMatchObject({
      build: 'relaxed-simd-wide',
      features: expect.arrayContaining(['widened']),
    })
    const wide = product()
    expect(Math.max(...wide.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5)
    tf.removeBackend('wide')
    tf.removeBackend('plain')
  })
})
