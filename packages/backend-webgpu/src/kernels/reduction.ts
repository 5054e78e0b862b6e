// Sums over leading axes (a bias's gradient), which tfjs transposes a whole tensor for, and over the pieces
// that a deep matrix product is cut into. Other axes are tfjs's.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { type Program, run, spread } from '../program.ts'
import type { Kernel } from './kernel.ts'
import type { Activation } from './product-operands.ts'

const columnFields = { rows: 'u32', columns: 'u32', pieceRows: 'u32' } as const
/** Columns and lines of a workgroup. */
const across = 32
const lines = 8

/** Sums each column of pieces of `pieceRows` rows. */
const columnSums: Program<typeof columnFields> = {
  name: 'sums of columns',
  fields: columnFields,
  code: () => `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
var<workgroup> partial: array<f32, ${across * lines}>;
@compute @workgroup_size(${across}, ${lines})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let column = group.x * ${across}u + thread.x;
  let begin = group.y * p.pieceRows;
  let end = min(p.rows, begin + p.pieceRows);
  var sum = 0.0;
  if (column < p.columns) {
    for (var row = begin + thread.y; row < end; row += ${lines}u) { sum += x[row * p.columns + column]; }
  }
  partial[thread.y * ${across}u + thread.x] = sum;
  workgroupBarrier();
  if (thread.y != 0u || column >= p.columns) { return; }
  for (var line = 1u; line < ${lines}u; line++) { sum += partial[line * ${across}u + thread.x]; }
  sums[group.y * p.columns + column] = sum;
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
const pieceRows = 512

/** Sums [rows, columns] over its rows, pieces of them until one is left, into a tensor of a shape. */
export function sumOfColumns(
  backend: AlexNetWebGPUBackend,
  x: tf.TensorInfo,
  [rows, columns]: [number, number],
  shape: number[],
): tf.TensorInfo {
  let from = x
  let count = rows
  while (true) {
    const pieces = Math.ceil(count / pieceRows)
    const into = backend.makeTensorInfo(pieces === 1 ? shape : [pieces, columns], 'float32')
    run(backend, columnSums, {
      buffers: [from, into],
      parameters: { rows: count, columns, pieceRows },
      workgroups: [Math.ceil(columns / across), pieces, 1],
    })
    if (from !== x) backend.disposeData(from.dataId)
    if (pieces === 1) return into
    from = into
    count = pieces
  }
}

export const sum: Kernel = {
  name: 'Sum',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const x = inputs.x!
    const axes = tf.util.parseAxisParam(attrs.axis as number | number[], x.shape)
    const leading = axes.length < x.shape.length && axes.every((axis) => axis < axes.length)
    const rows = tf.util.sizeFromShape(x.shape.slice(0, axes.length))
    const columns = tf.util.sizeFromShape(x.shape.slice(axes.length))
    if (x.dtype !== 'float32' || !leading || rows * columns === 0) return fallback(call)
    if (backend.shouldExecuteOnCPU([x])) return fallback(call)
    const [kept, dropped] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes)
    const shape = attrs.keepDims ? [...dropped.map(() => 1), ...kept] : kept
    return sumOfColumns(backend, x, [rows, columns], shape)
  },
}
