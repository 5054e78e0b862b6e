// The one-dimensional transforms of Winograd's method for four channels at a time, on n = 6, 7 or 8 points:
//   0, 1, −1, 2, −2, ∞, then ½, then −½.
// The sets are nested and the filter's transform is scaled in the same way in all of them, so tiles of
// different sizes share one transformed filter. A line reads its inputs `fromStep` bytes apart and writes
// six results `toStep` bytes apart and the seventh and eighth at addresses of their own (or the reverse).
// A tile is transformed by applying one to its rows and then to its columns. Which is for what: winograd.as.
// The functions at the end choose among the bodies, each inlined for its number of points and filter size.
//
// For the wide build scripts/paired-vectors.ts writes every statement on a vector twice, once for each half of
// eight channels, which V8 joins: VECTOR is then 32, and offsets given here double. A statement is one line.
//
// With M(x) = Π (x − p) over the finite points and s(p) the filter's scale, Bᵀ has the rows
// M(x) / ((x − p) · M′(p) · s(p)), G the rows s(p) · p^j, A the columns p^i.

import { multiplyAdd } from './vector'
import { RELU, RELU6 } from '../micro-kernel'

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
function pictureLineOf(n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  const d0 = v128.load(from)
  const d1 = v128.load(from + fromStep)
  const d2 = v128.load(from + 2 * fromStep)
  const d3 = v128.load(from + 3 * fromStep)
  const d4 = v128.load(from + 4 * fromStep)
  const d5 = v128.load(from + 5 * fromStep)
  if (n == 6) {
    const a = timesAdd(d2, -4, d4)
    const b = timesAdd(d1, -4, d3)
    const c = f32x4.sub(d4, d2)
    const e = times(f32x4.sub(d3, d1), 2)
    v128.store(to, timesAdd(d0, 4, timesAdd(d2, -5, d4)))
    v128.store(to + toStep, f32x4.add(a, b))
    v128.store(to + 2 * toStep, f32x4.sub(a, b))
    v128.store(to + 3 * toStep, f32x4.add(c, e))
    v128.store(to + 4 * toStep, f32x4.sub(c, e))
    v128.store(to + 5 * toStep, timesAdd(d1, 4, timesAdd(d3, -5, d5)))
    return
  }
  const d6 = v128.load(from + 6 * fromStep)
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
    v128.store(to, timesAdd(d0, 4, timesAdd(infinity, -2, timesAdd(d2, -5, d4))))
    v128.store(to + toStep, timesAdd(f32x4.add(b1, a), 2, f32x4.neg(f32x4.add(a, b))))
    v128.store(to + 2 * toStep, times(timesAdd(f32x4.sub(b1, a), -2, f32x4.sub(a, b)), 1.0 / 3.0))
    v128.store(to + 3 * toStep, times(f32x4.sub(times(timesAdd(c, 2, e1), 2), timesAdd(e, 2, c)), 1.0 / 3.0))
    v128.store(to + 4 * toStep, times(f32x4.sub(timesAdd(e, -2, c), times(timesAdd(c, -2, e1), 2)), 0.2))
    v128.store(to + 5 * toStep, timesAdd(infinity, -0.5, infinity1))
    v128.store(to6, infinity)
    return
  }
  const d7 = v128.load(from + 7 * fromStep)
  const even = f32x4.add(d2, d6)
  const odd = f32x4.add(d1, d5)
  const one = times(timesAdd(d4, -4.25, even), 4.0 / 3.0)
  const oneOdd = times(timesAdd(d3, -4.25, odd), 4.0 / 3.0)
  const two = times(timesAdd(d2, 0.25, timesAdd(d4, -1.25, d6)), 4.0 / 15.0)
  const twoOdd = times(timesAdd(d1, 0.25, timesAdd(d3, -1.25, d5)), 8.0 / 15.0)
  const half = timesAdd(d2, 4, timesAdd(d4, -5, d6))
  const halfOdd = times(timesAdd(d1, 4, timesAdd(d3, -5, d5)), 0.5)
  v128.store(to, timesAdd(f32x4.sub(d0, d6), 4, times(f32x4.sub(d4, d2), 21)))
  v128.store(to + toStep, f32x4.add(one, oneOdd))
  v128.store(to + 2 * toStep, f32x4.sub(one, oneOdd))
  v128.store(to + 3 * toStep, f32x4.add(two, twoOdd))
  v128.store(to + 4 * toStep, f32x4.sub(two, twoOdd))
  v128.store(to + 5 * toStep, timesAdd(f32x4.sub(d3, d5), 5.25, f32x4.sub(d7, d1)))
  v128.store(to6, f32x4.add(half, halfOdd))
  v128.store(to7, f32x4.sub(half, halfOdd))
}

