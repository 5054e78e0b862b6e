// The one-dimensional transforms of Winograd's method for four channels at a time, on n = 6, 7 or 8 points:
//   0, 1, −1, 2, −2, ∞, then ½, then −½.
// The sets are nested and the filter's transform is scaled in the same way in all of them, so tiles of
// different sizes share one transformed filter.
//
// A tile is transformed by applying one to its rows and then to its columns. Rows come from a table of places
// (bytes from `base`) and go to a line of the scratch, or columns come from the scratch's lines and go to such
// a table; the filter's own end is taps, one step apart. Which is for what: winograd.as. The functions at the
// end choose among the bodies, each inlined for its number of points and filter size.
//
// For the wide build scripts/paired-vectors.ts writes every statement on a vector twice, once for each half of
// eight channels, which V8 joins: VECTOR is then 32, and offsets given here double. A statement is one line.
//
// With M(x) = Π (x − p) over the finite points and s(p) the filter's scale, Bᵀ has the rows
// M(x) / ((x − p) · M′(p) · s(p)), G the rows s(p) · p^j, A the columns p^i.

import { multiplyAdd } from './vector'
import { VECTOR } from '../micro-kernel'
import { LINE } from './winograd-planes'

/** Bytes between words of a table: along a row, and down a column. */
const BESIDE: usize = 4
const BELOW: usize = 32

/** Where number k of a row comes from, a place of the table; of a column, an element of the lines. */
// @ts-ignore: decorator
@inline
function source(rows: bool, base: usize, table: usize, line: usize, k: usize): usize {
  return rows ? base + <usize>load<u32>(table + k * BESIDE) : line + k * LINE
}

/** Where it goes: of a row, an element of its line; of a column, a place of the table. */
// @ts-ignore: decorator
@inline
function target(rows: bool, base: usize, table: usize, line: usize, k: usize): usize {
  return rows ? line + k * <usize>VECTOR : base + <usize>load<u32>(table + k * BELOW)
}

// @ts-ignore: decorator
@inline
function timesAdd(x: v128, factor: f32, y: v128): v128 {
  return multiplyAdd(x, f32x4.splat(factor), y)
}

// @ts-ignore: decorator
@inline
function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor))
}

/** s(±½) = 1 / M′(½). */
const HALF_SCALE: f32 = 32.0 / 45.0

