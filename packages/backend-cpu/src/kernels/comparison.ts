// Comparisons of float32 tensors, and what is done with their results, which are booleans of a byte each: logic,
// choosing between two tensors, casting to float32. The gradients of clipped functions (ReLU6, leaky ReLU, PReLU, clip)
// are made of these. Other types, and conditions whose shape is not that of what is chosen, are tfjs's.

import * as tf from '@tensorflow/tfjs'
import {
  AND,
  booleanParameters,
  EQUAL,
  GREATER,
  GREATER_EQUAL,
  NOT_EQUAL,
  OR,
} from '../generated/layout.ts'
import { broadcastShape, planBroadcast } from './broadcast.ts'
import { runBroadcast } from './elementwise.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Elements of a task, a multiple of 16. */
const TASK_ELEMENTS = 65536

/** @param turned whether a relation is that of b to a */
function comparison(name: string, operation: number, turned = false): Kernel {
  return {
    name,
    run(call, fallback) {
      const { backend } = call
      const a = call.inputs[turned ? 'b' : 'a']!
      const b = call.inputs[turned ? 'a' : 'b']!
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return fallback(call)
      const shape = broadcastShape(a, b)
      const plan = planBroadcast(a.shape, b.shape, shape)
      if (!plan || tf.util.sizeFromShape(shape) === 0) return fallback(call)
      const operands = [backend.address(a), backend.address(b)] as const
      const { info, address } = backend.allocate(shape, name, 'bool')
      runBroadcast(backend, 'compare', operation, plan, [...operands, address])
      return info
    },
  }
}

type Operands = { a: number; b?: number; c?: number; result: number; operation?: number }

function runBooleans(
  { backend }: KernelArguments,
  kernel: 'asFloats' | 'choose' | 'logic',
  { b = 0, c = 0, operation = 0, ...rest }: Operands,
  count: number,
): void {
  const values = { b, c, operation, ...rest, count, taskCount: TASK_ELEMENTS }
  backend.engine.run(kernel, booleanParameters, values, Math.ceil(count / TASK_ELEMENTS))
}

function logical(name: string, operation: number): Kernel {
  return {
    name,
    run(call, fallback) {
      const { backend } = call
      const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
      const booleans = a.dtype === 'bool' && b.dtype === 'bool'
      const count = tf.util.sizeFromShape(a.shape)
      if (!booleans || !tf.util.arraysEqual(a.shape, b.shape) || count === 0) return fallback(call)
      const operands = { a: backend.bytes(a), b: backend.bytes(b) }
      if (operands.a === undefined || operands.b === undefined) return fallback(call)
      const { info, address } = backend.allocate(a.shape, name, 'bool')
      runBooleans(
        call,
        'logic',
        { a: operands.a, b: operands.b, result: address, operation },
        count,
      )
      return info
    },
  }
}

const select: Kernel = {
  name: 'Select',
  run(call, fallback) {
    const { backend } = call
    const { condition, t, e } = call.inputs as Record<'condition' | 't' | 'e', tf.TensorInfo>
    const sameShape = [t, e].every(({ shape }) => tf.util.arraysEqual(shape, condition.shape))
    const covered = condition.dtype === 'bool' && t.dtype === 'float32' && e.dtype === 'float32'
    const count = tf.util.sizeFromShape(condition.shape)
    if (!covered || !sameShape || count === 0) return fallback(call)
    // Floats first: one of them may be the condition, cast, which then lies there as floats.
    const [b, c] = [backend.address(t), backend.address(e)]
    const a = backend.bytes(condition)
    if (a === undefined) return fallback(call)
    const { info, address } = backend.allocate(condition.shape, 'select')
    runBooleans(call, 'choose', { a, b, c, result: address }, count)
    return info
  },
}

const cast: Kernel = {
  name: 'Cast',
  run(call, fallback) {
    const { backend } = call
    const x = call.inputs.x!
    const count = tf.util.sizeFromShape(x.shape)
    if (x.dtype !== 'bool' || call.attrs.dtype !== 'float32' || count === 0) return fallback(call)
    const a = backend.bytes(x)
    if (a === undefined) return fallback(call)
    const { info, address } = backend.allocate(x.shape, 'cast')
    runBooleans(call, 'asFloats', { a, result: address }, count)
    return info
  },
}

export const comparisonKernels: Kernel[] = [
  cast,
  comparison('Equal', EQUAL),
  comparison('Greater', GREATER),
  comparison('GreaterEqual', GREATER_EQUAL),
  comparison('Less', GREATER, true),
  comparison('LessEqual', GREATER_EQUAL, true),
  comparison('NotEqual', NOT_EQUAL),
  logical('LogicalAnd', AND),
  logical('LogicalOr', OR),
  select,
]
