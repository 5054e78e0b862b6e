// Elementwise kernels: arithmetic of two float32 tensors, whose shapes may broadcast, and simple functions of one.
// Other types, broadcasts along axes so many and so short that a job is a few numbers, and powers of which the
// exponent is no multiple of ¼ are tfjs's.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import {
  ABSOLUTE,
  ADD,
  binaryParameters,
  CLIP,
  DIVIDE,
  EXPONENTIAL,
  INVERSE_ROOT,
  LEAKY_RELU_OF,
  MAXIMUM,
  MINIMUM,
  MOST_POWER,
  MULTIPLY,
  NEGATE,
  POWER_OF,
  RELU_OF,
  RELU6_OF,
  SIGMOID_OF,
  SLOPED,
  SQUARE,
  SQUARE_ROOT,
  SQUARED_DIFFERENCE,
  STEP_OF,
  SUBTRACT,
  TANH_OF,
  unaryParameters,
  WHERE_POSITIVE,
} from '../generated/layout.ts'
import { broadcastShape, planBroadcast } from './broadcast.ts'
import type { Kernel } from './kernel.ts'

/** Elements of a task: 128 KB of each operand. */
const TASK_ELEMENTS = 32768

/** Runs a kernel of two operands over the jobs that their shapes make, at the addresses of both and of the result. */
export function runBroadcast(
  backend: AlexNetCpuBackend,
  kernel: 'binary' | 'compare',
  operation: number,
  { layout, jobs }: NonNullable<ReturnType<typeof planBroadcast>>,
  [a, b, result]: readonly [number, number, number],
): void {
  const bytes = kernel === 'compare' ? 1 : 4
  const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / layout.columns))
  const tasks = Math.ceil(layout.rows / taskRows)
  for (const [n, job] of jobs.entries()) {
    const values = {
      a: a + job.a * 4,
      b: b + job.b * 4,
      result: result + n * layout.count * bytes,
      operation,
      ...layout,
      taskRows,
    }
    backend.engine.run(kernel, binaryParameters, values, tasks)
  }
}

/** @param names of the operands among the inputs */
function binaryKernel(name: string, operation: number, names = ['a', 'b']): Kernel {
  return {
    name,
    run(call, fallback) {
      const { backend } = call
      const [a, b] = names.map((operand) => call.inputs[operand]!) as [tf.TensorInfo, tf.TensorInfo]
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return fallback(call)
      const outShape = broadcastShape(a, b)
      if (tf.util.sizeFromShape(outShape) === 0) return fallback(call)
      const plan = planBroadcast(a.shape, b.shape, outShape)
      if (!plan) return fallback(call)
      const operands = [backend.address(a), backend.address(b)] as const
      const { info, address } = backend.allocate(outShape, name)
      runBroadcast(backend, 'binary', operation, plan, [...operands, address])
      return info
    },
  }
}

function mapElements(
  backend: AlexNetCpuBackend,
  name: string,
  operation: number,
  x: tf.TensorInfo,
  { alpha = 0, beta = 0 }: { alpha?: number; beta?: number } = {},
): tf.TensorInfo {
  const count = tf.util.sizeFromShape(x.shape)
  const source = backend.address(x)
  const { info, address } = backend.allocate(x.shape, name)
  const numbers = { alpha, beta }
  const values = { x: source, result: address, operation, count, taskCount: TASK_ELEMENTS }
  backend.engine.run(
    'unary',
    unaryParameters,
    { ...values, ...numbers },
    Math.ceil(count / TASK_ELEMENTS),
  )
  return info
}

/** @param numbers names of the attributes that are the operation's numbers */
function unaryKernel(
  name: string,
  operation: number,
  [alpha, beta]: [alpha?: string, beta?: string] = ['alpha'],
): Kernel {
  return {
    name,
    run(call, fallback) {
      const x = call.inputs.x!
      if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return fallback(call)
      const number = (attribute: string | undefined) =>
        attribute === undefined ? undefined : (call.attrs?.[attribute] as number | undefined)
      const numbers = { alpha: number(alpha), beta: number(beta) }
      return mapElements(call.backend, name, operation, x, numbers)
    },
  }
}

