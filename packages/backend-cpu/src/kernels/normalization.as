// Local response normalisation across channels and its gradient (Krizhevsky et al. 2012, section 3.3):
//   s = bias + alpha · Σ x² over 2 · radius + 1 channels,   y = x · s^(−beta)
//   dx = dy · s^(−beta) − 2 · alpha · beta · x · Σ dy · y / s  over the same window
// beta is 0.75, 0.5 or 1, whose powers are square roots; other values are tfjs's.

import { normalizeLine, ownGradientLine, windowGradientLine } from './normalization-lines'
import { powerOf } from './vector'
import { VECTOR } from '../micro-kernel'

/**
 * Pixels whose shares of the gradient are computed before their windows are summed: a window read at once would
 * wait for what is still being stored.
 */
export const NORMALIZATION_BLOCK: i32 = 8

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
  /** For each worker: the masks, and NORMALIZATION_BLOCK rows of shares; each channels + 2 · radius floats and some. */
  scratch: u32
  scratchBytes: u32
  rowBytes: u32
}

/** Bytes of the channels that are whole vectors. */
// @ts-ignore: decorator
@inline
function wholeBytes(p: NormalizationParameters): usize {
  return (<usize>p.channels << 2) & ~(<usize>VECTOR - 1)
}

/** Clears a row and sets its channels to a pattern of bits. */
function fillRow(p: NormalizationParameters, row: usize, bits: i32): void {
  memory.fill(row, 0, <usize>p.rowBytes)
  const inner = row + (<usize>p.radius << 2)
  for (let c = 0; c < p.channels; c++) store<i32>(inner + (<usize>c << 2), bits)
}

/** s of a channel. */
function scaleOf(p: NormalizationParameters, x: usize, channel: i32): f32 {
  let sum: f32 = 0
  for (let c = max(0, channel - p.radius), last = min(p.channels - 1, channel + p.radius); c <= last; c++) {
    const value = load<f32>(x + (<usize>c << 2))
    sum += value * value
  }
  return p.bias + p.alpha * sum
}

/** s^(−beta). */
// @ts-ignore: decorator
@inline
function powerOfScale(p: NormalizationParameters, s: f32): f32 {
  return f32x4.extract_lane(powerOf(f32x4.splat(s), -p.betaQuarters), 0)
}

export function normalize(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<NormalizationParameters>(parameters)
  const masks = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const pixel1 = min(p.pixels, (task + 1) * p.taskPixels)
  const whole = wholeBytes(p)
  fillRow(p, masks, -1)
  for (let pixel = task * p.taskPixels; pixel < pixel1; pixel++) {
    const offset = <usize>pixel * <usize>p.channels << 2
    const x = <usize>p.x + offset
    const result = <usize>p.result + offset
    normalizeLine(p.betaQuarters, x, result, masks, p.radius, p.bias, p.alpha, whole)
    for (let c = <i32>(whole >> 2); c < p.channels; c++) {
      const at = <usize>c << 2
      store<f32>(result + at, load<f32>(x + at) * powerOfScale(p, scaleOf(p, x, c)))
    }
  }
}

export function normalizeGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<NormalizationParameters>(parameters)
  const masks = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const rows = masks + <usize>p.rowBytes
  const before = <usize>p.radius << 2
  const pixel1 = min(p.pixels, (task + 1) * p.taskPixels)
  const factor: f32 = <f32>-0.5 * p.alpha * <f32>p.betaQuarters
  const whole = wholeBytes(p)
  fillRow(p, masks, -1)
  for (let i = 0; i < NORMALIZATION_BLOCK; i++) fillRow(p, rows + <usize>i * <usize>p.rowBytes, 0)
  for (let first = task * p.taskPixels; first < pixel1; first += NORMALIZATION_BLOCK) {
    const last = min(pixel1, first + NORMALIZATION_BLOCK)
    let row = rows
    for (let pixel = first; pixel < last; pixel++) {
      const offset = <usize>pixel * <usize>p.channels << 2
      const x = <usize>p.x + offset
      const y = <usize>p.y + offset
      const dy = <usize>p.dy + offset
      const result = <usize>p.result + offset
      ownGradientLine(p.betaQuarters, x, y, dy, result, row + before, masks, p.radius, p.bias, p.alpha, whole)
      for (let c = <i32>(whole >> 2); c < p.channels; c++) {
        const at = <usize>c << 2
        const s = scaleOf(p, x, c)
        const gradient = load<f32>(dy + at)
        store<f32>(row + before + at, gradient * load<f32>(y + at) / s)
        store<f32>(result + at, gradient * powerOfScale(p, s))
      }
      row += <usize>p.rowBytes
    }
    row = rows
    for (let pixel = first; pixel < last; pixel++) {
      const offset = <usize>pixel * <usize>p.channels << 2
      const x = <usize>p.x + offset
      const result = <usize>p.result + offset
      windowGradientLine(x, result, row, p.radius, factor, whole)
      for (let c = <i32>(whole >> 2); c < p.channels; c++) {
        const at = <usize>c << 2
        let sum: f32 = 0
        for (let j: usize = 0; j <= 2 * before; j += 4) sum += load<f32>(row + at + j)
        store<f32>(result + at, load<f32>(result + at) + factor * load<f32>(x + at) * sum)
      }
      row += <usize>p.rowBytes
    }
  }
}