/** G g: size numbers in, n out. */
// @ts-ignore: decorator
@inline
function filterLineOf(size: i32, n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const g0 = v128.load(from)
  const g1 = v128.load(from + fromStep)
  const g2 = v128.load(from + 2 * fromStep)
  let even = f32x4.add(g0, g2)
  let odd = g1
  let evenTwo = timesAdd(g2, 4, g0)
  let oddTwo = times(g1, 2)
  let evenHalf = timesAdd(g2, 0.25, g0)
  let oddHalf = times(g1, 0.5)
  let last = g2
  if (size == 5) {
    const g3 = v128.load(from + 3 * fromStep)
    const g4 = v128.load(from + 4 * fromStep)
    even = f32x4.add(even, g4)
    odd = f32x4.add(odd, g3)
    evenTwo = timesAdd(g4, 16, evenTwo)
    oddTwo = timesAdd(g3, 8, oddTwo)
    evenHalf = timesAdd(g4, 0.0625, evenHalf)
    oddHalf = timesAdd(g3, 0.125, oddHalf)
    last = g4
  }
  v128.store(to, times(g0, 0.25))
  v128.store(to + toStep, times(f32x4.add(even, odd), sixth))
  v128.store(to + 2 * toStep, times(f32x4.sub(even, odd), sixth))
  v128.store(to + 3 * toStep, times(f32x4.add(evenTwo, oddTwo), 1.0 / 24.0))
  v128.store(to + 4 * toStep, times(f32x4.sub(evenTwo, oddTwo), 1.0 / 24.0))
  v128.store(to + 5 * toStep, last)
  if (n > 6) v128.store(to6, times(f32x4.add(evenHalf, oddHalf), HALF_SCALE))
  if (n > 7) v128.store(to7, times(f32x4.sub(evenHalf, oddHalf), HALF_SCALE))
}

