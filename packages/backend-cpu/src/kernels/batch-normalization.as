// Batch normalisation with means and variances that are given: one pass, (x − mean) · scale + offset, each of them
// one number a channel. The difference comes first: what a large mean would cost in digits, a product before it would.

import { multiplyAdd } from './vector'

@unmanaged
export class BatchNormalizationParameters {
  x: u32
  result: u32
  /** Three rows of channels: means, scales, offsets. */
  coefficients: u32
  rows: i32
  channels: i32
  taskRows: i32
}

export function batchNormalization(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<BatchNormalizationParameters>(parameters)
  const row0 = task * p.taskRows
  const row1 = min(p.rows, row0 + p.taskRows)
  const bytes = <usize>p.channels << 2
  const mean = <usize>p.coefficients
  const scale = mean + bytes
  const offset = scale + bytes
  for (let row = row0; row < row1; row++) {
    const x = <usize>p.x + <usize>row * bytes
    const result = <usize>p.result + <usize>row * bytes
    let at: usize = 0
    for (; at + 16 <= bytes; at += 16) {
      const difference = f32x4.sub(v128.load(x + at), v128.load(mean + at))
      v128.store(result + at, multiplyAdd(difference, v128.load(scale + at), v128.load(offset + at)))
    }
    for (; at < bytes; at += 4) {
      const difference = f32x4.sub(v128.load_splat<f32>(x + at), v128.load_splat<f32>(mean + at))
      const value = multiplyAdd(difference, v128.load_splat<f32>(scale + at), v128.load_splat<f32>(offset + at))
      v128.store_lane<f32>(result + at, value, 0)
    }
  }
}
