// Sum and Mean over leading axes (the gradient of a bias), trailing axes, or all. Axes in the middle are
// tfjs's.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import { columnSumParameters, rowSumParameters } from '../generated/layout.ts'
import { scale } from './elementwise.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

/** Rows whose sum one task of a column sum takes; fixed, so that sums do not depend on threads. */
const columnTaskRows = 512
const rowTaskElements = 65536

/** result[column] = the sum of x[row, column]. */
export function sumColumns(
  backend: AlexNetCpuBackend,
  x: number,
  result: number,
  rows: number,
  columns: number,
): void {
  const { engine } = backend
  const tasks = Math.ceil(rows / columnTaskRows)
  if (tasks === 1) {
    engine.run('columnSum', columnSumParameters, { x, result, rows, columns, taskRows: rows }, 1)
    return
  }
  const partial = engine.memory.allocate(tasks * columns * 4, () => 'partial sums')
  const first = { x, result: partial, rows, columns, taskRows: columnTaskRows }
  engine.run('columnSum', columnSumParameters, first, tasks)
  sumColumns(backend, partial, result, tasks, columns)
  engine.memory.free(partial)
}

function sumRows(
  backend: AlexNetCpuBackend,
  x: number,
  result: number,
  rows: number,
  columns: number,
): void {
  const taskRows = Math.max(1, Math.floor(rowTaskElements / columns))
  const values = { x, result, rows, columns, taskRows }
  backend.engine.run('rowSum', rowSumParameters, values, Math.ceil(rows / taskRows))
}

function reduce(
  { inputs, attrs, backend }: KernelArguments,
  mean: boolean,
): tf.TensorInfo | undefined {
  const x = inputs.x!
  const size = tf.util.sizeFromShape(x.shape)
  if (x.dtype !== 'float32' || size === 0) return undefined
  const axes = tf.util.parseAxisParam(attrs.axis as number[], x.shape)
  const reduced = x.shape.map((length, axis) => length > 1 && axes.includes(axis))
  const kept = x.shape.map((length, axis) => length > 1 && !axes.includes(axis))
  const firstKept = kept.indexOf(true)
  const lastKept = kept.lastIndexOf(true)
  const leading = firstKept < 0 || reduced.lastIndexOf(true) < firstKept
  const trailing = lastKept < 0 || reduced.indexOf(true) > lastKept || !reduced.includes(true)
  if (!leading && !trailing) return undefined
  const shape = attrs.keepDims
    ? x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : x.shape.filter((_, axis) => !axes.includes(axis))
  const keptSize = tf.util.sizeFromShape(shape)
  const source = backend.address(x)
  const { info, address } = backend.allocate(shape, mean ? 'mean' : 'sum')
  if (trailing) sumRows(backend, source, address, keptSize, size / keptSize)
  else sumColumns(backend, source, address, size / keptSize, keptSize)
  if (mean) scale(backend, address, keptSize, keptSize / size)
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
