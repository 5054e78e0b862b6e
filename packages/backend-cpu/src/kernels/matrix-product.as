// One blocked matrix product for everything that is one: fully connected layers, convolutions and all
// of their gradients. It never sees a whole unrolled picture (im2col): it packs, for one task, a block
// of at most `depthBlock` of the shared dimension of both factors straight from where they lie, then
// runs the register micro-kernel over it. What differs between the operations is only which packers
// are used:
//   left  rows        row-major factor                          (x · w)
//         transposed  column-major factor                       (dW = xᵀ · dy)
//         patches     convolution windows of an NHWC picture    (forward)
//         patchesTransposed  the same, transposed               (dW of a convolution)
//         spread      output gradients reaching an input pixel  (dX of a convolution)
//   right rows, transposed, and flipped filters for dX.
// Tasks cut rows and columns of the result, never the sum, so that neither their number nor who runs
// them changes a bit of the result.

import { LEFT_PATCHES_TRANSPOSED, LEFT_TRANSPOSED, MatrixProductParameters, packLeft, packRight } from './packing'
import {
  FIRST, joined, micro_columns, micro_columns_16, micro_rows, micro_rows_16, pairRows, ROW_STRIDE, tileRows,
} from '../micro-kernel'

/** One task of the product; worker picks the scratch memory. */
export function matrixProduct(parameters: usize, job: i32, worker: i32): void {
  const p = changetype<MatrixProductParameters>(parameters)
  const batch = job / p.batchTasks
  const task = job % p.batchTasks
  const leftFactor = <usize>p.left + (<usize>batch * <usize>p.leftBatch << 2)
  const rightFactor = <usize>p.right + (<usize>batch * <usize>p.rightBatch << 2)
  const result = <usize>p.result + (<usize>batch * <usize>p.resultBatch << 2)
  const columnTasks = (p.columns + p.taskColumns - 1) / p.taskColumns
  const column0 = (task % columnTasks) * p.taskColumns
  const row0 = (task / columnTasks) * p.taskRows
  const columns = min(p.taskColumns, p.columns - column0)
  const rows = min(p.taskRows, p.rows - row0)
  const panels = (columns + 7) >> 3
  const transposed = p.leftKind == LEFT_TRANSPOSED || p.leftKind == LEFT_PATCHES_TRANSPOSED

  // Scratch: a tile for ragged columns, the packed right block, the packed left block, patches to turn.
  const tile = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const right = tile + 512
  const depthBlock = min(p.depthBlock, p.depth)
  const panelBytes = <usize>depthBlock * 32 + 64
  const left = right + <usize>panels * panelBytes
  const turn = left + (<usize>(p.rowBlock + tileRows) * <usize>(transposed ? depthBlock : ROW_STRIDE) << 2) + 64

  for (let k0 = 0; k0 < p.depth; k0 += depthBlock) {
    const depth = min(depthBlock, p.depth - k0)
    const flags = (k0 == 0 && !p.accumulate ? FIRST : 0) | (k0 + depth == p.depth ? p.activation : 0)
    packRight(p, rightFactor, right, panelBytes, column0, columns, k0, depth)
    for (let r = 0; r < rows; r += p.rowBlock) {
      const blockRows = min(p.rowBlock, rows - r)
      packLeft(p, leftFactor, left, turn, row0 + r, blockRows, k0, depth)
      multiplyBlock(p, result, transposed, left, right, panelBytes, tile, row0 + r, blockRows, column0, columns, depth, flags)
    }
  }
}

function multiplyBlock(
  p: MatrixProductParameters, product: usize, transposed: bool, left: usize, right: usize, panelBytes: usize, tile: usize,
  row0: i32, rows: i32, column0: i32, columns: i32, depth: i32, flags: i32,
): void {
  const resultBytes = <usize>p.resultStride << 2
  const result = product + <usize>row0 * resultBytes + (<usize>column0 << 2)
  for (let j = 0; j < columns; j += 8) {
    const panel = right + <usize>(j >> 3) * panelBytes
    const start: usize = p.start ? <usize>p.start + (<usize>(column0 + j) << 2) : 0
    const pair = joined && columns - j >= 16
    const most = pair ? pairRows : tileRows
    // Row-major panels may be cut anywhere, so cut them evenly: 32 rows run as 6 6 5 5 5 5 and not as
    // 6 6 6 6 6 2, whose last tile would wait for its own sums. Interleaved panels are cut into tiles that lie
    // together, and each of those evenly.
    const together = transposed ? tileRows : rows
    for (let first = 0; first < rows; first += together) {
      const last = min(rows, first + together)
      const cuts = (last - first + most - 1) / most
      let row = first
      for (let cut = 1; cut <= cuts; cut++) {
        const next = first + ((last - first) * cut) / cuts
        const count = next - row
        const target = result + <usize>row * resultBytes + (<usize>j << 2)
        const a = transposed
          ? left + (<usize>(first * depth + row - first) << 2)
          : left + (<usize>row * <usize>ROW_STRIDE << 2)
        if (pair) {
          if (transposed) micro_columns_16(count, a, panel, panel + panelBytes, depth, target, resultBytes, start, flags)
          else micro_rows_16(count, a, panel, panel + panelBytes, depth, target, resultBytes, start, flags)
        } else if (columns - j >= 8) {
          if (transposed) micro_columns(count, a, panel, depth, target, resultBytes, start, flags)
          else micro_rows(count, a, panel, depth, target, resultBytes, start, flags)
        } else {
          const left = columns - j
          copyTile(tile, 32, target, resultBytes, count, left, flags)
          if (transposed) micro_columns(count, a, panel, depth, tile, 32, start, flags)
          else micro_rows(count, a, panel, depth, tile, 32, start, flags)
          copyTile(target, resultBytes, tile, 32, count, left, 0)
        }
        row = next
      }
    }
    if (pair) j += 8
  }
}

/** Copies a tile narrower than eight columns; nothing when flags say that its old values are unused. */
function copyTile(to: usize, toBytes: usize, from: usize, fromBytes: usize, rows: i32, columns: i32, flags: i32): void {
  if (flags & FIRST) return
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)))
    }
    to += toBytes
    from += fromBytes
  }
}
