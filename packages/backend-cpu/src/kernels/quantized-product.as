// The product of a few rows with a matrix of which each number takes one byte (int8, a scale for each
// column) or two (IEEE half precision), widened to float32 on the way into the sums. For one picture a
// fully connected layer is bound by reading its matrix, so a quarter of the bytes is most of a quarter of
// the time. The stored matrix is laid out in the order in which it is read:
//   [strip of 512 columns][eight rows][sixteen columns][row of the eight][column of the sixteen]
// with columns filled up to sixteens and rows to eights.

import { multiplyAdd } from './vector'

/** Columns of a task. */
export const QUANTIZED_STRIP: i32 = 512

@unmanaged
export class QuantizedProductParameters {
  left: u32
  /** The stored matrix. */
  right: u32
  /** A scale for each column, for int8. */
  scales: u32
  /** A row of columns floats that is added, or 0. */
  start: u32
  result: u32
  rows: i32
  columns: i32
  depth: i32
  /** Bytes of a stored number: 1 or 2. */
  size: i32
  scratch: u32
}

@unmanaged
export class QuantizeParameters {
  /** [depth, columns] of float32. */
  matrix: u32
  stored: u32
  scales: u32
  columns: i32
  depth: i32
  size: i32
}

// @ts-ignore: decorator
@inline
function stripBytes(depth: i32, size: i32): usize {
  return <usize>((depth + 7) & ~7) * <usize>QUANTIZED_STRIP * <usize>size
}

/** Task = a strip of columns, for all rows. */
export function quantizedProduct(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<QuantizedProductParameters>(parameters)
  const column0 = task * QUANTIZED_STRIP
  const columns = min(QUANTIZED_STRIP, p.columns - column0)
  const groups = (columns + 15) >> 4
  const sums = <usize>p.scratch + <usize>worker * <usize>(QUANTIZED_STRIP * 4)
  const strip = <usize>p.right + <usize>task * stripBytes(p.depth, p.size)
  for (let row = 0; row < p.rows; row++) {
    memory.fill(sums, 0, <usize>(groups << 6))
    const left = <usize>p.left + (<usize>row * <usize>p.depth << 2)
    if (p.size == 1) addBytes(sums, left, strip, groups, p.depth)
    else addHalves(sums, left, strip, groups, p.depth)
    const result = <usize>p.result + ((<usize>row * <usize>p.columns + <usize>column0) << 2)
    for (let j = 0; j < columns; j++) {
      const at = <usize>j << 2
      let sum = load<f32>(sums + at)
      if (p.size == 1) sum *= load<f32>(<usize>p.scales + (<usize>column0 << 2) + at)
      if (p.start) sum += load<f32>(<usize>p.start + (<usize>column0 << 2) + at)
      store<f32>(result + at, sum)
    }
  }
}

function addBytes(sums: usize, left: usize, from: usize, groups: i32, depth: i32): void {
  for (let k = 0; k < depth; k += 8) {
    const a = left + (<usize>k << 2)
    const count = min(8, depth - k)
    for (let group = 0; group < groups; group++) {
      const sum = sums + (<usize>group << 6)
      let s0 = v128.load(sum)
      let s1 = v128.load(sum, 16)
      let s2 = v128.load(sum, 32)
      let s3 = v128.load(sum, 48)
      for (let row = 0; row < count; row++) {
        const factor = v128.load_splat<f32>(a + (<usize>row << 2))
        const bytes = v128.load(from + (<usize>row << 4))
        const low = i16x8.extend_low_i8x16_s(bytes)
        const high = i16x8.extend_high_i8x16_s(bytes)
        s0 = multiplyAdd(factor, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), s0)
        s1 = multiplyAdd(factor, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), s1)
        s2 = multiplyAdd(factor, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), s2)
        s3 = multiplyAdd(factor, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), s3)
      }
      v128.store(sum, s0)
      v128.store(sum, s1, 16)
      v128.store(sum, s2, 32)
      v128.store(sum, s3, 48)
      from += 128
    }
  }
}

