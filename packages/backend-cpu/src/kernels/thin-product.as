// The product of very few rows with a large row-major matrix: a fully connected layer of one picture. It
// is bound by reading the matrix once, so nothing is packed and every task reads one piece of memory from end
// to end, eight rows at a time, its sums waiting in the cache; the tasks' sums are then added.

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
  /** Rows of the matrix that a task of `thinProduct` adds up. */
  taskDepth: i32
  /** The tasks' sums, [task, row, column]. */
  partial: u32
  activation: i32
}

/** Task = some rows of the matrix, whole: they are one piece of memory, read from end to end. */
export function thinProduct(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ThinProductParameters>(parameters)
  const bytes = <usize>p.columns << 2
  const rightBytes = <usize>p.rightStride << 2
  const sums = <usize>p.partial + <usize>task * <usize>p.rows * bytes
  memory.fill(sums, 0, <usize>p.rows * bytes)
  let k = task * p.taskDepth
  const end = min(p.depth, k + p.taskDepth)
  for (; k + 8 <= end; k += 8) {
    const b = <usize>p.right + <usize>k * rightBytes
    for (let row = 0; row < p.rows; row++) {
      eightRows(sums + <usize>row * bytes, leftElement(p, row, k), b, rightBytes, bytes)
    }
  }
  for (; k < end; k++) {
    const b = <usize>p.right + <usize>k * rightBytes
    for (let row = 0; row < p.rows; row++) {
      const sum = sums + <usize>row * bytes
      const a = load<f32>(leftElement(p, row, k))
      for (let at: usize = 0; at < bytes; at += 4) {
        store<f32>(sum + at, load<f32>(sum + at) + a * load<f32>(b + at))
      }
    }
  }
}

/** Task = a row of the result: adds up the `pieces` of it, in their order. */
export function thinSums(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ThinProductParameters>(parameters)
  const bytes = <usize>p.columns << 2
  const result = <usize>p.result + ((<usize>task * <usize>p.resultStride) << 2)
  const pieces = (p.depth + p.taskDepth - 1) / p.taskDepth
  const step = <usize>p.rows * bytes
  const from = <usize>p.partial + <usize>task * bytes
  const last = from + <usize>pieces * step
  const ceiling: f32 = p.activation & RELU6 ? 6 : Infinity
  let at: usize = 0
  for (; at + 16 <= bytes; at += 16) {
    let sum = p.start ? v128.load(<usize>p.start + at) : f32x4.splat(0)
    for (let piece = from; piece < last; piece += step) {
      sum = f32x4.add(sum, v128.load(piece + at))
    }
    if (p.activation & RELU) {
      sum = f32x4.min(f32x4.splat(ceiling), f32x4.max(f32x4.splat(0), sum))
    }
    v128.store(result + at, sum)
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = p.start ? load<f32>(<usize>p.start + at) : 0
    for (let piece = from; piece < last; piece += step) sum += load<f32>(piece + at)
    if (p.activation & RELU) sum = min(ceiling, max(<f32>0, sum))
    store<f32>(result + at, sum)
  }
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
