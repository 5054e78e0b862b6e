// QuantizedMatMul, a kernel that tfjs does not have: x · matrix + bias with the matrix in int8 or half precision,
// x and the sums in float32. quantizeLinear of @alexnet/core has a model use it: a fully connected layer for one
// picture is bound by reading its weights. The numbers are packed into integers and widened by functions that WGSL
// has everywhere, so that no feature of the device is asked for.
//
// Each column has a scale: its largest magnitude in int8; in half precision the power of two below that, so that
// rounding is that of plain half precision, but nothing overflows and what is small beside the column's largest is
// no subnormal number, which devices may take for zero. Eight neighbouring columns of a line are one vector: 16
// bytes of halves, 8 of int8. Both forms stay with the matrix until it is disposed of or changed.

import { customKernel } from '@alexnet/backend/kernels'
import type * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { type Program, run } from '../program.ts'
import { sumOfSplits } from './reduction.ts'

type WeightFormat = 'int8' | 'float16'

/** Columns of a vector. */
const STRIP = 8

/** WGSL of a format: eight numbers as a vector of 32-bit words, how they are packed, and widened again. */
const formats = {
  float16: {
    words: 4,
    /** The power of two by which a column is divided, from the bits of its largest magnitude. */
    divisor: 'largest & vec4<u32>(0x7f800000u)',
    pack: (low: string, high: string) => `vec4<u32>(halves(${low}), halves(${high}))`,
    unpack: (word: string) => [
      `vec4<f32>(unpack2x16float(${word}.x), unpack2x16float(${word}.y))`,
      `vec4<f32>(unpack2x16float(${word}.z), unpack2x16float(${word}.w))`,
    ],
  },
  int8: {
    words: 2,
    divisor: 'largest',
    pack: (low: string, high: string) => `vec2<u32>(pack4x8snorm(${low}), pack4x8snorm(${high}))`,
    unpack: (word: string) => [`unpack4x8snorm(${word}.x)`, `unpack4x8snorm(${word}.y)`],
  },
}

const storeFields = { columns: 'u32', depth: 'u32' } as const
const STORE_THREADS = 64

/** Packs a strip of columns: a workgroup finds their largest magnitudes, then writes line after line. */
const storing = (format: WeightFormat): Program<typeof storeFields> => ({
  name: `weights in ${format}`,
  fields: storeFields,
  code: () => `
@group(0) @binding(0) var<storage, read> matrix: array<f32>;
@group(0) @binding(1) var<storage, read_write> stored: array<vec${formats[format].words}<u32>>;
@group(0) @binding(2) var<storage, read_write> scales: array<vec4<f32>>;
var<workgroup> partial: array<vec4<u32>, ${2 * STORE_THREADS}>;
fn one(k: u32, column: u32) -> f32 {
  if (column >= p.columns) { return 0.0; }
  return matrix[k * p.columns + column];
}
fn four(k: u32, column: u32) -> vec4<f32> {
  return vec4<f32>(one(k, column), one(k, column + 1u), one(k, column + 2u), one(k, column + 3u));
}
/** To the nearest, ties to even: which way pack2x16float rounds is not said. */
fn half(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size < 0x38800000u) { return sign | u32(round(bitcast<f32>(size) * 16777216.0)); }
  return sign | min(0x7e00u, (size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u);
}
fn halves(x: vec4<f32>) -> vec2<u32> {
  return vec2<u32>(half(x.x) | (half(x.y) << 16u), half(x.z) | (half(x.w) << 16u));
}
/** What columns are divided by; one where there is nothing but zeros. */
fn divisor(largest: vec4<u32>) -> vec4<f32> {
  let bits = ${formats[format].divisor};
  return bitcast<vec4<f32>>(select(bits, vec4<u32>(0x3f800000u), bits == vec4<u32>()));
}
@compute @workgroup_size(${STORE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * ${STRIP}u;
  // Bits without the sign have the order of the numbers' magnitudes, and NaN above all.
  let magnitude = vec4<u32>(0x7fffffffu);
  var low = vec4<u32>();
  var high = vec4<u32>();
  for (var k = thread; k < p.depth; k += ${STORE_THREADS}u) {
    low = max(low, bitcast<vec4<u32>>(four(k, column)) & magnitude);
    high = max(high, bitcast<vec4<u32>>(four(k, column + 4u)) & magnitude);
  }
  partial[thread] = low;
  partial[${STORE_THREADS}u + thread] = high;
  workgroupBarrier();
  for (var i = 0u; i < ${STORE_THREADS}u; i++) {
    low = max(low, partial[i]);
    high = max(high, partial[${STORE_THREADS}u + i]);
  }
  let lowScale = divisor(low);
  let highScale = divisor(high);
  if (thread == 0u) {
    scales[group.x * 2u] = lowScale;
    scales[group.x * 2u + 1u] = highScale;
  }
  let strips = (p.columns + ${STRIP - 1}u) / ${STRIP}u;
  for (var k = thread; k < p.depth; k += ${STORE_THREADS}u) {
    let lowOnes = four(k, column) / lowScale;
    let highOnes = four(k, column + 4u) / highScale;
    stored[k * strips + group.x] = ${formats[format].pack('lowOnes', 'highOnes')};
  }
}`,
})