/** Bᵀ d: n numbers in, n out. */
// @ts-ignore: decorator
@inline
function pictureLineOf(n: i32, rows: bool, base: usize, table: usize, line: usize): void {
  const from0 = source(rows, base, table, line, 0)
  const d0 = v128.load(from0)
  const from1 = source(rows, base, table, line, 1)
  const d1 = v128.load(from1)
  const from2 = source(rows, base, table, line, 2)
  const d2 = v128.load(from2)
  const from3 = source(rows, base, table, line, 3)
  const d3 = v128.load(from3)
  const from4 = source(rows, base, table, line, 4)
  const d4 = v128.load(from4)
  const from5 = source(rows, base, table, line, 5)
  const d5 = v128.load(from5)
  const to0 = target(rows, base, table, line, 0)
  const to1 = target(rows, base, table, line, 1)
  const to2 = target(rows, base, table, line, 2)
  const to3 = target(rows, base, table, line, 3)
  const to4 = target(rows, base, table, line, 4)
  const to5 = target(rows, base, table, line, 5)
  if (n == 6) {
    const a = timesAdd(d2, -4, d4)
    const b = timesAdd(d1, -4, d3)
    const c = f32x4.sub(d4, d2)
    const e = times(f32x4.sub(d3, d1), 2)
    v128.store(to0, timesAdd(d0, 4, timesAdd(d2, -5, d4)))
    v128.store(to1, f32x4.add(a, b))
    v128.store(to2, f32x4.sub(a, b))
    v128.store(to3, f32x4.add(c, e))
    v128.store(to4, f32x4.sub(c, e))
    v128.store(to5, timesAdd(d1, 4, timesAdd(d3, -5, d5)))
    return
  }
  const from6 = source(rows, base, table, line, 6)
  const d6 = v128.load(from6)
  const to6 = target(rows, base, table, line, 6)
  if (n == 7) {
    // The polynomials are those of six points times (x − ½): the six-point rows of d1 … d6 less half of
    // those of d0 … d5, divided by p − ½.
    const a = timesAdd(d2, -4, d4)
    const b = timesAdd(d1, -4, d3)
    const b1 = timesAdd(d3, -4, d5)
    const c = f32x4.sub(d4, d2)
    const e = f32x4.sub(d3, d1)
    const e1 = f32x4.sub(d5, d3)
    const infinity = timesAdd(d1, 4, timesAdd(d3, -5, d5))
    const infinity1 = timesAdd(d2, 4, timesAdd(d4, -5, d6))
    // Rows of ±1 are b1 ± a for d1 … d6 and a ± b for d0 … d5; of ±2, e1 ± 2c and c ± 2e.
    v128.store(to0, timesAdd(d0, 4, timesAdd(infinity, -2, timesAdd(d2, -5, d4))))
    v128.store(to1, timesAdd(f32x4.add(b1, a), 2, f32x4.neg(f32x4.add(a, b))))
    v128.store(to2, times(timesAdd(f32x4.sub(b1, a), -2, f32x4.sub(a, b)), 1.0 / 3.0))
    v128.store(to3, times(f32x4.sub(times(timesAdd(c, 2, e1), 2), timesAdd(e, 2, c)), 1.0 / 3.0))
    v128.store(to4, times(f32x4.sub(timesAdd(e, -2, c), times(timesAdd(c, -2, e1), 2)), 0.2))
    v128.store(to5, timesAdd(infinity, -0.5, infinity1))
    v128.store(to6, infinity)
    return
  }
  const from7 = source(rows, base, table, line, 7)
  const d7 = v128.load(from7)
  const to7 = target(rows, base, table, line, 7)
  const even = f32x4.add(d2, d6)
  const odd = f32x4.add(d1, d5)
  const one = times(timesAdd(d4, -4.25, even), 4.0 / 3.0)
  const oneOdd = times(timesAdd(d3, -4.25, odd), 4.0 / 3.0)
  const two = times(timesAdd(d2, 0.25, timesAdd(d4, -1.25, d6)), 4.0 / 15.0)
  const twoOdd = times(timesAdd(d1, 0.25, timesAdd(d3, -1.25, d5)), 8.0 / 15.0)
  const half = timesAdd(d2, 4, timesAdd(d4, -5, d6))
  const halfOdd = times(timesAdd(d1, 4, timesAdd(d3, -5, d5)), 0.5)
  v128.store(to0, timesAdd(f32x4.sub(d0, d6), 4, times(f32x4.sub(d4, d2), 21)))
  v128.store(to1, f32x4.add(one, oneOdd))
  v128.store(to2, f32x4.sub(one, oneOdd))
  v128.store(to3, f32x4.add(two, twoOdd))
  v128.store(to4, f32x4.sub(two, twoOdd))
  v128.store(to5, timesAdd(f32x4.sub(d3, d5), 5.25, f32x4.sub(d7, d1)))
  v128.store(to6, f32x4.add(half, halfOdd))
  v128.store(to7, f32x4.sub(half, halfOdd))
}

