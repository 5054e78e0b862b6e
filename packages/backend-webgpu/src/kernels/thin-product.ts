// Products of a few rows by a matrix as it is stored, [rows, depth] · [depth, columns]: a fully connected
// layer for one picture, bound by reading its weights. Threads side by side read neighbouring columns; the
// depth is shared by the lines of a workgroup and by workgroups, whose sums are added at the end.

import type { AlexNetWebGPUBackend } from '../backend.ts'
import { type Program, run } from '../program.ts'
import type { Operands } from './product-operands.ts'
import { sumOfSplits } from './reduction.ts'

/** Rows up to which this is faster than tiles. */
export const THIN_ROWS = 4

const fields = {
  columns: 'u32',
  depth: 'u32',
  splitDepth: 'u32',
  leftOffset: 'u32',
  rightOffset: 'u32',
} as const

/** Threads of a workgroup along the columns (four numbers each, or one) and along the depth. */
const ACROSS = 16
const LINES = 16
/** Most of the depth that one workgroup sums. */
const MOST_DEPTH = 1024

export function thinProduct(backend: AlexNetWebGPUBackend, operands: Operands): void {
  const { left, right, result, start, activation = 'linear', rows, columns, depth } = operands
  const { leftOffset = 0, rightOffset = 0 } = operands.places ?? {}
  const vectors = columns % 4 === 0
  const splits = Math.max(1, Math.ceil(depth / MOST_DEPTH))
  const splitDepth = Math.ceil(depth / splits)
  const sums = backend.makeTensorInfo([splits, rows, columns], 'float32')
  run(backend, program(rows, vectors), {
    buffers: [left, right, sums],
    parameters: { columns, depth, splitDepth, leftOffset, rightOffset },
    workgroups: [Math.ceil(columns / (ACROSS * (vectors ? 4 : 1))), splits, 1],
  })
  sumOfSplits(backend, sums, result, {
    start,
    activation,
    resultOffset: operands.places?.resultOffset ?? 0,
  })
  backend.disposeData(sums.dataId)
}

function program(rows: number, vectors: boolean): Program<typeof fields> {
  const type = vectors ? 'vec4<f32>' : 'f32'
  const width = vectors ? 4 : 1
  const own = Array.from({ length: rows }, (_, row) => row)
  return {
    name: `thin product of ${rows} rows by ${width}`,
    fields,
    code: () => `
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<${type}>;
@group(0) @binding(2) var<storage, read_write> sums: array<${type}>;
var<workgroup> partial: array<${type}, ${rows * ACROSS * LINES}>;
@compute @workgroup_size(${ACROSS}, ${LINES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let width = p.columns / ${width}u;
  let column = group.x * ${ACROSS}u + thread.x;
  let begin = group.y * p.splitDepth;
  let end = min(p.depth, begin + p.splitDepth);
${own.map((row) => `  var s${row} = ${type}();`).join('\n')}
  if (column < width) {
    for (var k = begin + thread.y; k < end; k += ${LINES}u) {
      let factor = right[p.rightOffset / ${width}u + k * width + column];
${own.map((row) => `      s${row} += left[p.leftOffset + ${row}u * p.depth + k] * factor;`).join('\n')}
    }
  }
${own.map((row) => `  partial[(${row}u * ${LINES}u + thread.y) * ${ACROSS}u + thread.x] = s${row};`).join('\n')}
  workgroupBarrier();
  if (thread.y >= ${rows}u || column >= width) { return; }
  var sum = ${type}();
  for (var line = 0u; line < ${LINES}u; line++) {
    sum += partial[(thread.y * ${LINES}u + line) * ${ACROSS}u + thread.x];
  }
  sums[(group.y * ${rows}u + thread.y) * width + column] = sum;
}`,
  }
}
