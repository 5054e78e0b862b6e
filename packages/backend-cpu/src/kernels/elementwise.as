// Elementwise arithmetic of one or two operands. The result is rows × columns; an operand either has the
// same elements, one row that repeats, or one number. Memory-bound: what counts is to read and write
// each element once, four at a time. Powers, tanh and the sigmoid are not, which is why they are here: by
// square roots and a polynomial they take a few cycles a number.

import { multiplyAdd, powerOf } from './vector'

export const ADD: i32 = 0
export const SUBTRACT: i32 = 1
export const MULTIPLY: i32 = 2
export const DIVIDE: i32 = 3
export const MAXIMUM: i32 = 4
export const MINIMUM: i32 = 5
export const SQUARED_DIFFERENCE: i32 = 6
/** b where a > 0, elsewhere 0 (a NaN counts as not above): the gradient b through ReLU, whose output is a. */
export const WHERE_POSITIVE: i32 = 7
/** a where it is not below 0, elsewhere a · b: PReLU. */
export const SLOPED: i32 = 8

export const RELU_OF: i32 = 0
export const RELU6_OF: i32 = 1
export const STEP_OF: i32 = 2
export const NEGATE: i32 = 3
export const SQUARE: i32 = 4
export const SQUARE_ROOT: i32 = 5
export const ABSOLUTE: i32 = 6
export const COPY: i32 = 7
export const TANH_OF: i32 = 8
export const SIGMOID_OF: i32 = 9
/** x to the power of alpha, a multiple of ¼ from −MOST_POWER to MOST_POWER. */
export const POWER_OF: i32 = 10
/** x where it is not below 0, elsewhere alpha · x. */
export const LEAKY_RELU_OF: i32 = 11
/** x, at least alpha and at most beta. */
export const CLIP: i32 = 12
export const EXPONENTIAL: i32 = 13
/** 1 / √x */
export const INVERSE_ROOT: i32 = 14

export const MOST_POWER: i32 = 4

@unmanaged
export class BinaryParameters {
  a: u32
  b: u32
  result: u32
  operation: i32
  rows: i32
  columns: i32
  /** Elements of the result: the last row may be shorter than the others. */
  count: i32
  /** Floats from one row of an operand to the next: columns, or 0 for a row that repeats. */
  aStride: i32
  bStride: i32
  /** 1 if the operand is one number. */
  aScalar: i32
  bScalar: i32
  taskRows: i32
}

@unmanaged
export class UnaryParameters {
  x: u32
  result: u32
  operation: i32
  count: i32
  taskCount: i32
  /** Slope of STEP_OF and LEAKY_RELU_OF for negative elements; exponent of POWER_OF; least of CLIP. */
  alpha: f32
  /** Most of CLIP. */
  beta: f32
}

// @ts-ignore: decorator
@inline
function combine(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return f32x4.add(a, b)
  if (operation == SUBTRACT) return f32x4.sub(a, b)
  if (operation == MULTIPLY) return f32x4.mul(a, b)
  if (operation == DIVIDE) return f32x4.div(a, b)
  if (operation == MAXIMUM) return f32x4.max(a, b)
  if (operation == MINIMUM) return f32x4.min(a, b)
  if (operation == WHERE_POSITIVE) return v128.and(f32x4.gt(a, f32x4.splat(0)), b)
  if (operation == SLOPED) return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, f32x4.splat(0)))
  const d = f32x4.sub(a, b)
  return f32x4.mul(d, d)
}

/** One operation over the task's rows; inlined once for each operation so that the loop holds only it. */
// @ts-ignore: decorator
@inline
function binaryRows(operation: i32, p: BinaryParameters, row0: i32, row1: i32): void {
  for (let row = row0; row < row1; row++) {
    const columns = min(p.columns, p.count - row * p.columns)
    const whole = <usize>(columns & ~3) << 2
    const end = <usize>columns << 2
    const a = <usize>p.a + (<usize>row * <usize>p.aStride << 2)
    const b = <usize>p.b + (<usize>row * <usize>p.bStride << 2)
    const result = <usize>p.result + (<usize>row * <usize>p.columns << 2)
    let at: usize = 0
    if (p.aScalar) {
      const value = v128.load_splat<f32>(a)
      for (; at < whole; at += 16) v128.store(result + at, combine(operation, value, v128.load(b + at)))
      for (; at < end; at += 4) {
        v128.store_lane<f32>(result + at, combine(operation, value, v128.load_splat<f32>(b + at)), 0)
      }
    } else if (p.bScalar) {
      const value = v128.load_splat<f32>(b)
      for (; at < whole; at += 16) v128.store(result + at, combine(operation, v128.load(a + at), value))
      for (; at < end; at += 4) {
        v128.store_lane<f32>(result + at, combine(operation, v128.load_splat<f32>(a + at), value), 0)
      }
    } else {
      for (; at < whole; at += 16) {
        v128.store(result + at, combine(operation, v128.load(a + at), v128.load(b + at)))
      }
      for (; at < end; at += 4) {
        const value = combine(operation, v128.load_splat<f32>(a + at), v128.load_splat<f32>(b + at))
        v128.store_lane<f32>(result + at, value, 0)
      }
    }
  }
}