/** G g: size numbers in, n out. */
// @ts-ignore: decorator
@inline
function filterLineOf(size: i32, n: i32, rows: bool, base: usize, step: usize, table: usize, line: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const from0 = rows ? base + 0 * step : source(false, 0, 0, line, 0)
  const g0 = v128.load(from0)
  const from1 = rows ? base + 1 * step : source(false, 0, 0, line, 1)
  const g1 = v128.load(from1)
  const from2 = rows ? base + 2 * step : source(false, 0, 0, line, 2)
  const g2 = v128.load(from2)
  let even = f32x4.add(g0, g2)
  let odd = g1
  let evenTwo = timesAdd(g2, 4, g0)
  let oddTwo = times(g1, 2)
  let evenHalf = timesAdd(g2, 0.25, g0)
  let oddHalf = times(g1, 0.5)
  let last = g2
  if (size == 5) {
    const from3 = rows ? base + 3 * step : source(false, 0, 0, line, 3)
    const g3 = v128.load(from3)
    const from4 = rows ? base + 4 * step : source(false, 0, 0, line, 4)
    const g4 = v128.load(from4)
    even = f32x4.add(even, g4)
    odd = f32x4.add(odd, g3)
    evenTwo = timesAdd(g4, 16, evenTwo)
    oddTwo = timesAdd(g3, 8, oddTwo)
    evenHalf = timesAdd(g4, 0.0625, evenHalf)
    oddHalf = timesAdd(g3, 0.125, oddHalf)
    last = g4
  }
  const to0 = target(rows, base, table, line, 0)
  const to1 = target(rows, base, table, line, 1)
  const to2 = target(rows, base, table, line, 2)
  const to3 = target(rows, base, table, line, 3)
  const to4 = target(rows, base, table, line, 4)
  const to5 = target(rows, base, table, line, 5)
  v128.store(to0, times(g0, 0.25))
  v128.store(to1, times(f32x4.add(even, odd), sixth))
  v128.store(to2, times(f32x4.sub(even, odd), sixth))
  v128.store(to3, times(f32x4.add(evenTwo, oddTwo), 1.0 / 24.0))
  v128.store(to4, times(f32x4.sub(evenTwo, oddTwo), 1.0 / 24.0))
  v128.store(to5, last)
  if (n > 6) {
    const to6 = target(rows, base, table, line, 6)
    v128.store(to6, times(f32x4.add(evenHalf, oddHalf), HALF_SCALE))
  }
  if (n > 7) {
    const to7 = target(rows, base, table, line, 7)
    v128.store(to7, times(f32x4.sub(evenHalf, oddHalf), HALF_SCALE))
  }
}

/** x held between two bounds, NaN as it is. */
// @ts-ignore: decorator
@inline
function bounded(x: v128, least: v128, most: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, least), most)
}

/** Aᵀ m: n numbers in, n + 1 − size out; those of a column plus the vector at `start`, held between bounds. */
// @ts-ignore: decorator
@inline
function mapLineOf(
  size: i32, n: i32, rows: bool, base: usize, table: usize, line: usize, start: usize, least: f32, most: f32,
): void {
  const tile = n + 1 - size
  const from0 = source(rows, base, table, line, 0)
  const s0 = v128.load(from0)
  const from1 = source(rows, base, table, line, 1)
  const s1 = v128.load(from1)
  const from2 = source(rows, base, table, line, 2)
  const s2 = v128.load(from2)
  const from3 = source(rows, base, table, line, 3)
  const s3 = v128.load(from3)
  const from4 = source(rows, base, table, line, 4)
  const s4 = v128.load(from4)
  const from5 = source(rows, base, table, line, 5)
  const s5 = v128.load(from5)
  const p = f32x4.add(s1, s2)
  const q = f32x4.sub(s1, s2)
  const r = f32x4.add(s3, s4)
  const w = f32x4.sub(s3, s4)
  let y0 = f32x4.add(f32x4.add(s0, p), r)
  let y1 = timesAdd(w, 2, q)
  let y2 = timesAdd(r, 4, p)
  let y3 = timesAdd(w, 8, q)
  let y4 = timesAdd(r, 16, p)
  let y5 = timesAdd(w, 32, q)
  if (n > 6) {
    const from6 = source(rows, base, table, line, 6)
    const s6 = v128.load(from6)
    let even = s6
    let odd = s6
    if (n > 7) {
      const from7 = source(rows, base, table, line, 7)
      const s7 = v128.load(from7)
      even = f32x4.add(s6, s7)
      odd = f32x4.sub(s6, s7)
    }
    y0 = f32x4.add(y0, even)
    y1 = timesAdd(odd, 0.5, y1)
    y2 = timesAdd(even, 0.25, y2)
    y3 = timesAdd(odd, 0.125, y3)
    y4 = timesAdd(even, 0.0625, y4)
    y5 = timesAdd(odd, 0.03125, y5)
  }
  if (tile == 2) y1 = f32x4.add(y1, s5)
  if (tile == 3) y2 = f32x4.add(y2, s5)
  if (tile == 4) y3 = f32x4.add(y3, s5)
  if (tile == 5) y4 = f32x4.add(y4, s5)
  if (tile == 6) y5 = f32x4.add(y5, s5)
  if (rows) {
    v128.store(line, y0)
    v128.store(line, y1, 16)
    if (tile > 2) v128.store(line, y2, 32)
    if (tile > 3) v128.store(line, y3, 48)
    if (tile > 4) v128.store(line, y4, 64)
    if (tile > 5) v128.store(line, y5, 80)
    return
  }
  const first = v128.load(start)
  const low = f32x4.splat(least)
  const high = f32x4.splat(most)
  const to0 = base + <usize>load<u32>(table, 0)
  v128.store(to0, bounded(f32x4.add(y0, first), low, high))
  const to1 = base + <usize>load<u32>(table, 32)
  v128.store(to1, bounded(f32x4.add(y1, first), low, high))
  if (tile > 2) {
    const to2 = base + <usize>load<u32>(table, 64)
    v128.store(to2, bounded(f32x4.add(y2, first), low, high))
  }
  if (tile > 3) {
    const to3 = base + <usize>load<u32>(table, 96)
    v128.store(to3, bounded(f32x4.add(y3, first), low, high))
  }
  if (tile > 4) {
    const to4 = base + <usize>load<u32>(table, 128)
    v128.store(to4, bounded(f32x4.add(y4, first), low, high))
  }
  if (tile > 5) {
    const to5 = base + <usize>load<u32>(table, 160)
    v128.store(to5, bounded(f32x4.add(y5, first), low, high))
  }
}