function addHalves(sums: usize, left: usize, from: usize, groups: i32, depth: i32): void {
  for (let k = 0; k < depth; k += 8) {
    const a = left + (<usize>k << 2)
    const count = min(8, depth - k)
    for (let group = 0; group < groups; group++) {
      const sum = sums + (<usize>group << 6)
      let s0 = v128.load(sum)
      let s1 = v128.load(sum, 16)
      let s2 = v128.load(sum, 32)
      let s3 = v128.load(sum, 48)
      for (let row = 0; row < count; row++) {
        const factor = v128.load_splat<f32>(a + (<usize>row << 2))
        const low = v128.load(from + (<usize>row << 5))
        const high = v128.load(from + (<usize>row << 5), 16)
        s0 = multiplyAdd(factor, widen(i32x4.extend_low_i16x8_s(low)), s0)
        s1 = multiplyAdd(factor, widen(i32x4.extend_high_i16x8_s(low)), s1)
        s2 = multiplyAdd(factor, widen(i32x4.extend_low_i16x8_s(high)), s2)
        s3 = multiplyAdd(factor, widen(i32x4.extend_high_i16x8_s(high)), s3)
      }
      v128.store(sum, s0)
      v128.store(sum, s1, 16)
      v128.store(sum, s2, 32)
      v128.store(sum, s3, 48)
      from += 256
    }
  }
}

/**
 * Half precision to single, sign-extended in each lane: shifted into place the exponent is 112 too
 * small, which a multiplication mends, subnormal numbers included.
 */
// @ts-ignore: decorator
@inline
function widen(halves: v128): v128 {
  const bits = v128.and(i32x4.shl(halves, 13), i32x4.splat(0x8fffffff))
  return f32x4.mul(bits, f32x4.splat(reinterpret<f32>(0x77800000)))
}

/** Task = a strip of columns: stores a matrix, and the scales of its columns. */
export function quantize(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<QuantizeParameters>(parameters)
  const column0 = task * QUANTIZED_STRIP
  const columns = min(QUANTIZED_STRIP, p.columns - column0)
  const groups = (columns + 15) >> 4
  const matrix = <usize>p.matrix + (<usize>column0 << 2)
  const rowBytes = <usize>p.columns << 2
  const scales = <usize>p.scales + (<usize>column0 << 2)
  if (p.size == 1) {
    memory.fill(scales, 0, <usize>columns << 2)
    for (let k = 0; k < p.depth; k++) {
      const row = matrix + <usize>k * rowBytes
      for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
        store<f32>(scales + j, max(load<f32>(scales + j), abs(load<f32>(row + j))))
      }
    }
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
      store<f32>(scales + j, load<f32>(scales + j) / 127)
    }
  }
  const strip = <usize>p.stored + <usize>task * stripBytes(p.depth, p.size)
  memory.fill(strip, 0, <usize>((p.depth + 7) & ~7) * <usize>(groups << 4) * <usize>p.size)
  for (let k = 0; k < p.depth; k++) {
    const row = matrix + <usize>k * rowBytes
    for (let j = 0; j < columns; j++) {
      const value = load<f32>(row + (<usize>j << 2))
      const place = <usize>((((k >> 3) * groups + (j >> 4)) << 7) + ((k & 7) << 4) + (j & 15))
      if (p.size == 1) {
        const scale = load<f32>(scales + (<usize>j << 2))
        store<i8>(strip + place, scale > 0 ? <i8>nearest(value / scale) : 0)
      } else {
        store<u16>(strip + (place << 1), half(value))
      }
    }
  }
}

/** Single precision to half, to the nearest, ties to even; beyond 65504 infinite. */
function half(value: f32): u16 {
  const bits = reinterpret<u32>(value)
  const sign = <u16>((bits >> 16) & 0x8000)
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // Below 2^-14: one addition rounds to a multiple of 2^-24 and leaves it in the lowest bits.
  if (magnitude < 0x38800000) {
    return sign | <u16>(reinterpret<u32>(reinterpret<f32>(magnitude) + <f32>0.5) - 0x3f000000)
  }
  return sign | <u16>((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13)
}