/** result = a operation b. */
export function binary(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BinaryParameters>(parameters)
  const row0 = task * p.taskRows
  const row1 = min(p.rows, row0 + p.taskRows)
  switch (p.operation) {
    case ADD: binaryRows(ADD, p, row0, row1); break
    case SUBTRACT: binaryRows(SUBTRACT, p, row0, row1); break
    case MULTIPLY: binaryRows(MULTIPLY, p, row0, row1); break
    case DIVIDE: binaryRows(DIVIDE, p, row0, row1); break
    case MAXIMUM: binaryRows(MAXIMUM, p, row0, row1); break
    case MINIMUM: binaryRows(MINIMUM, p, row0, row1); break
    case WHERE_POSITIVE: binaryRows(WHERE_POSITIVE, p, row0, row1); break
    case SLOPED: binaryRows(SLOPED, p, row0, row1); break
    default: binaryRows(SQUARED_DIFFERENCE, p, row0, row1)
  }
}

/** e to the power of x: 0 below −104, Infinity above 88.7. Errors of 2 ulp; Cephes' expf (Moshier). */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const bounded = f32x4.max(f32x4.min(x, f32x4.splat(89)), f32x4.splat(-104))
  const power = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504)))
  // x less power · ln 2, whose digits are in two numbers.
  const high = f32x4.sub(bounded, f32x4.mul(power, f32x4.splat(0.693359375)))
  const rest = f32x4.sub(high, f32x4.mul(power, f32x4.splat(-2.12194440e-4)))
  let sum = multiplyAdd(rest, f32x4.splat(1.9875691500e-4), f32x4.splat(1.3981999507e-3))
  sum = multiplyAdd(sum, rest, f32x4.splat(8.3334519073e-3))
  sum = multiplyAdd(sum, rest, f32x4.splat(4.1665795894e-2))
  sum = multiplyAdd(sum, rest, f32x4.splat(1.6666665459e-1))
  sum = multiplyAdd(sum, rest, f32x4.splat(0.5))
  sum = f32x4.add(multiplyAdd(f32x4.mul(rest, rest), sum, rest), f32x4.splat(1))
  // Times 2^power, by exponent bits, in two steps: below 2^-126 no float has the bits of 2^power.
  const whole = i32x4.trunc_sat_f32x4_s(power)
  const part = i32x4.shr_s(whole, 1)
  const rest0 = i32x4.shl(i32x4.add(part, i32x4.splat(127)), 23)
  const rest1 = i32x4.shl(i32x4.add(i32x4.sub(whole, part), i32x4.splat(127)), 23)
  return f32x4.mul(f32x4.mul(sum, rest0), rest1)
}

/** Near zero a polynomial, elsewhere 1 − 2 / (e^2|x| + 1) with the sign of x: Cephes' tanhf. */
// @ts-ignore: decorator
@inline
function hyperbolicTangent(x: v128): v128 {
  const size = f32x4.abs(x)
  const square = f32x4.mul(x, x)
  let sum = multiplyAdd(square, f32x4.splat(-5.70498872745e-3), f32x4.splat(2.06390887954e-2))
  sum = multiplyAdd(sum, square, f32x4.splat(-5.37397155531e-2))
  sum = multiplyAdd(sum, square, f32x4.splat(1.33314422036e-1))
  sum = multiplyAdd(sum, square, f32x4.splat(-3.33332819422e-1))
  const near = multiplyAdd(f32x4.mul(sum, square), x, x)
  const one = f32x4.splat(1)
  const inverse = f32x4.div(f32x4.splat(2), f32x4.add(exponential(f32x4.add(size, size)), one))
  const sign = v128.and(x, i32x4.splat(i32.MIN_VALUE))
  // The polynomial's zero has no sign of its own.
  return v128.or(v128.bitselect(near, f32x4.sub(one, inverse), f32x4.lt(size, f32x4.splat(0.625))), sign)
}

