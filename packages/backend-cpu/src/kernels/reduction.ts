// Sum, Mean, Max and Min over axes that lie beside each other: leading ones (the gradient of a bias), trailing ones, a run
// in the middle, or all; ArgMax and ArgMin over one. Axes apart are tfjs's.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { columnSumParameters, extremeParameters, rowSumParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Rows that one task of a column sum takes; fixed, so that sums do not depend on threads. */
const PIECE_ROWS = 512
/** Columns that one task of a column sum takes. */
const TASK_COLUMNS = 4096
/** Elements that one task of a row sum takes, or one row. */
const ROW_TASK_ELEMENTS = 65536

/** result[batch, column] = the sum of x[batch, row, column], divided; all are addresses. */
export function sumColumns(
  backend: AlexNetCpuBackend,
  x: number,
  result: number,
  [batches, rows, columns]: [batches: number, rows: number, columns: number],
  divisor = 1,
): void {
  const { engine } = backend
  const pieces = Math.ceil(rows / PIECE_ROWS)
  const strips = Math.ceil(columns / TASK_COLUMNS)
  const partial =
    pieces > 1 ? engine.memory.allocate(batches * pieces * columns * 8, () => 'partial sums') : 0
  const values = {
    x,
    result,
    partial,
    rows,
    columns,
    pieceRows: PIECE_ROWS,
    pieces,
    taskColumns: TASK_COLUMNS,
    divisor,
  }
  try {
    engine.run('columnSum', columnSumParameters, values, batches * pieces * strips)
    if (partial) engine.run('columnTotal', columnSumParameters, values, batches * strips)
  } finally {
    if (partial) engine.memory.free(partial)
  }
}

function sumRows(
  backend: AlexNetCpuBackend,
  x: number,
  result: number,
  [rows, columns]: [rows: number, columns: number],
  divisor: number,
): void {
  const taskRows = Math.max(1, Math.floor(ROW_TASK_ELEMENTS / columns))
  const values = { x, result, rows, columns, taskRows, divisor }
  backend.engine.run('rowSum', rowSumParameters, values, Math.ceil(rows / taskRows))
}

interface Reduction {
  /** Of the result. */
  shape: number[]
  batches: number
  rows: number
  columns: number
}

/** How a float32 tensor is reduced, over rows of [batches, rows, columns]; undefined where axes lie apart. */
function reductionOf({ inputs, attrs }: KernelArguments, axisName: string): Reduction | undefined {
  const x = inputs.x!
  const size = tf.util.sizeFromShape(x.shape)
  if (x.dtype !== 'float32' || size === 0) return undefined
  const axes = tf.util.parseAxisParam(attrs[axisName] as number[], x.shape)
  const reduced = x.shape.map((length, axis) => length > 1 && axes.includes(axis))
  const [first, last] = [reduced.indexOf(true), reduced.lastIndexOf(true)]
  const apart = x.shape.some(
    (length, axis) => length > 1 && axis > first && axis < last && !reduced[axis],
  )
  if (apart) return undefined
  const shape = attrs.keepDims
    ? x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : x.shape.filter((_, axis) => !axes.includes(axis))
  const rows = first < 0 ? 1 : tf.util.sizeFromShape(x.shape.slice(first, last + 1))
  const columns = first < 0 ? 1 : tf.util.sizeFromShape(x.shape.slice(last + 1))
  return { shape, batches: size / rows / columns, rows, columns }
}

function reduce(call: KernelArguments, mean: boolean): tf.TensorInfo | undefined {
  const found = reductionOf(call, 'axis')
  if (!found) return undefined
  const { shape, batches, rows, columns } = found
  const { inputs, backend } = call
  const source = backend.address(inputs.x!)
  const { info, address } = backend.allocate(shape, mean ? 'mean' : 'sum')
  const divisor = mean ? rows : 1
  if (columns === 1) sumRows(backend, source, address, [batches, rows], divisor)
  else sumColumns(backend, source, address, [batches, rows, columns], divisor)
  return info
}

export const sum: Kernel = {
  name: 'Sum',
  run: (call, fallback) => reduce(call, false) ?? fallback(call),
}

export const mean: Kernel = {
  name: 'Mean',
  run: (call, fallback) => reduce(call, true) ?? fallback(call),
}

/** Numbers of a result that a task takes, or so many that their rows are as many elements. */
const EXTREME_TASK = 4096

/** Writes the extreme of each number of a result's rows, or which of the rows it is in, to an address. */
function findExtremes(
  { inputs, backend }: KernelArguments,
  result: number,
  { rows, columns, batches }: Reduction,
  { smallest, kernel }: { smallest: boolean; kernel: 'extreme' | 'extremePlace' },
): void {
  const count = batches * columns
  // In fours, as columns are taken.
  const taskCount = 4 * Math.max(1, Math.floor(EXTREME_TASK / rows))
  const x = backend.address(inputs.x!)
  const values = { x, result, rows, columns, smallest: smallest ? 1 : 0, count, taskCount }
  backend.engine.run(kernel, extremeParameters, values, Math.ceil(count / taskCount))
}

function extreme(name: string, smallest: boolean, axisName: string): Kernel {
  return {
    name,
    run(call, fallback) {
      const found = reductionOf(call, axisName)
      if (!found) return fallback(call)
      const { info, address } = call.backend.allocate(found.shape, name)
      findExtremes(call, address, found, { smallest, kernel: 'extreme' })
      return info
    },
  }
}

export const max = extreme('Max', false, 'reductionIndices')
export const min = extreme('Min', true, 'axis')

function extremePlace(name: string, smallest: boolean): Kernel {
  return {
    name,
    run(call, fallback) {
      const found = reductionOf(call, 'axis')
      if (!found) return fallback(call)
      const { backend } = call
      const { memory } = backend.engine
      const count = found.batches * found.columns
      const address = memory.allocate(count * 4, () => `${name}: its result [${found.shape}]`)
      try {
        findExtremes(call, address, found, { smallest, kernel: 'extremePlace' })
        // Whole numbers are JavaScript's, as of every kernel.
        const places = new Int32Array(memory.wasm.buffer, address, count).slice()
        return backend.makeTensorInfo(found.shape, 'int32', places)
      } finally {
        memory.free(address)
      }
    },
  }
}

export const argMax = extremePlace('ArgMax', false)
export const argMin = extremePlace('ArgMin', true)