/** A y, the transpose of mapLine. */
// @ts-ignore: decorator
@inline
function mapGradientLineOf(size: i32, n: i32, rows: bool, base: usize, table: usize, line: usize): void {
  const tile = n + 1 - size
  const from0 = source(rows, base, table, line, 0)
  const y0 = v128.load(from0)
  const from1 = source(rows, base, table, line, 1)
  const y1 = v128.load(from1)
  let even = y0
  let odd = y1
  let evenTwo = y0
  let oddTwo = times(y1, 2)
  let evenHalf = y0
  let oddHalf = times(y1, 0.5)
  let last = y1
  if (tile > 2) {
    const from2 = source(rows, base, table, line, 2)
    const y2 = v128.load(from2)
    even = f32x4.add(even, y2)
    evenTwo = timesAdd(y2, 4, evenTwo)
    evenHalf = timesAdd(y2, 0.25, evenHalf)
    last = y2
  }
  if (tile > 3) {
    const from3 = source(rows, base, table, line, 3)
    const y3 = v128.load(from3)
    odd = f32x4.add(odd, y3)
    oddTwo = timesAdd(y3, 8, oddTwo)
    oddHalf = timesAdd(y3, 0.125, oddHalf)
    last = y3
  }
  if (tile > 4) {
    const from4 = source(rows, base, table, line, 4)
    const y4 = v128.load(from4)
    even = f32x4.add(even, y4)
    evenTwo = timesAdd(y4, 16, evenTwo)
    evenHalf = timesAdd(y4, 0.0625, evenHalf)
    last = y4
  }
  if (tile > 5) {
    const from5 = source(rows, base, table, line, 5)
    const y5 = v128.load(from5)
    odd = f32x4.add(odd, y5)
    oddTwo = timesAdd(y5, 32, oddTwo)
    oddHalf = timesAdd(y5, 0.03125, oddHalf)
    last = y5
  }
  const to0 = target(rows, base, table, line, 0)
  const to1 = target(rows, base, table, line, 1)
  const to2 = target(rows, base, table, line, 2)
  const to3 = target(rows, base, table, line, 3)
  const to4 = target(rows, base, table, line, 4)
  const to5 = target(rows, base, table, line, 5)
  v128.store(to0, y0)
  v128.store(to1, f32x4.add(even, odd))
  v128.store(to2, f32x4.sub(even, odd))
  v128.store(to3, f32x4.add(evenTwo, oddTwo))
  v128.store(to4, f32x4.sub(evenTwo, oddTwo))
  v128.store(to5, last)
  if (n > 6) {
    const to6 = target(rows, base, table, line, 6)
    v128.store(to6, f32x4.add(evenHalf, oddHalf))
  }
  if (n > 7) {
    const to7 = target(rows, base, table, line, 7)
    v128.store(to7, f32x4.sub(evenHalf, oddHalf))
  }
}

