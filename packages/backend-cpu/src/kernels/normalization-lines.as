// Local response normalisation of the channels of one pixel, and its gradient in two steps; what they are for is
// said in normalization.as. Lines are written for paired-vectors.ts: a statement on vectors is one line. `end` is
// the bytes of as many channels as are whole vectors. A row of masks, all ones for channels that there are, lets
// windows reach over the ends: it begins `radius` channels before the first.

import { multiplyAdd, powerOf } from './vector'
import { VECTOR } from '../micro-kernel'

// @ts-ignore: decorator
@inline
function normalizeBy(
  quarters: i32, x: usize, result: usize, masks: usize, radius: i32, bias: f32, alpha: f32, end: usize,
): void {
  const start = f32x4.splat(bias)
  const factor = f32x4.splat(alpha)
  for (let at: usize = 0; at < end; at += VECTOR) {
    let near = x + at - (<usize>radius << 2)
    let mask = masks + at
    let sum = f32x4.splat(0)
    for (let j = -radius; j <= radius; j++) {
      const all = v128.load(near)
      const there = v128.load(mask)
      const value = v128.and(all, there)
      sum = multiplyAdd(value, value, sum)
      near += 4
      mask += 4
    }
    const s = multiplyAdd(sum, factor, start)
    const power = powerOf(s, -quarters)
    const here = v128.load(x + at)
    v128.store(result + at, f32x4.mul(here, power))
  }
}

/** y = x · s^(−quarters / 4). */
export function normalizeLine(
  quarters: i32, x: usize, result: usize, masks: usize, radius: i32, bias: f32, alpha: f32, end: usize,
): void {
  if (quarters == 3) normalizeBy(3, x, result, masks, radius, bias, alpha, end)
  else if (quarters == 2) normalizeBy(2, x, result, masks, radius, bias, alpha, end)
  else normalizeBy(4, x, result, masks, radius, bias, alpha, end)
}

// @ts-ignore: decorator
@inline
function ownGradientBy(
  quarters: i32, x: usize, y: usize, dy: usize, result: usize, shares: usize, masks: usize, radius: i32, bias: f32,
  alpha: f32, end: usize,
): void {
  const start = f32x4.splat(bias)
  const factor = f32x4.splat(alpha)
  for (let at: usize = 0; at < end; at += VECTOR) {
    let near = x + at - (<usize>radius << 2)
    let mask = masks + at
    let sum = f32x4.splat(0)
    for (let j = -radius; j <= radius; j++) {
      const all = v128.load(near)
      const there = v128.load(mask)
      const value = v128.and(all, there)
      sum = multiplyAdd(value, value, sum)
      near += 4
      mask += 4
    }
    const s = multiplyAdd(sum, factor, start)
    const power = powerOf(s, -quarters)
    const gradient = v128.load(dy + at)
    const output = v128.load(y + at)
    v128.store(shares + at, f32x4.div(f32x4.mul(gradient, output), s))
    v128.store(result + at, f32x4.mul(gradient, power))
  }
}

/** dy · s^(−quarters / 4) into result, and dy · y / s into shares. */
export function ownGradientLine(
  quarters: i32, x: usize, y: usize, dy: usize, result: usize, shares: usize, masks: usize, radius: i32, bias: f32,
  alpha: f32, end: usize,
): void {
  if (quarters == 3) ownGradientBy(3, x, y, dy, result, shares, masks, radius, bias, alpha, end)
  else if (quarters == 2) ownGradientBy(2, x, y, dy, result, shares, masks, radius, bias, alpha, end)
  else ownGradientBy(4, x, y, dy, result, shares, masks, radius, bias, alpha, end)
}

/** Adds factor · x · Σ shares over the window; shares begins `radius` channels before the first. */
export function windowGradientLine(x: usize, result: usize, shares: usize, radius: i32, factor: f32, end: usize): void {
  const times = f32x4.splat(factor)
  for (let at: usize = 0; at < end; at += VECTOR) {
    let near = shares + at
    let sum = f32x4.splat(0)
    for (let j = -radius; j <= radius; j++) {
      const share = v128.load(near)
      sum = f32x4.add(sum, share)
      near += 4
    }
    const here = v128.load(x + at)
    const scaled = f32x4.mul(times, here)
    const old = v128.load(result + at)
    v128.store(result + at, multiplyAdd(scaled, sum, old))
  }
}