const fields = { rows: 'u32', columns: 'u32', depth: 'u32', splitDepth: 'u32' } as const
/** Strips and lines of the depth that a workgroup has threads for. */
const ACROSS = 16
const LINES = 16
/** Most of the depth that one workgroup sums. */
const MOST_DEPTH = 1024
/** Rows that share one reading of the matrix. */
const MOST_ROWS = 4

/** Sums pieces of the depth, as thin-product.ts does for float32. */
function product(format: WeightFormat, rows: number): Program<typeof fields> {
  const { words, unpack } = formats[format]
  const own = Array.from({ length: rows }, (_, row) => row)
  const [low, high] = unpack('word')
  return {
    name: `product of ${rows} rows by weights in ${format}`,
    fields,
    code: () => `
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<vec${words}<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
var<workgroup> partial: array<vec4<f32>, ${2 * ACROSS * LINES}>;
@compute @workgroup_size(${ACROSS}, ${LINES})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) thread: vec3<u32>) {
  let strips = (p.columns + ${STRIP - 1}u) / ${STRIP}u;
  let at = group.x * ${ACROSS}u + thread.x;
  let begin = group.y * p.splitDepth;
  let end = min(p.depth, begin + p.splitDepth);
  let row = group.z * ${MOST_ROWS}u;
${own.map((i) => `  var low${i} = vec4<f32>();\n  var high${i} = vec4<f32>();`).join('\n')}
  if (at < strips) {
    for (var k = begin + thread.y; k < end; k += ${LINES}u) {
      let word = right[k * strips + at];
      let low = ${low};
      let high = ${high};
${own
  .map(
    (i) => `      let x${i} = left[(row + ${i}u) * p.depth + k];
      low${i} += x${i} * low;
      high${i} += x${i} * high;`,
  )
  .join('\n')}
    }
  }
${own
  .map(
    (i) => `  partial[thread.y * ${ACROSS}u + thread.x] = low${i};
  partial[${ACROSS * LINES}u + thread.y * ${ACROSS}u + thread.x] = high${i};
  workgroupBarrier();
  if (row + ${i}u < p.rows) { store(group, thread, at, row + ${i}u); }
  workgroupBarrier();`,
  )
  .join('\n')}
}
/** The first two lines of threads add what all have of four columns, in float32, and scale it. */
fn store(group: vec3<u32>, thread: vec3<u32>, at: u32, row: u32) {
  if (thread.y >= 2u) { return; }
  var sum = vec4<f32>();
  for (var line = 0u; line < ${LINES}u; line++) {
    sum += partial[(thread.y * ${LINES}u + line) * ${ACROSS}u + thread.x];
  }
  let column = at * ${STRIP}u + thread.y * 4u;
  for (var j = 0u; j < 4u; j++) {
    if (column + j >= p.columns) { return; }
    sums[(group.y * p.rows + row) * p.columns + column + j] = sum[j] * scales[column + j];
  }
}`,
  }
}

/** The matrix [depth, columns] as a format holds it: words, and a scale for each column. */
function stored(backend: AlexNetWebGPUBackend, matrix: tf.TensorInfo, format: WeightFormat) {
  const [depth, columns] = matrix.shape as [number, number]
  const strips = Math.ceil(columns / STRIP)
  return backend.prepared(matrix, format, () => {
    const words = backend.makeTensorInfo([depth, strips, formats[format].words], 'int32')
    const scales = backend.makeTensorInfo([strips, STRIP], 'float32')
    run(backend, storing(format), {
      buffers: [matrix, words, scales],
      parameters: { columns, depth },
      workgroups: [strips, 1, 1],
    })
    return [words, scales]
  }) as [tf.TensorInfo, tf.TensorInfo]
}

export const quantizedMatMul = customKernel<'QuantizedMatMul', AlexNetWebGPUBackend>(
  'QuantizedMatMul',
  ({ inputs: { x, matrix, bias }, attrs: { format }, backend }) => {
    const [rows, depth] = x.shape as [number, number]
    const [, columns] = matrix.shape as [number, number]
    const result = backend.makeTensorInfo([rows, columns], 'float32')
    if (rows * columns === 0) return result
    const [words, scales] = stored(backend, matrix, format)
    const splits = Math.max(1, Math.ceil(depth / MOST_DEPTH))
    const sums = backend.makeTensorInfo([splits, rows, columns], 'float32')
    run(backend, product(format, Math.min(rows, MOST_ROWS)), {
      buffers: [x, words, scales, sums],
      parameters: { rows, columns, depth, splitDepth: Math.ceil(depth / splits) },
      workgroups: [
        Math.ceil(Math.ceil(columns / STRIP) / ACROSS),
        splits,
        Math.ceil(rows / MOST_ROWS),
      ],
    })
    sumOfSplits(backend, sums, result, { ...(bias && { start: bias }), activation: 'linear' })
    backend.disposeData(sums.dataId)
    return result
  },
)