/** Aᵀ m: n numbers in, n + 1 − size out. */
// @ts-ignore: decorator
@inline
function mapLineOf(size: i32, n: i32, from: usize, fromStep: usize, from6: usize, from7: usize, to: usize): void {
  const tile = n + 1 - size
  const s0 = v128.load(from)
  const s1 = v128.load(from + fromStep)
  const s2 = v128.load(from + 2 * fromStep)
  const s3 = v128.load(from + 3 * fromStep)
  const s4 = v128.load(from + 4 * fromStep)
  const s5 = v128.load(from + 5 * fromStep)
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
    const s6 = v128.load(from6)
    let even = s6
    let odd = s6
    if (n > 7) {
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
  v128.store(to, y0)
  v128.store(to, tile == 2 ? f32x4.add(y1, s5) : y1, 16)
  if (tile > 2) v128.store(to, tile == 3 ? f32x4.add(y2, s5) : y2, 32)
  if (tile > 3) v128.store(to, tile == 4 ? f32x4.add(y3, s5) : y3, 48)
  if (tile > 4) v128.store(to, tile == 5 ? f32x4.add(y4, s5) : y4, 64)
  if (tile > 5) v128.store(to, f32x4.add(y5, s5), 80)
}

/** A y, the transpose of mapLine. */
// @ts-ignore: decorator
@inline
function mapGradientLineOf(size: i32, n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  const tile = n + 1 - size
  const y0 = v128.load(from)
  const y1 = v128.load(from + fromStep)
  let even = y0
  let odd = y1
  let evenTwo = y0
  let oddTwo = times(y1, 2)
  let evenHalf = y0
  let oddHalf = times(y1, 0.5)
  let last = y1
  if (tile > 2) {
    const y2 = v128.load(from + 2 * fromStep)
    even = f32x4.add(even, y2)
    evenTwo = timesAdd(y2, 4, evenTwo)
    evenHalf = timesAdd(y2, 0.25, evenHalf)
    last = y2
  }
  if (tile > 3) {
    const y3 = v128.load(from + 3 * fromStep)
    odd = f32x4.add(odd, y3)
    oddTwo = timesAdd(y3, 8, oddTwo)
    oddHalf = timesAdd(y3, 0.125, oddHalf)
    last = y3
  }
  if (tile > 4) {
    const y4 = v128.load(from + 4 * fromStep)
    even = f32x4.add(even, y4)
    evenTwo = timesAdd(y4, 16, evenTwo)
    evenHalf = timesAdd(y4, 0.0625, evenHalf)
    last = y4
  }
  if (tile > 5) {
    const y5 = v128.load(from + 5 * fromStep)
    odd = f32x4.add(odd, y5)
    oddTwo = timesAdd(y5, 32, oddTwo)
    oddHalf = timesAdd(y5, 0.03125, oddHalf)
    last = y5
  }
  v128.store(to, y0)
  v128.store(to + toStep, f32x4.add(even, odd))
  v128.store(to + 2 * toStep, f32x4.sub(even, odd))
  v128.store(to + 3 * toStep, f32x4.add(evenTwo, oddTwo))
  v128.store(to + 4 * toStep, f32x4.sub(evenTwo, oddTwo))
  v128.store(to + 5 * toStep, last)
  if (n > 6) v128.store(to6, f32x4.add(evenHalf, oddHalf))
  if (n > 7) v128.store(to7, f32x4.sub(evenHalf, oddHalf))
}

/** Gᵀ u, the transpose of filterLine. */
// @ts-ignore: decorator
@inline
function filterGradientLineOf(size: i32, n: i32, from: usize, fromStep: usize, from6: usize, from7: usize, to: usize, toStep: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const u0 = v128.load(from)
  const u1 = v128.load(from + fromStep)
  const u2 = v128.load(from + 2 * fromStep)
  const u3 = v128.load(from + 3 * fromStep)
  const u4 = v128.load(from + 4 * fromStep)
  const u5 = v128.load(from + 5 * fromStep)
  const even = times(f32x4.add(u1, u2), sixth)
  const odd = times(f32x4.sub(u1, u2), sixth)
  const evenTwo = times(f32x4.add(u3, u4), 1.0 / 24.0)
  const oddTwo = times(f32x4.sub(u3, u4), 1.0 / 24.0)
  let evenHalf = f32x4.splat(0)
  let oddHalf = f32x4.splat(0)
  if (n > 6) {
    const u6 = v128.load(from6)
    evenHalf = times(u6, HALF_SCALE)
    oddHalf = evenHalf
    if (n > 7) {
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
  v128.store(to, g0)
  v128.store(to + toStep, g1)
  if (size == 3) {
    v128.store(to + 2 * toStep, f32x4.add(g2, u5))
  } else {
    v128.store(to + 2 * toStep, g2)
    v128.store(to + 3 * toStep, g3)
    v128.store(to + 4 * toStep, f32x4.add(g4, u5))
  }
}

export function pictureLine(n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  if (n == 6) pictureLineOf(6, from, fromStep, to, toStep, to6, to7)
  else if (n == 7) pictureLineOf(7, from, fromStep, to, toStep, to6, to7)
  else pictureLineOf(8, from, fromStep, to, toStep, to6, to7)
}

export function filterLine(size: i32, n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  if (size == 3) {
    if (n == 6) filterLineOf(3, 6, from, fromStep, to, toStep, to6, to7)
    else if (n == 7) filterLineOf(3, 7, from, fromStep, to, toStep, to6, to7)
    else filterLineOf(3, 8, from, fromStep, to, toStep, to6, to7)
  } else {
    if (n == 6) filterLineOf(5, 6, from, fromStep, to, toStep, to6, to7)
    else if (n == 7) filterLineOf(5, 7, from, fromStep, to, toStep, to6, to7)
    else filterLineOf(5, 8, from, fromStep, to, toStep, to6, to7)
  }
}

export function mapLine(size: i32, n: i32, from: usize, fromStep: usize, from6: usize, from7: usize, to: usize): void {
  if (size == 3) {
    if (n == 6) mapLineOf(3, 6, from, fromStep, from6, from7, to)
    else if (n == 7) mapLineOf(3, 7, from, fromStep, from6, from7, to)
    else mapLineOf(3, 8, from, fromStep, from6, from7, to)
  } else {
    if (n == 6) mapLineOf(5, 6, from, fromStep, from6, from7, to)
    else if (n == 7) mapLineOf(5, 7, from, fromStep, from6, from7, to)
    else mapLineOf(5, 8, from, fromStep, from6, from7, to)
  }
}

export function mapGradientLine(size: i32, n: i32, from: usize, fromStep: usize, to: usize, toStep: usize, to6: usize, to7: usize): void {
  if (size == 3) {
    if (n == 6) mapGradientLineOf(3, 6, from, fromStep, to, toStep, to6, to7)
    else if (n == 7) mapGradientLineOf(3, 7, from, fromStep, to, toStep, to6, to7)
    else mapGradientLineOf(3, 8, from, fromStep, to, toStep, to6, to7)
  } else {
    if (n == 6) mapGradientLineOf(5, 6, from, fromStep, to, toStep, to6, to7)
    else if (n == 7) mapGradientLineOf(5, 7, from, fromStep, to, toStep, to6, to7)
    else mapGradientLineOf(5, 8, from, fromStep, to, toStep, to6, to7)
  }
}

export function filterGradientLine(size: i32, n: i32, from: usize, fromStep: usize, from6: usize, from7: usize, to: usize, toStep: usize): void {
  if (size == 3) {
    if (n == 6) filterGradientLineOf(3, 6, from, fromStep, from6, from7, to, toStep)
    else if (n == 7) filterGradientLineOf(3, 7, from, fromStep, from6, from7, to, toStep)
    else filterGradientLineOf(3, 8, from, fromStep, from6, from7, to, toStep)
  } else {
    if (n == 6) filterGradientLineOf(5, 6, from, fromStep, from6, from7, to, toStep)
    else if (n == 7) filterGradientLineOf(5, 7, from, fromStep, from6, from7, to, toStep)
    else filterGradientLineOf(5, 8, from, fromStep, from6, from7, to, toStep)
  }
}

export function copyVector(to: usize, from: usize): void {
  const value = v128.load(from)
  v128.store(to, value)
}

export function clearVector(to: usize): void {
  const value = f32x4.splat(0)
  v128.store(to, value)
}

/** A vector of the map: plus start (if it is not 0), activated. */
export function finishVector(to: usize, from: usize, start: usize, activation: i32): void {
  let value = v128.load(from)
  if (start) {
    const first = v128.load(start)
    value = f32x4.add(value, first)
  }
  if (activation & RELU) {
    const zero = f32x4.splat(0)
    value = f32x4.max(value, zero)
  }
  if (activation & RELU6) {
    const six = f32x4.splat(6)
    value = f32x4.min(value, six)
  }
  v128.store(to, value)
}
