// Comparisons of floats, whose results are booleans of a byte each (0 or 1), and what is done with such: logic,
// choosing between two tensors, turning into floats. Sixteen elements at a time, so that bytes fill a vector.

import { BinaryParameters } from './elementwise'

export const GREATER: i32 = 0
export const GREATER_EQUAL: i32 = 1
export const EQUAL: i32 = 2
export const NOT_EQUAL: i32 = 3

export const AND: i32 = 0
export const OR: i32 = 1

@unmanaged
export class BooleanParameters {
  /** Bytes. */
  a: u32
  /** Bytes; of a choice floats: what is taken where a is true. */
  b: u32
  /** Of a choice: what is taken elsewhere. */
  c: u32
  /** Bytes; floats of a choice, and of a cast. */
  result: u32
  operation: i32
  count: i32
  /** Elements of a task, a multiple of 16. */
  taskCount: i32
}

// @ts-ignore: decorator
@inline
function relation(operation: i32, a: v128, b: v128): v128 {
  if (operation == GREATER) return f32x4.gt(a, b)
  if (operation == GREATER_EQUAL) return f32x4.ge(a, b)
  if (operation == EQUAL) return f32x4.eq(a, b)
  return f32x4.ne(a, b)
}

// @ts-ignore: decorator
@inline
function four(operand: usize, at: usize, isScalar: i32): v128 {
  return isScalar ? v128.load_splat<f32>(operand) : v128.load(operand + at)
}

// @ts-ignore: decorator
@inline
function compareRows(operation: i32, p: BinaryParameters, row0: i32, row1: i32): void {
  const one = i8x16.splat(1)
  for (let row = row0; row < row1; row++) {
    const columns = min(p.columns, p.count - row * p.columns)
    const a = <usize>p.a + (<usize>row * <usize>p.aStride << 2)
    const b = <usize>p.b + (<usize>row * <usize>p.bStride << 2)
    const result = <usize>p.result + <usize>row * <usize>p.columns
    let column: i32 = 0
    for (; column + 16 <= columns; column += 16) {
      const at = <usize>column << 2
      const m0 = relation(operation, four(a, at, p.aScalar), four(b, at, p.bScalar))
      const m1 = relation(operation, four(a, at + 16, p.aScalar), four(b, at + 16, p.bScalar))
      const m2 = relation(operation, four(a, at + 32, p.aScalar), four(b, at + 32, p.bScalar))
      const m3 = relation(operation, four(a, at + 48, p.aScalar), four(b, at + 48, p.bScalar))
      const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3))
      v128.store(result + <usize>column, v128.and(bytes, one))
    }
    for (; column < columns; column++) {
      const at = <usize>column << 2
      const own = v128.load_splat<f32>(a + (p.aScalar ? 0 : at))
      const other = v128.load_splat<f32>(b + (p.bScalar ? 0 : at))
      store<u8>(result + <usize>column, <u8>(i32x4.extract_lane(relation(operation, own, other), 0) & 1))
    }
  }
}

/** result = whether a is in the relation to b. */
export function compare(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BinaryParameters>(parameters)
  const row0 = task * p.taskRows
  const row1 = min(p.rows, row0 + p.taskRows)
  switch (p.operation) {
    case GREATER: compareRows(GREATER, p, row0, row1); break
    case GREATER_EQUAL: compareRows(GREATER_EQUAL, p, row0, row1); break
    case EQUAL: compareRows(EQUAL, p, row0, row1); break
    default: compareRows(NOT_EQUAL, p, row0, row1)
  }
}

/** result = a and b, or a or b; each true is 1. */
export function logic(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BooleanParameters>(parameters)
  const first = task * p.taskCount
  const last = min(p.count, first + p.taskCount)
  const zero = i8x16.splat(0)
  const one = i8x16.splat(1)
  // Blocks are of 64 bytes: what the last vector writes past the end is nobody's.
  for (let at = <usize>first, end = <usize>last; at < end; at += 16) {
    const a = v128.load(<usize>p.a + at)
    const b = v128.load(<usize>p.b + at)
    const both = p.operation == AND ? v128.and(i8x16.ne(a, zero), i8x16.ne(b, zero)) : i8x16.ne(v128.or(a, b), zero)
    v128.store(<usize>p.result + at, v128.and(both, one))
  }
}

/** Four bytes as integers. */
// @ts-ignore: decorator
@inline
function widened(address: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(address)))
}

/** result = b where a is true, elsewhere c. */
export function choose(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BooleanParameters>(parameters)
  const first = task * p.taskCount
  const last = min(p.count, first + p.taskCount)
  const zero = i32x4.splat(0)
  let element = <usize>first
  const whole = <usize>first + <usize>((last - first) & ~3)
  for (; element < whole; element += 4) {
    const at = element << 2
    const mask = i32x4.ne(widened(<usize>p.a + element), zero)
    v128.store(<usize>p.result + at, v128.bitselect(v128.load(<usize>p.b + at), v128.load(<usize>p.c + at), mask))
  }
  for (; element < <usize>last; element++) {
    const from = load<u8>(<usize>p.a + element) ? <usize>p.b : <usize>p.c
    store<f32>(<usize>p.result + (element << 2), load<f32>(from + (element << 2)))
  }
}

/** result = a as floats. */
export function asFloats(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BooleanParameters>(parameters)
  const first = task * p.taskCount
  const last = min(p.count, first + p.taskCount)
  for (let element = <usize>first, end = <usize>last; element < end; element += 4) {
    v128.store(<usize>p.result + (element << 2), f32x4.convert_i32x4_u(widened(<usize>p.a + element)))
  }
}
