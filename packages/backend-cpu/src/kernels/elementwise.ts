// Elementwise kernels: arithmetic of two float32 tensors of one shape, or with one number, or with a row
// that repeats along the leading axes (a bias), and simple functions of one. Other ways of broadcasting,
// other types, and powers of which the exponent is no multiple of ¼ are tfjs's.

import { customKernel } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import {
  ABSOLUTE,
  ADD,
  binaryParameters,
  DIVIDE,
  MAXIMUM,
  MINIMUM,
  MOST_POWER,
  MULTIPLY,
  NEGATE,
  POWER_OF,
  RELU_OF,
  RELU6_OF,
  SIGMOID_OF,
  SQUARE,
  SQUARE_ROOT,
  SQUARED_DIFFERENCE,
  STEP_OF,
  SUBTRACT,
  TANH_OF,
  unaryParameters,
  WHERE_POSITIVE,
} from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

/** Elements of a task: 128 KB of each operand. */
const TASK_ELEMENTS = 32768
/** Length of the pieces that a tensor without rows is cut into. */
const PIECE_ELEMENTS = 4096

interface Layout {
  rows: number
  columns: number
  aStride: number
  bStride: number
  aScalar: number
  bScalar: number
}

/** How two shapes run beside each other, or undefined if not in a way that the kernel knows. */
function plan(aShape: number[], bShape: number[], outShape: number[]): Layout | undefined {
  const size = tf.util.sizeFromShape(outShape)
  const aSize = tf.util.sizeFromShape(aShape)
  const bSize = tf.util.sizeFromShape(bShape)
  const rows = Math.ceil(size / PIECE_ELEMENTS)
  const flat = { rows, columns: PIECE_ELEMENTS, aStride: PIECE_ELEMENTS, bStride: PIECE_ELEMENTS }
  if (aSize === size && bSize === size) return { ...flat, aScalar: 0, bScalar: 0 }
  if (aSize === size && bSize === 1) return { ...flat, bStride: 0, aScalar: 0, bScalar: 1 }
  if (bSize === size && aSize === 1) return { ...flat, aStride: 0, aScalar: 1, bScalar: 0 }
  if (aSize === size && repeats(bShape, outShape)) {
    return {
      rows: size / bSize,
      columns: bSize,
      aStride: bSize,
      bStride: 0,
      aScalar: 0,
      bScalar: 0,
    }
  }
  if (bSize === size && repeats(aShape, outShape)) {
    return {
      rows: size / aSize,
      columns: aSize,
      aStride: 0,
      bStride: aSize,
      aScalar: 0,
      bScalar: 0,
    }
  }
  return undefined
}

/** Whether a shape, without its leading ones, is the end of another. */
function repeats(shape: number[], whole: number[]): boolean {
  const first = shape.findIndex((length) => length !== 1)
  const rest = first < 0 ? [] : shape.slice(first)
  return rest.length > 0 && tf.util.arraysEqual(rest, whole.slice(whole.length - rest.length))
}

function runBinary(
  backend: AlexNetCpuBackend,
  operation: number,
  layout: Layout,
  count: number,
  [a, b, result]: [number, number, number],
): void {
  const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / layout.columns))
  const values = { a, b, result, operation, ...layout, count, taskRows }
  backend.engine.run('binary', binaryParameters, values, Math.ceil(layout.rows / taskRows))
}

function binaryKernel(name: string, operation: number): Kernel {
  return {
    name,
    run(call, fallback) {
      const { backend } = call
      const a = call.inputs.a!
      const b = call.inputs.b!
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return fallback(call)
      const outShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape)
      const layout = plan(a.shape, b.shape, outShape)
      const count = tf.util.sizeFromShape(outShape)
      if (!layout || count === 0) return fallback(call)
      const operands = [backend.address(a), backend.address(b)] as const
      const { info, address } = backend.allocate(outShape, name)
      runBinary(backend, operation, layout, count, [...operands, address])
      return info
    },
  }
}

function mapElements(
  backend: AlexNetCpuBackend,
  name: string,
  operation: number,
  x: tf.TensorInfo,
  alpha = 0,
): tf.TensorInfo {
  const count = tf.util.sizeFromShape(x.shape)
  const source = backend.address(x)
  const { info, address } = backend.allocate(x.shape, name)
  const values = { x: source, result: address, operation, count, taskCount: TASK_ELEMENTS, alpha }
  backend.engine.run('unary', unaryParameters, values, Math.ceil(count / TASK_ELEMENTS))
  return info
}

function unaryKernel(name: string, operation: number): Kernel {
  return {
    name,
    run(call, fallback) {
      const x = call.inputs.x!
      if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return fallback(call)
      const alpha = call.attrs?.alpha as number | undefined
      return mapElements(call.backend, name, operation, x, alpha)
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
    return known ? mapElements(backend, 'pow', POWER_OF, a, exponent) : fallback(call)
  },
}

/**
 * ReluGradient, which tfjs does not have: dy where ReLU's output y is above 0, in one pass where tfjs takes
 * two and a tensor of ones and zeros.
 */
const reluGradient = customKernel<'ReluGradient', AlexNetCpuBackend>(
  'ReluGradient',
  ({ inputs: { y, dy }, backend }) => {
    const operands = [backend.address(y), backend.address(dy)] as const
    const { info, address } = backend.allocate(y.shape, 'relu gradient')
    const count = tf.util.sizeFromShape(y.shape)
    if (count === 0) return info
    const layout = plan(y.shape, dy.shape, y.shape)!
    runBinary(backend, WHERE_POSITIVE, layout, count, [...operands, address])
    return info
  },
)

export const elementwiseKernels: Kernel[] = [
  binaryKernel('Add', ADD),
  binaryKernel('Maximum', MAXIMUM),
  binaryKernel('Minimum', MINIMUM),
  binaryKernel('Multiply', MULTIPLY),
  binaryKernel('RealDiv', DIVIDE),
  binaryKernel('SquaredDifference', SQUARED_DIFFERENCE),
  binaryKernel('Sub', SUBTRACT),
  pow,
  reluGradient,
  unaryKernel('Abs', ABSOLUTE),
  unaryKernel('Neg', NEGATE),
  unaryKernel('Relu', RELU_OF),
  unaryKernel('Relu6', RELU6_OF),
  unaryKernel('Sigmoid', SIGMOID_OF),
  unaryKernel('Sqrt', SQUARE_ROOT),
  unaryKernel('Square', SQUARE),
  unaryKernel('Step', STEP_OF),
  unaryKernel('Tanh', TANH_OF),
]
