// Local response normalisation across channels and its gradient (Krizhevsky et al. 2012, section 3.3):
//   s = bias + alpha · Σ x² over 2 · radius + 1 channels,   y = x · s^(−beta)
//   dx = dy · s^(−beta) − 2 · alpha · beta · x · Σ dy · y / s  over the same window
// beta is 0.75, 0.5 or 1, whose powers are square roots; other values are tfjs's.

import { powerOf } from './vector'

@unmanaged
export class NormalizationParameters {
  x: u32
  y: u32
  dy: u32
  /** y forward, dx backward. */
  result: u32
  pixels: i32
  channels: i32
  radius: i32
  bias: f32
  alpha: f32
  /** 4 · beta: 2, 3 or 4. */
  betaQuarters: i32
  taskPixels: i32
  /** A row of channels + 2 · radius floats (and room to overrun) for each worker, twice. */
  scratch: u32
  scratchBytes: u32
}

/** Sum of the window's 2 · radius + 1 floats, for four neighbouring channels; row starts radius before. */
// @ts-ignore: decorator
@inline
function windowSum(row: usize, radius: i32): v128 {
  let sum = v128.load(row)
  for (let j = 1; j <= 2 * radius; j++) {
    row += 4
    sum = f32x4.add(sum, v128.load(row))
  }
  return sum
}

function clearRow(row: usize, channels: i32, radius: i32): void {
  const end = row + (<usize>(channels + 2 * radius + 8) << 2)
  for (; row < end; row += 4) store<f32>(row, 0)
}

/** Stores 4 floats, or the first `count` of them. */
// @ts-ignore: decorator
@inline
function storeSome(to: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(to, value)
  } else {
    v128.store_lane<f32>(to, value, 0)
    if (count > 1) v128.store_lane<f32>(to, value, 1, 4)
    if (count > 2) v128.store_lane<f32>(to, value, 2, 8)
  }
}

export function normalize(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<NormalizationParameters>(parameters)
  const row = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const inner = row + (<usize>p.radius << 2)
  const pixel1 = min(p.pixels, (task + 1) * p.taskPixels)
  const bias = f32x4.splat(p.bias)
  const alpha = f32x4.splat(p.alpha)
  clearRow(row, p.channels, p.radius)
  for (let pixel = task * p.taskPixels; pixel < pixel1; pixel++) {
    const offset = <usize>pixel * <usize>p.channels << 2
    const x = <usize>p.x + offset
    const result = <usize>p.result + offset
    for (let c = 0; c < p.channels; c += 4) {
      const v = v128.load(x + (<usize>c << 2))
      storeSome(inner + (<usize>c << 2), f32x4.mul(v, v), p.channels - c)
    }
    for (let c = 0; c < p.channels; c += 4) {
      const s = f32x4.add(bias, f32x4.mul(alpha, windowSum(row + (<usize>c << 2), p.radius)))
      const v = f32x4.mul(v128.load(x + (<usize>c << 2)), powerOf(s, -p.betaQuarters))
      storeSome(result + (<usize>c << 2), v, p.channels - c)
    }
  }
}

export function normalizeGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<NormalizationParameters>(parameters)
  const row = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const inner = row + (<usize>p.radius << 2)
  const second = row + (<usize>p.scratchBytes >> 1)
  const secondInner = second + (<usize>p.radius << 2)
  const pixel1 = min(p.pixels, (task + 1) * p.taskPixels)
  const bias = f32x4.splat(p.bias)
  const alpha = f32x4.splat(p.alpha)
  const factor = f32x4.splat(-2 * p.alpha * <f32>p.betaQuarters * 0.25)
  clearRow(row, p.channels, p.radius)
  clearRow(second, p.channels, p.radius)
  for (let pixel = task * p.taskPixels; pixel < pixel1; pixel++) {
    const offset = <usize>pixel * <usize>p.channels << 2
    const x = <usize>p.x + offset
    const y = <usize>p.y + offset
    const dy = <usize>p.dy + offset
    const result = <usize>p.result + offset
    for (let c = 0; c < p.channels; c += 4) {
      const v = v128.load(x + (<usize>c << 2))
      storeSome(inner + (<usize>c << 2), f32x4.mul(v, v), p.channels - c)
    }
    for (let c = 0; c < p.channels; c += 4) {
      const at = <usize>c << 2
      const s = f32x4.add(bias, f32x4.mul(alpha, windowSum(row + at, p.radius)))
      const g = v128.load(dy + at)
      storeSome(secondInner + at, f32x4.div(f32x4.mul(g, v128.load(y + at)), s), p.channels - c)
      storeSome(result + at, f32x4.mul(g, powerOf(s, -p.betaQuarters)), p.channels - c)
    }
    for (let c = 0; c < p.channels; c += 4) {
      const at = <usize>c << 2
      const spread = f32x4.mul(f32x4.mul(factor, v128.load(x + at)), windowSum(second + at, p.radius))
      storeSome(result + at, f32x4.add(v128.load(result + at), spread), p.channels - c)
    }
  }
}