/** Powers of float32 whose exponent is one number, a multiple of ¼ of at most MOST_POWER: LRN's. */
const pow: Kernel = {
  name: 'Pow',
  run(call, fallback) {
    const { backend } = call
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const one = tf.util.sizeFromShape(b.shape) === 1 && b.shape.length <= a.shape.length
    const floats = a.dtype === 'float32' && b.dtype === 'float32'
    if (!one || !floats || tf.util.sizeFromShape(a.shape) === 0) return fallback(call)
    const exponent = backend.engine.memory.floats(backend.address(b), 1)[0]!
    const known = Number.isInteger(4 * exponent) && Math.abs(exponent) <= MOST_POWER
    return known ? mapElements(backend, 'pow', POWER_OF, a, { alpha: exponent }) : fallback(call)
  },
}

const plainRelu = unaryKernel('Relu', RELU_OF)
/** What ReLU has made, by its data: the gradient of a maximum of it waits for ReLU's. */
const rectified = new WeakSet<object>()

export function isRectified(info: tf.TensorInfo): boolean {
  return rectified.has(info.dataId)
}

/** ReLU, together with what it is of where that waits for it. */
const relu: Kernel = {
  name: 'Relu',
  run(call, fallback) {
    const { backend } = call
    const x = call.inputs.x!
    const together = backend.notYet(x)?.rectified
    const result = together ? backend.allocate(x.shape, 'Relu') : undefined
    if (result) together!(result.address)
    const info = result?.info ?? (plainRelu.run(call, fallback) as tf.TensorInfo)
    rectified.add(info.dataId)
    return info
  },
}

/**
 * ReluGradient, which tfjs does not have: dy where ReLU's output y is above 0, in one pass where tfjs takes
 * two and a tensor of ones and zeros.
 */
const reluGradient = customKernel<'ReluGradient', AlexNetCpuBackend>(
  'ReluGradient',
  ({ inputs: { y, dy }, backend }) => {
    const through = backend.notYet(dy)?.through
    if (through?.relu.dataId === y.dataId) {
      const { info, address } = backend.allocate(y.shape, 'relu gradient')
      through.compute(address)
      return info
    }
    const operands = [backend.address(y), backend.address(dy)] as const
    const { info, address } = backend.allocate(y.shape, 'relu gradient')
    const count = tf.util.sizeFromShape(y.shape)
    if (count === 0) return info
    const plan = planBroadcast(y.shape, dy.shape, y.shape)!
    runBroadcast(backend, 'binary', WHERE_POSITIVE, plan, [...operands, address])
    return info
  },
)

/** The sum of tensors of one shape, added one after the other as tfjs does. */
const addN: Kernel = {
  name: 'AddN',
  run(call, fallback) {
    const { backend } = call
    const [first, second, ...rest] = Object.values(call.inputs)
    const all = [first, second, ...rest]
    const floats = all.every(
      (one) => one?.dtype === 'float32' && tf.util.arraysEqual(one.shape, first!.shape),
    )
    if (!floats || tf.util.sizeFromShape(first!.shape) === 0) return fallback(call)
    const plan = planBroadcast(first!.shape, first!.shape, first!.shape)!
    const { info, address } = backend.allocate(first!.shape, 'addN')
    let sum = backend.address(first!)
    for (const one of [second!, ...rest]) {
      runBroadcast(backend, 'binary', ADD, plan, [sum, backend.address(one), address])
      sum = address
    }
    return info
  },
}

export const elementwiseKernels: Kernel[] = [
  addN,
  binaryKernel('Add', ADD),
  binaryKernel('Maximum', MAXIMUM),
  binaryKernel('Minimum', MINIMUM),
  binaryKernel('Multiply', MULTIPLY),
  binaryKernel('Prelu', SLOPED, ['x', 'alpha']),
  binaryKernel('RealDiv', DIVIDE),
  binaryKernel('SquaredDifference', SQUARED_DIFFERENCE),
  binaryKernel('Sub', SUBTRACT),
  pow,
  reluGradient,
  unaryKernel('Abs', ABSOLUTE),
  unaryKernel('ClipByValue', CLIP, ['clipValueMin', 'clipValueMax']),
  unaryKernel('Exp', EXPONENTIAL),
  unaryKernel('LeakyRelu', LEAKY_RELU_OF),
  unaryKernel('Neg', NEGATE),
  relu,
  unaryKernel('Relu6', RELU6_OF),
  unaryKernel('Rsqrt', INVERSE_ROOT),
  unaryKernel('Sigmoid', SIGMOID_OF),
  unaryKernel('Sqrt', SQUARE_ROOT),
  unaryKernel('Square', SQUARE),
  unaryKernel('Step', STEP_OF),
  unaryKernel('Tanh', TANH_OF),
]
