// Softmax of rows: e to the power of each number less the row's largest, divided by their sum, which is taken in
// float64. A row with a NaN, or with an infinity, is NaN, as the formula has it.

import { exponential } from './elementwise'

@unmanaged
export class SoftmaxParameters {
  x: u32
  result: u32
  rows: i32
  columns: i32
  taskRows: i32
}

export function softmax(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<SoftmaxParameters>(parameters)
  const row1 = min(p.rows, (task + 1) * p.taskRows)
  const bytes = <usize>p.columns << 2
  for (let row = task * p.taskRows; row < row1; row++) {
    const x = <usize>p.x + <usize>row * bytes
    const result = <usize>p.result + <usize>row * bytes
    let largest: f32 = -Infinity
    for (let at: usize = 0; at < bytes; at += 4) largest = max(largest, load<f32>(x + at))
    const shift = f32x4.splat(largest)
    let sums = f64x2.splat(0)
    let at: usize = 0
    for (; at + 16 <= bytes; at += 16) {
      const power = exponential(f32x4.sub(v128.load(x + at), shift))
      v128.store(result + at, power)
      const low = f64x2.promote_low_f32x4(power)
      const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(power, power, 2, 3, 2, 3))
      sums = f64x2.add(sums, f64x2.add(low, high))
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
    for (; at < bytes; at += 4) {
      const power = exponential(f32x4.sub(v128.load_splat<f32>(x + at), shift))
      v128.store_lane<f32>(result + at, power, 0)
      sum += <f64>f32x4.extract_lane(power, 0)
    }
    const divisor = f32x4.splat(<f32>sum)
    for (at = 0; at + 16 <= bytes; at += 16) v128.store(result + at, f32x4.div(v128.load(result + at), divisor))
    for (; at < bytes; at += 4) {
      v128.store_lane<f32>(result + at, f32x4.div(v128.load_splat<f32>(result + at), divisor), 0)
    }
  }
}