// @ts-ignore: decorator
@inline
function map(operation: i32, x: v128, alpha: v128, beta: v128): v128 {
  if (operation == TANH_OF) return hyperbolicTangent(x)
  if (operation == SIGMOID_OF) {
    // e^x / (1 + e^x) below zero, 1 / (1 + e^-x) above: the exponential never leaves float32's range.
    const one = f32x4.splat(1)
    const power = exponential(f32x4.neg(f32x4.abs(x)))
    const share = v128.bitselect(power, one, f32x4.lt(x, f32x4.splat(0)))
    return f32x4.div(share, f32x4.add(one, power))
  }
  if (operation == POWER_OF) {
    const quarters = <i32>(f32x4.extract_lane(alpha, 0) * 4)
    if (!(quarters & 3)) return powerOf(x, quarters)
    // As Math.pow has it: -0 and -Infinity are as 0 and Infinity unless the exponent is whole.
    const size = f32x4.abs(x)
    const ends = v128.or(f32x4.eq(x, f32x4.splat(0)), f32x4.eq(size, f32x4.splat(Infinity)))
    return powerOf(v128.bitselect(size, x, ends), quarters)
  }
  const zero = f32x4.splat(0)
  // Plus zero: what is -0 so far becomes 0.
  if (operation == RELU_OF) return f32x4.add(f32x4.pmax(x, zero), zero)
  if (operation == RELU6_OF) return f32x4.add(f32x4.pmin(f32x4.pmax(x, zero), f32x4.splat(6)), zero)
  if (operation == STEP_OF) {
    // 1 above zero, NaN of NaN, alpha for the rest, as tfjs defines it.
    const above = v128.bitselect(f32x4.splat(1), alpha, f32x4.gt(x, zero))
    return v128.bitselect(above, x, f32x4.eq(x, x))
  }
  if (operation == NEGATE) return f32x4.neg(x)
  if (operation == SQUARE) return f32x4.mul(x, x)
  if (operation == SQUARE_ROOT) return f32x4.sqrt(x)
  if (operation == ABSOLUTE) return f32x4.abs(x)
  if (operation == LEAKY_RELU_OF) return v128.bitselect(f32x4.mul(x, alpha), x, f32x4.lt(x, zero))
  if (operation == CLIP) return f32x4.pmax(f32x4.pmin(x, beta), alpha)
  if (operation == EXPONENTIAL) return exponential(x)
  if (operation == INVERSE_ROOT) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x))
  return x
}

// @ts-ignore: decorator
@inline
function unaryRange(operation: i32, p: UnaryParameters, first: i32, last: i32): void {
  const alpha = f32x4.splat(p.alpha)
  const beta = f32x4.splat(p.beta)
  let x = <usize>p.x + (<usize>first << 2)
  let result = <usize>p.result + (<usize>first << 2)
  const end = <usize>p.x + (<usize>last << 2)
  for (; x + 16 <= end; x += 16, result += 16) v128.store(result, map(operation, v128.load(x), alpha, beta))
  for (; x < end; x += 4, result += 4) {
    v128.store_lane<f32>(result, map(operation, v128.load_splat<f32>(x), alpha, beta), 0)
  }
}

/** result = operation(x). */
export function unary(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<UnaryParameters>(parameters)
  const first = task * p.taskCount
  const last = min(p.count, first + p.taskCount)
  switch (p.operation) {
    case RELU_OF: unaryRange(RELU_OF, p, first, last); break
    case RELU6_OF: unaryRange(RELU6_OF, p, first, last); break
    case STEP_OF: unaryRange(STEP_OF, p, first, last); break
    case NEGATE: unaryRange(NEGATE, p, first, last); break
    case SQUARE: unaryRange(SQUARE, p, first, last); break
    case SQUARE_ROOT: unaryRange(SQUARE_ROOT, p, first, last); break
    case ABSOLUTE: unaryRange(ABSOLUTE, p, first, last); break
    case TANH_OF: unaryRange(TANH_OF, p, first, last); break
    case SIGMOID_OF: unaryRange(SIGMOID_OF, p, first, last); break
    case POWER_OF: unaryRange(POWER_OF, p, first, last); break
    case LEAKY_RELU_OF: unaryRange(LEAKY_RELU_OF, p, first, last); break
    case CLIP: unaryRange(CLIP, p, first, last); break
    case EXPONENTIAL: unaryRange(EXPONENTIAL, p, first, last); break
    case INVERSE_ROOT: unaryRange(INVERSE_ROOT, p, first, last); break
    default: unaryRange(COPY, p, first, last)
  }
}
