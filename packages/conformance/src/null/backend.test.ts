// The backend that computes nothing: what it counts, holds and refuses, and its shapes beside those of tfjs cpu.

import { NoBackendError, useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { runProgram } from '../programs/run.ts'
import { type NullBackend, nullBackend } from './backend.ts'

beforeEach(async () => {
  await nullBackend().start()
  await tf.setBackend('null')
})
afterAll(() => tf.removeBackend('null'))

const backend = () => tf.backend() as unknown as NullBackend

it('counts kernels and the bytes of what they make, and has no numbers', () => {
  backend().take()
  const x = tf.ones([2, 3])
  const product = tf.tidy(() => tf.matMul(tf.reshape(x, [3, 2]), x))
  expect(product.shape).toEqual([3, 3])
  expect(backend().take()).toEqual({
    Reshape: { runs: 1, bytes: 0 },
    BatchMatMul: { runs: 1, bytes: 36 },
  })
  expect(backend().take()).toEqual({})
  // A reshaped tensor's storage is its operand's.
  expect(backend().memory().numBytesInUse).toBe(24 + 36)
  expect([...product.dataSync()]).toEqual(new Array(9).fill(0))
  tf.dispose([x, product])
  expect(backend().memory()).toMatchObject({ numBytesInUse: 0, numBytesReserved: 24 + 36 })
})

it('takes tensors of other backends, and refuses kernels and operands by name', async () => {
  await tf.setBackend('cpu')
  const x = tf.tensor1d([1, 2, 3])
  await tf.setBackend('null')
  expect(tf.add(x, x).shape).toEqual([3])
  expect(() => tf.erf(x)).toThrow("Kernel 'Erf' not registered for backend 'null'")
  const operands = { y: x, dy: tf.ones([2]) }
  expect(() => tf.engine().runKernel('ReluGradient', operands)).toThrow(
    'ReluGradient: shapes differ: y [3], dy [2]',
  )
})

it('is passed over by useBackend, which checks numbers', async () => {
  const error: NoBackendError = await useBackend([nullBackend()]).catch((reason) => reason)
  expect(error).toBeInstanceOf(NoBackendError)
  expect(error.skipped[0]!.reason).toMatch(/^failed the self-check/)
})

it('has the shapes, and holds the tensors, bytes and storages, that tfjs cpu has', async () => {
  const outcomesOn = async (name: string) => {
    await tf.setBackend(name)
    const outcomes = []
    for (let seed = 1; seed <= 400; seed++) outcomes.push(await runProgram(seed))
    return outcomes
  }
  const found = await outcomesOn('null')
  const expected = await outcomesOn('cpu')
  const known = found.flatMap((own, i) =>
    own.error?.includes("not registered for backend 'null'") ? [] : [[own, expected[i]!] as const],
  )
  expect(known.length).toBeGreaterThan(330)
  for (const [own, other] of known) {
    const told = ({ program, values, held, left, error }: typeof own) => ({
      program,
      shapes: values.map(({ what, shape }) => [what, shape]),
      held,
      left,
      failed: error !== undefined,
    })
    expect(told(own)).toEqual(told(other))
  }
})
