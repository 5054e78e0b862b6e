// Sums and means over leading axes (a bias's gradient), which tfjs transposes a whole tensor for, over trailing
// ones or all (the length of a gradient), which tfjs gives to one workgroup a result, and sums over the pieces
// that a deep matrix product is cut into. Axes in the middle are tfjs's.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { type Program, run, spread } from '../program.ts'
import type { Kernel } from './kernel.ts'
import type { Activation } from './product-operands.ts'
import { together } from './workgroup.wgsl.ts'

const columnFields = { rows: 'u32', columns: 'u32', pieceRows: 'u32', divisor: 'f32' } as const
/** Columns and lines of a workgroup. */
const ACROSS = 32
const LINES = 8

/** Sums each column of pieces of `pieceRows` rows. */
const columnSums: Program<typeof columnFields> = {
  name: 'sums of columns',
  fields: columnFields,
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
var<workgroup> partial: array<f32, ${ACROSS * LINES}>;
@compute @workgroup_size(${ACROSS}, ${LINES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let column = group.x * ${ACROSS}u + thread.x;
  let begin = group.y * p.pieceRows;
  let end = min(p.rows, begin + p.pieceRows);
  var sum = 0.0;
  if (column < p.columns) {
    for (var row = begin + thread.y; row < end; row += ${LINES}u) { sum += x[row * p.columns + column]; }
  }
  partial[thread.y * ${ACROSS}u + thread.x] = sum;
  workgroupBarrier();
  if (thread.y != 0u || column >= p.columns) { return; }
  for (var line = 1u; line < ${LINES}u; line++) { sum += partial[line * ${ACROSS}u + thread.x]; }
  sums[group.y * p.columns + column] = sum / p.divisor;
}`,
}

const rowFields = {
  columns: 'u32',
  pieceColumns: 'u32',
  pieces: 'u32',
  count: 'u32',
  divisor: 'f32',
} as const

/** Threads that sum a piece of a row. */
const THREADS = 64

/** Sums each row of pieces of `pieceColumns` columns, a workgroup a piece. */
const rowSums = (vectors: boolean, subgroups: boolean): Program<typeof rowFields> => ({
  name: `sums of rows${vectors ? ' by four' : ''}`,
  fields: rowFields,
  subgroups,
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<${vectors ? 'vec4<f32>' : 'f32'}>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
${together({ name: 'sumOf', kind: 'sum', type: 'f32', threads: THREADS, subgroups })}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let number = group.y * groups.x + group.x;
  if (number >= p.count) { return; }
  let row = number / p.pieces * p.columns;
  let first = number % p.pieces * p.pieceColumns;
  let end = row + min(p.columns, first + p.pieceColumns);
  var own = ${vectors ? 'vec4<f32>()' : '0.0'};
  for (var i = row + first + thread; i < end; i += ${THREADS}u) { own += x[i]; }
  let sum = sumOf(${vectors ? 'dot(own, vec4<f32>(1.0))' : 'own'}, thread);
  if (thread == 0u) { sums[number] = sum / p.divisor; }
}`,
})

const shortFields = { rows: 'u32', columns: 'u32', divisor: 'f32' } as const

/** Sums rows of few columns, a thread a row. */
const shortRowSums: Program<typeof shortFields> = {
  name: 'sums of short rows',
  fields: shortFields,
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * ${THREADS}u + thread;
  if (row >= p.rows) { return; }
  var sum = 0.0;
  for (var i = 0u; i < p.columns; i++) { sum += x[row * p.columns + i]; }
  sums[row] = sum / p.divisor;
}`,
}

const splitFields = { splits: 'u32', size: 'u32', columns: 'u32', resultOffset: 'u32' } as const

/** By comparisons: a NaN stays one, where max and clamp may make a number of it. */
const bounds = {
  linear: '',
  relu: 'sum = select(sum, 0.0, sum < 0.0);',
  relu6: 'sum = select(select(sum, 6.0, sum > 6.0), 0.0, sum < 0.0);',
}

const splitSums = (start: boolean, activation: Activation): Program<typeof splitFields> => ({
  name: `sums of splits ${start ? 'start ' : ''}${activation}`,
  fields: splitFields,
  code: () => `