/** Gᵀ u, the transpose of filterLine. */
// @ts-ignore: decorator
@inline
function filterGradientLineOf(size: i32, n: i32, rows: bool, base: usize, step: usize, table: usize, line: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const from0 = source(rows, base, table, line, 0)
  const u0 = v128.load(from0)
  const from1 = source(rows, base, table, line, 1)
  const u1 = v128.load(from1)
  const from2 = source(rows, base, table, line, 2)
  const u2 = v128.load(from2)
  const from3 = source(rows, base, table, line, 3)
  const u3 = v128.load(from3)
  const from4 = source(rows, base, table, line, 4)
  const u4 = v128.load(from4)
  const from5 = source(rows, base, table, line, 5)
  const u5 = v128.load(from5)
  const even = times(f32x4.add(u1, u2), sixth)
  const odd = times(f32x4.sub(u1, u2), sixth)
  const evenTwo = times(f32x4.add(u3, u4), 1.0 / 24.0)
  const oddTwo = times(f32x4.sub(u3, u4), 1.0 / 24.0)
  let evenHalf = f32x4.splat(0)
  let oddHalf = f32x4.splat(0)
  if (n > 6) {
    const from6 = source(rows, base, table, line, 6)
    const u6 = v128.load(from6)
    evenHalf = times(u6, HALF_SCALE)
    oddHalf = evenHalf
    if (n > 7) {
      const from7 = source(rows, base, table, line, 7)
      const u7 = v128.load(from7)
      evenHalf = times(f32x4.add(u6, u7), HALF_SCALE)
      oddHalf = times(f32x4.sub(u6, u7), HALF_SCALE)
    }
  }
  let g0 = timesAdd(u0, 0.25, f32x4.add(even, evenTwo))
  let g1 = timesAdd(oddTwo, 2, odd)
  let g2 = timesAdd(evenTwo, 4, even)
  let g3 = timesAdd(oddTwo, 8, odd)
  let g4 = timesAdd(evenTwo, 16, even)
  if (n > 6) {
    g0 = f32x4.add(g0, evenHalf)
    g1 = timesAdd(oddHalf, 0.5, g1)
    g2 = timesAdd(evenHalf, 0.25, g2)
    g3 = timesAdd(oddHalf, 0.125, g3)
    g4 = timesAdd(evenHalf, 0.0625, g4)
  }
  const to0 = rows ? target(true, 0, 0, line, 0) : base + 0 * step
  const to1 = rows ? target(true, 0, 0, line, 1) : base + 1 * step
  const to2 = rows ? target(true, 0, 0, line, 2) : base + 2 * step
  v128.store(to0, g0)
  v128.store(to1, g1)
  if (size == 3) {
    v128.store(to2, f32x4.add(g2, u5))
  } else {
    v128.store(to2, g2)
    const to3 = rows ? target(true, 0, 0, line, 3) : base + 3 * step
    const to4 = rows ? target(true, 0, 0, line, 4) : base + 4 * step
    v128.store(to3, g3)
    v128.store(to4, f32x4.add(g4, u5))
  }
}

export function pictureRow(n: i32, base: usize, table: usize, line: usize): void {
  if (n == 6) pictureLineOf(6, true, base, table, line)
  else if (n == 7) pictureLineOf(7, true, base, table, line)
  else pictureLineOf(8, true, base, table, line)
}

export function pictureColumn(n: i32, line: usize, base: usize, table: usize): void {
  if (n == 6) pictureLineOf(6, false, base, table, line)
  else if (n == 7) pictureLineOf(7, false, base, table, line)
  else pictureLineOf(8, false, base, table, line)
}

export function filterRow(size: i32, n: i32, base: usize, step: usize, line: usize): void {
  if (size == 3) {
    if (n == 6) filterLineOf(3, 6, true, base, step, 0, line)
    else if (n == 7) filterLineOf(3, 7, true, base, step, 0, line)
    else filterLineOf(3, 8, true, base, step, 0, line)
  } else {
    if (n == 6) filterLineOf(5, 6, true, base, step, 0, line)
    else if (n == 7) filterLineOf(5, 7, true, base, step, 0, line)
    else filterLineOf(5, 8, true, base, step, 0, line)
  }
}

