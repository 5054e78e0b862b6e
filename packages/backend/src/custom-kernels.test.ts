import type * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { customKernel } from './custom-kernels.ts'

const of = (shape: number[], dtype: tf.DataType = 'float32') => ({ dataId: {}, shape, dtype })
const none = () => {
  throw new Error('left to tfjs')
}

it('gives a kernel operands that belong together, and refuses others by name', () => {
  const ran: unknown[] = []
  const run = (call: { inputs: object }) => {
    ran.push(call.inputs)
    return []
  }
  const step = customKernel('MomentumStep', run)
  const [weight, gradient] = [of([2, 3]), of([3, 2])]
  const call = (inputs: Record<string, tf.TensorInfo>) => ({ inputs, attrs: {}, backend: {} })
  const right = { weight, velocity: weight, gradient: weight }
  step.run(call(right), none)
  expect(ran).toEqual([right])
  expect(() => step.run(call({ ...right, gradient }), none)).toThrow(
    'MomentumStep: shapes differ: weight [2,3], found [3,2]',
  )
  const whole = { ...right, gradient: of([2, 3], 'int32') }
  expect(() => step.run(call(whole), none)).toThrow('left to tfjs')
  const loss = customKernel('SoftmaxCrossEntropy', run)
  expect(() => loss.run(call({ logits: of([0, 3]), shares: of([0, 3]) }), none)).toThrow(
    'SoftmaxCrossEntropy: logits [0,3] and shares [0,3] must have one shape, [rows, classes] with at least one row',
  )
  const product = customKernel('QuantizedMatMul', run)
  const operands = { x: of([2, 5]), matrix: of([5, 3]) }
  product.run(call(operands), none)
  product.run(call({ ...operands, bias: of([3]) }), none)
  expect(() => product.run(call({ ...operands, bias: of([4]) }), none)).toThrow(
    'QuantizedMatMul: x [2,5], matrix [5,3] and bias [4] do not fit',
  )
  expect(ran).toHaveLength(3)
})
