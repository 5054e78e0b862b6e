// The product of very few rows with a large row-major matrix: a fully connected layer of one picture. It
// is bound by reading the matrix once, so nothing is packed: a task takes a strip of columns and walks
// down the matrix eight rows at a time, its sums waiting in the cache.

import { multiplyAdd } from './vector'
import { RELU, RELU6 } from '../micro-kernel'

@unmanaged
export class ThinProductParameters {
  left: u32
  right: u32
  result: u32
  /** A row of columns floats that every sum starts from, or 0. */
  start: u32
  rows: i32
  columns: i32
  depth: i32
  leftStride: i32
  rightStride: i32
  resultStride: i32
  taskColumns: i32
  activation: i32
}

export function thinProduct(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ThinProductParameters>(parameters)
  const column0 = task * p.taskColumns
  const columns = min(p.taskColumns, p.columns - column0)
  const bytes = <usize>columns << 2
  const rightBytes = <usize>p.rightStride << 2
  for (let row = 0; row < p.rows; row++) {
    const result = resultRow(p, row, column0)
    if (p.start) memory.copy(result, <usize>p.start + (<usize>column0 << 2), bytes)
    else memory.fill(result, 0, bytes)
  }
  const right = <usize>p.right + (<usize>column0 << 2)
  let k = 0
  for (; k + 8 <= p.depth; k += 8) {
    const b = right + <usize>k * rightBytes
    for (let row = 0; row < p.rows; row++) {
      eightRows(resultRow(p, row, column0), leftElement(p, row, k), b, rightBytes, bytes)
    }
  }
  for (; k < p.depth; k++) {
    const b = right + <usize>k * rightBytes
    for (let row = 0; row < p.rows; row++) {
      const result = resultRow(p, row, column0)
      const a = load<f32>(leftElement(p, row, k))
      for (let at: usize = 0; at < bytes; at += 4) {
        store<f32>(result + at, load<f32>(result + at) + a * load<f32>(b + at))
      }
    }
  }
  if (p.activation & RELU) {
    const ceiling: f32 = p.activation & RELU6 ? 6 : Infinity
    for (let row = 0; row < p.rows; row++) {
      const result = resultRow(p, row, column0)
      for (let at: usize = 0; at < bytes; at += 4) {
        store<f32>(result + at, min(ceiling, max(<f32>0, load<f32>(result + at))))
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function resultRow(p: ThinProductParameters, row: i32, column: i32): usize {
  return <usize>p.result + ((<usize>row * <usize>p.resultStride + <usize>column) << 2)
}

// @ts-ignore: decorator
@inline
function leftElement(p: ThinProductParameters, row: i32, k: i32): usize {
  return <usize>p.left + ((<usize>row * <usize>p.leftStride + <usize>k) << 2)
}

/** result += a[0..8) · eight rows of b. */
function eightRows(result: usize, a: usize, b: usize, rowBytes: usize, bytes: usize): void {
  const a0 = v128.load_splat<f32>(a)
  const a1 = v128.load_splat<f32>(a, 4)
  const a2 = v128.load_splat<f32>(a, 8)
  const a3 = v128.load_splat<f32>(a, 12)
  const a4 = v128.load_splat<f32>(a, 16)
  const a5 = v128.load_splat<f32>(a, 20)
  const a6 = v128.load_splat<f32>(a, 24)
  const a7 = v128.load_splat<f32>(a, 28)
  const b1 = b + rowBytes
  const b2 = b1 + rowBytes
  const b3 = b2 + rowBytes
  const b4 = b3 + rowBytes
  const b5 = b4 + rowBytes
  const b6 = b5 + rowBytes
  const b7 = b6 + rowBytes
  let at: usize = 0
  for (; at + 16 <= bytes; at += 16) {
    let sum = multiplyAdd(a0, v128.load(b + at), v128.load(result + at))
    let other = f32x4.mul(a1, v128.load(b1 + at))
    sum = multiplyAdd(a2, v128.load(b2 + at), sum)
    other = multiplyAdd(a3, v128.load(b3 + at), other)
    sum = multiplyAdd(a4, v128.load(b4 + at), sum)
    other = multiplyAdd(a5, v128.load(b5 + at), other)
    sum = multiplyAdd(a6, v128.load(b6 + at), sum)
    other = multiplyAdd(a7, v128.load(b7 + at), other)
    v128.store(result + at, f32x4.add(sum, other))
  }
  for (; at < bytes; at += 4) {
    let sum = load<f32>(result + at)
    for (let k: usize = 0; k < 8; k++) sum += load<f32>(a + (k << 2)) * load<f32>(b + k * rowBytes + at)
    store<f32>(result + at, sum)
  }
}