export function filterColumn(size: i32, n: i32, line: usize, base: usize, table: usize): void {
  if (size == 3) {
    if (n == 6) filterLineOf(3, 6, false, base, 0, table, line)
    else if (n == 7) filterLineOf(3, 7, false, base, 0, table, line)
    else filterLineOf(3, 8, false, base, 0, table, line)
  } else {
    if (n == 6) filterLineOf(5, 6, false, base, 0, table, line)
    else if (n == 7) filterLineOf(5, 7, false, base, 0, table, line)
    else filterLineOf(5, 8, false, base, 0, table, line)
  }
}

export function mapRow(size: i32, n: i32, base: usize, table: usize, line: usize): void {
  if (size == 3) {
    if (n == 6) mapLineOf(3, 6, true, base, table, line, 0, 0, 0)
    else if (n == 7) mapLineOf(3, 7, true, base, table, line, 0, 0, 0)
    else mapLineOf(3, 8, true, base, table, line, 0, 0, 0)
  } else {
    if (n == 6) mapLineOf(5, 6, true, base, table, line, 0, 0, 0)
    else if (n == 7) mapLineOf(5, 7, true, base, table, line, 0, 0, 0)
    else mapLineOf(5, 8, true, base, table, line, 0, 0, 0)
  }
}

export function mapColumn(
  size: i32, n: i32, line: usize, base: usize, table: usize, start: usize, least: f32, most: f32,
): void {
  if (size == 3) {
    if (n == 6) mapLineOf(3, 6, false, base, table, line, start, least, most)
    else if (n == 7) mapLineOf(3, 7, false, base, table, line, start, least, most)
    else mapLineOf(3, 8, false, base, table, line, start, least, most)
  } else {
    if (n == 6) mapLineOf(5, 6, false, base, table, line, start, least, most)
    else if (n == 7) mapLineOf(5, 7, false, base, table, line, start, least, most)
    else mapLineOf(5, 8, false, base, table, line, start, least, most)
  }
}

export function mapGradientRow(size: i32, n: i32, base: usize, table: usize, line: usize): void {
  if (size == 3) {
    if (n == 6) mapGradientLineOf(3, 6, true, base, table, line)
    else if (n == 7) mapGradientLineOf(3, 7, true, base, table, line)
    else mapGradientLineOf(3, 8, true, base, table, line)
  } else {
    if (n == 6) mapGradientLineOf(5, 6, true, base, table, line)
    else if (n == 7) mapGradientLineOf(5, 7, true, base, table, line)
    else mapGradientLineOf(5, 8, true, base, table, line)
  }
}

export function mapGradientColumn(size: i32, n: i32, line: usize, base: usize, table: usize): void {
  if (size == 3) {
    if (n == 6) mapGradientLineOf(3, 6, false, base, table, line)
    else if (n == 7) mapGradientLineOf(3, 7, false, base, table, line)
    else mapGradientLineOf(3, 8, false, base, table, line)
  } else {
    if (n == 6) mapGradientLineOf(5, 6, false, base, table, line)
    else if (n == 7) mapGradientLineOf(5, 7, false, base, table, line)
    else mapGradientLineOf(5, 8, false, base, table, line)
  }
}

export function filterGradientRow(size: i32, n: i32, base: usize, table: usize, line: usize): void {
  if (size == 3) {
    if (n == 6) filterGradientLineOf(3, 6, true, base, 0, table, line)
    else if (n == 7) filterGradientLineOf(3, 7, true, base, 0, table, line)
    else filterGradientLineOf(3, 8, true, base, 0, table, line)
  } else {
    if (n == 6) filterGradientLineOf(5, 6, true, base, 0, table, line)
    else if (n == 7) filterGradientLineOf(5, 7, true, base, 0, table, line)
    else filterGradientLineOf(5, 8, true, base, 0, table, line)
  }
}

export function filterGradientColumn(size: i32, n: i32, line: usize, base: usize, step: usize): void {
  if (size == 3) {
    if (n == 6) filterGradientLineOf(3, 6, false, base, step, 0, line)
    else if (n == 7) filterGradientLineOf(3, 7, false, base, step, 0, line)
    else filterGradientLineOf(3, 8, false, base, step, 0, line)
  } else {
    if (n == 6) filterGradientLineOf(5, 6, false, base, step, 0, line)
    else if (n == 7) filterGradientLineOf(5, 7, false, base, step, 0, line)
    else filterGradientLineOf(5, 8, false, base, step, 0, line)
  }
}