@group(0) @binding(0) var<storage, read> splits: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
${start ? '@group(0) @binding(2) var<storage, read> start: array<f32>;' : ''}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= p.size) { return; }
  var sum = ${start ? 'start[i % p.columns]' : '0.0'};
  for (var split = 0u; split < p.splits; split++) { sum += splits[split * p.size + i]; }
  ${bounds[activation]}
  result[p.resultOffset + i] = sum;
}`,
})

/** result[rows, columns] = activation(start + Σ parts[split, rows, columns]). */
export function sumOfSplits(
  backend: AlexNetWebGPUBackend,
  parts: tf.TensorInfo,
  result: tf.TensorInfo,
  options: { start?: tf.TensorInfo; activation: Activation; resultOffset?: number },
): void {
  const { start, activation, resultOffset = 0 } = options
  const [splits, rows, columns] = parts.shape as [number, number, number]
  const size = rows * columns
  const program = splitSums(start !== undefined, activation)
  run(backend, program, {
    buffers: [parts, result, ...(start ? [start] : [])],
    parameters: { splits, size, columns, resultOffset },
    workgroups: [...spread(Math.ceil(size / 64)), 1],
  })
}

/** Rows that one workgroup sums. */
const PIECE_ROWS = 512

/**
 * Sums [rows, columns] over its rows, pieces of them until one is left, into a tensor of a shape.
 * @param divisor of the sums. Default 1
 */
export function sumOfColumns(
  backend: AlexNetWebGPUBackend,
  x: tf.TensorInfo,
  [rows, columns]: [number, number],
  shape: number[],
  divisor = 1,
): tf.TensorInfo {
  return untilOne(backend, x, rows, PIECE_ROWS, (from, count, pieces) => {
    const into = backend.makeTensorInfo(pieces === 1 ? shape : [pieces, columns], 'float32')
    run(backend, columnSums, {
      buffers: [from, into],
      parameters: {
        rows: count,
        columns,
        pieceRows: PIECE_ROWS,
        divisor: pieces === 1 ? divisor : 1,
      },
      workgroups: [Math.ceil(columns / ACROSS), pieces, 1],
    })
    return into
  })
}

/** Columns up to which a row is too short for a workgroup. */
const SHORT_ROW = 32
/** Columns of a row that one workgroup sums. */
const PIECE_COLUMNS = 2 ** 14

/** Sums [rows, columns] over its columns, as `sumOfColumns` does over its rows. */
function sumOfRows(
  backend: AlexNetWebGPUBackend,
  x: tf.TensorInfo,
  [rows, columns]: [number, number],
  shape: number[],
  divisor = 1,
): tf.TensorInfo {
  if (columns <= SHORT_ROW) {
    const into = backend.makeTensorInfo(shape, 'float32')
    run(backend, shortRowSums, {
      buffers: [x, into],
      parameters: { rows, columns, divisor },
      workgroups: [...spread(Math.ceil(rows / THREADS)), 1],
    })
    return into
  }
  return untilOne(backend, x, columns, PIECE_COLUMNS, (from, count, pieces) => {
    const into = backend.makeTensorInfo(pieces === 1 ? shape : [rows, pieces], 'float32')
    const vectors = count % 4 === 0
    const width = vectors ? 4 : 1
    run(backend, rowSums(vectors, backend.subgroups), {
      buffers: [from, into],
      parameters: {
        columns: count / width,
        pieceColumns: PIECE_COLUMNS / width,
        pieces,
        count: rows * pieces,
        divisor: pieces === 1 ? divisor : 1,
      },
      workgroups: [...spread(rows * pieces), 1],
    })
    return into
  })
}

/** Sums in pieces, and the pieces' sums, until one is left. */
function untilOne(
  backend: AlexNetWebGPUBackend,
  x: tf.TensorInfo,
  length: number,
  piece: number,
  sumPieces: (from: tf.TensorInfo, count: number, pieces: number) => tf.TensorInfo,
): tf.TensorInfo {
  let from = x
  let count = length
  while (true) {
    const pieces = Math.ceil(count / piece)
    const into = sumPieces(from, count, pieces)
    if (from !== x) backend.disposeData(from.dataId)
    if (pieces === 1) return into
    from = into
    count = pieces
  }
}

const reduction = (name: 'Sum' | 'Mean'): Kernel => ({
  name,
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const x = inputs.x!
    const { shape, dtype } = x
    const rank = shape.length
    const axes = [...new Set(tf.util.parseAxisParam(attrs.axis as number | number[], shape))]
    const trailing = axes.length > 0 && axes.every((axis) => axis >= rank - axes.length)
    const leading = axes.length > 0 && axes.every((axis) => axis < axes.length)
    const size = tf.util.sizeFromShape(shape)
    if (dtype !== 'float32' || !(leading || trailing)) return fallback(call)
    if (size > 0 && backend.shouldExecuteOnCPU([x])) return fallback(call)
    const [kept, summed] = tf.backend_util.computeOutAndReduceShapes(shape, axes)
    const result = attrs.keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept
    const terms = tf.util.sizeFromShape(summed)
    if (size === 0) {
      const nothing = new Float32Array(tf.util.sizeFromShape(result))
      return backend.makeTensorInfo(result, 'float32', nothing)
    }
    const divisor = name === 'Mean' ? terms : 1
    return trailing
      ? sumOfRows(backend, x, [size / terms, terms], result, divisor)
      : sumOfColumns(backend, x, [terms, size / terms], result, divisor)
  },
})

export const sum = reduction('Sum')
export const mean = reduction('Mean')
