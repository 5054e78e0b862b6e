// Packers of the matrix product: they copy a block of a factor, straight from where it lies, into the
// layout that the register micro-kernel reads. One for each kind of factor; the product that they serve,
// and when which is used, is in matrix-product.as.

import { bringNear, clearFloats, copyFloats } from './vector'
import { ROW_STRIDE, tileRows } from '../micro-kernel'

export const LEFT_ROWS: i32 = 0
export const LEFT_TRANSPOSED: i32 = 1
export const LEFT_PATCHES: i32 = 2
export const LEFT_PATCHES_TRANSPOSED: i32 = 3
export const LEFT_SPREAD: i32 = 4

export const RIGHT_ROWS: i32 = 0
export const RIGHT_TRANSPOSED: i32 = 1
export const RIGHT_FILTER_TRANSPOSED: i32 = 2

@unmanaged
export class MatrixProductParameters {
  /** Left factor, right factor, result, and a row (columns floats) that every sum starts from, or 0. */
  left: u32
  right: u32
  result: u32
  start: u32
  leftKind: i32
  rightKind: i32
  /** Row strides in floats of the stored factors and the result. */
  leftStride: i32
  rightStride: i32
  resultStride: i32
  rows: i32
  columns: i32
  depth: i32
  /** Rows and columns of a task; tasks run along the columns first. */
  taskRows: i32
  taskColumns: i32
  /** Rows packed at once (at most taskRows) and depth packed at once (at most ROW_STRIDE). */
  rowBlock: i32
  depthBlock: i32
  /** Tasks of one product when the job holds several, and floats between their factors and results. */
  batchTasks: i32
  leftBatch: i32
  rightBatch: i32
  resultBatch: i32
  /** 1 to add to what result holds. */
  accumulate: i32
  /** RELU, RELU6 flags of the micro-kernel, applied after the last block of depth. */
  activation: i32
  /** Scratch of worker 0 and its size in bytes; worker w uses scratch + w · scratchBytes. */
  scratch: u32
  scratchBytes: u32
  // Geometry of a convolution; picture = its input side, map = its output side.
  pictureHeight: i32
  pictureWidth: i32
  /** Channels used of a picture's pixel and floats between two pixels (they differ for groups). */
  pictureChannels: i32
  picturePixel: i32
  mapHeight: i32
  mapWidth: i32
  mapChannels: i32
  mapPixel: i32
  filterHeight: i32
  filterWidth: i32
  strideHeight: i32
  strideWidth: i32
  padTop: i32
  padLeft: i32
  dilationHeight: i32
  dilationWidth: i32
}

// ---- right factor: panels of eight columns, [panel][depth][8] ----

export function packRight(p: MatrixProductParameters, factor: usize, to: usize, panelBytes: usize, column0: i32, columns: i32, k0: i32, depth: i32): void {
  if (p.rightKind == RIGHT_ROWS) {
    packRightRows(p, factor, to, panelBytes, column0, columns, k0, depth)
    return
  }
  for (let j = 0; j < columns; j += 8) {
    const panel = to + <usize>(j >> 3) * panelBytes
    const count = min(8, columns - j)
    if (p.rightKind == RIGHT_TRANSPOSED) {
      const from = factor + ((<usize>(column0 + j) * <usize>p.rightStride + <usize>k0) << 2)
      transposeInto(panel, from, <usize>p.rightStride << 2, count, depth)
    } else {
      // Filters [tap][picture channel][map channel]; depth runs over (tap, map channel).
      let k = 0
      while (k < depth) {
        const tap = (k0 + k) / p.mapChannels
        const channel = (k0 + k) % p.mapChannels
        const run = min(p.mapChannels - channel, depth - k)
        const from = factor + (<usize>((tap * p.pictureChannels + column0 + j) * p.rightStride + channel) << 2)
        transposeInto(panel + (<usize>k << 5), from, <usize>p.rightStride << 2, count, run)
        k += run
      }
    }
  }
}

/** Four rows at a time, so that memory is read in four streams and whole cache lines are written. */
function packRightRows(p: MatrixProductParameters, factor: usize, to: usize, panelBytes: usize, column0: i32, columns: i32, k0: i32, depth: i32): void {
  const rowBytes = <usize>p.rightStride << 2
  const whole = columns >> 3
  const ragged = columns & 7
  let from = factor + <usize>k0 * rowBytes + (<usize>column0 << 2)
  let target = to
  let k = 0
  for (; k + 4 <= depth; k += 4) {
    let row0 = from
    let row1 = from + rowBytes
    let row2 = row1 + rowBytes
    let row3 = row2 + rowBytes
    let panel = target
    bringNear(row0, <usize>whole << 5, target)
    bringNear(row1, <usize>whole << 5, target)
    bringNear(row2, <usize>whole << 5, target)
    bringNear(row3, <usize>whole << 5, target)
    for (let j = 0; j < whole; j++) {
      v128.store(panel, v128.load(row0))
      v128.store(panel, v128.load(row0, 16), 16)
      v128.store(panel, v128.load(row1), 32)
      v128.store(panel, v128.load(row1, 16), 48)
      v128.store(panel, v128.load(row2), 64)
      v128.store(panel, v128.load(row2, 16), 80)
      v128.store(panel, v128.load(row3), 96)
      v128.store(panel, v128.load(row3, 16), 112)
      row0 += 32
      row1 += 32
      row2 += 32
      row3 += 32
      panel += panelBytes
    }
    if (ragged) {
      packRagged(panel, row0, ragged)
      packRagged(panel + 32, row1, ragged)
      packRagged(panel + 64, row2, ragged)
      packRagged(panel + 96, row3, ragged)
    }
    from += rowBytes << 2
    target += 128
  }
  for (; k < depth; k++) {
    let row = from
    let panel = target
    for (let j = 0; j < whole; j++) {
      v128.store(panel, v128.load(row))
      v128.store(panel, v128.load(row, 16), 16)
      row += 32
      panel += panelBytes
    }
    if (ragged) packRagged(panel, row, ragged)
    from += rowBytes
    target += 32
  }
}

/** A panel's row of fewer than eight numbers, zeros behind them. */
function packRagged(to: usize, from: usize, count: i32): void {
  v128.store(to, f32x4.splat(0))
  v128.store(to, f32x4.splat(0), 16)
  for (let j = 0; j < count; j++) {
    store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)))
  }
}

/** panel[k][j] = rows[j][k] for j < count (at most 8, the rest zero) and k < depth. */
function transposeInto(panel: usize, from: usize, rowBytes: usize, count: i32, depth: i32): void {
  let k = 0
  if (count == 8) {
    for (; k + 4 <= depth; k += 4) {
      const source = from + (<usize>k << 2)
      const target = panel + (<usize>k << 5)
      transpose4(target, 32, source, rowBytes)
      transpose4(target + 16, 32, source + (rowBytes << 2), rowBytes)
    }
  }
  for (; k < depth; k++) {
    const target = panel + (<usize>k << 5)
    let source = from + (<usize>k << 2)
    for (let j = 0; j < 8; j++) {
      store<f32>(target + (<usize>j << 2), j < count ? load<f32>(source) : 0)
      source += rowBytes
    }
  }
}

// @ts-ignore: decorator
@inline
function transpose4(to: usize, toBytes: usize, from: usize, fromBytes: usize): void {
  const r0 = v128.load(from)
  const r1 = v128.load(from + fromBytes)
  const r2 = v128.load(from + 2 * fromBytes)
  const r3 = v128.load(from + 3 * fromBytes)
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f64>(t0, t2, 0, 2))
  v128.store(to + toBytes, v128.shuffle<f64>(t0, t2, 1, 3))
  v128.store(to + 2 * toBytes, v128.shuffle<f64>(t1, t3, 0, 2))
  v128.store(to + 3 * toBytes, v128.shuffle<f64>(t1, t3, 1, 3))
}

// ---- left factor: [row][ROW_STRIDE], or for the transposed kinds [row / tileRows][depth][tileRows] ----

export function packLeft(p: MatrixProductParameters, factor: usize, to: usize, turn: usize, row0: i32, rows: i32, k0: i32, depth: i32): void {
  if (p.leftKind == LEFT_ROWS) {
    let from = factor + ((<usize>row0 * <usize>p.leftStride + <usize>k0) << 2)
    for (let r = 0; r < rows; r++) {
      copyFloats(to, from, depth)
      from += <usize>p.leftStride << 2
      to += <usize>ROW_STRIDE << 2
    }
  } else if (p.leftKind == LEFT_TRANSPOSED) {
    interleave(to, factor + ((<usize>k0 * <usize>p.leftStride + <usize>row0) << 2), <usize>p.leftStride << 2, rows, depth)
  } else if (p.leftKind == LEFT_PATCHES) {
    packPatches(p, factor, to, row0, rows, k0, depth)
  } else if (p.leftKind == LEFT_PATCHES_TRANSPOSED) {
    packPatches(p, factor, turn, k0, depth, row0, rows)
    interleave(to, turn, <usize>ROW_STRIDE << 2, rows, depth)
  } else {
    packSpread(p, to, row0, rows, k0, depth)
  }
}

/** to[row / tileRows][k][row % tileRows] = from[k][row]: the transposed factor's rows are read along memory. */
function interleave(to: usize, from: usize, fromBytes: usize, rows: i32, depth: i32): void {
  for (let r = 0; r < rows; r += tileRows) {
    let source = from + (<usize>r << 2)
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(source))
      if (tileRows == 12) {
        v128.store(to, v128.load(source, 16), 16)
        v128.store(to, v128.load(source, 32), 32)
      } else {
        store<u64>(to, load<u64>(source, 16), 16)
      }
      source += fromBytes
      to += tileRows << 2
    }
  }
}

/**
 * Rows row0.. of the unrolled picture, elements k0.. of each: row = (picture, map y, map x), element =
 * (filter y, filter x, channel). With neither dilation nor groups a filter row is one run of memory.
 */
function packPatches(p: MatrixProductParameters, from: usize, to: usize, row0: i32, rows: i32, k0: i32, depth: i32): void {
  const channels = p.pictureChannels
  const merged = p.dilationWidth == 1 && p.picturePixel == channels
  const run = merged ? p.filterWidth * channels : channels
  let x = row0 % p.mapWidth
  let y = (row0 / p.mapWidth) % p.mapHeight
  let picture = row0 / (p.mapWidth * p.mapHeight)
  const firstSegment = k0 / run
  const firstOffset = k0 % run
  for (let r = 0; r < rows; r++) {
    const top = y * p.strideHeight - p.padTop
    const leftEdge = x * p.strideWidth - p.padLeft
    let segment = firstSegment
    let offset = firstOffset
    let target = to
    let remaining = depth
    while (remaining > 0) {
      const count = min(run - offset, remaining)
      const filterY = merged ? segment : segment / p.filterWidth
      const filterX = merged ? 0 : segment % p.filterWidth
      const pictureY = top + filterY * p.dilationHeight
      const pictureX = leftEdge + filterX * p.dilationWidth
      if (<u32>pictureY >= <u32>p.pictureHeight) {
        clearFloats(target, count)
      } else {
        const row = from + (<usize>((picture * p.pictureHeight + pictureY) * p.pictureWidth) * <usize>p.picturePixel << 2)
        if (merged) {
          // Valid elements of this filter row: those whose pixel lies inside the picture's row.
          const low = max(offset, -pictureX * channels)
          const high = min(offset + count, (p.pictureWidth - pictureX) * channels)
          if (low >= high) {
            clearFloats(target, count)
          } else {
            if (low > offset) clearFloats(target, low - offset)
            copyFloats(target + (<usize>(low - offset) << 2), row + (<isize>(pictureX * channels + low) << 2), high - low)
            if (high < offset + count) clearFloats(target + (<usize>(high - offset) << 2), offset + count - high)
          }
        } else if (<u32>pictureX >= <u32>p.pictureWidth) {
          clearFloats(target, count)
        } else {
          copyFloats(target, row + (<usize>(pictureX * p.picturePixel + offset) << 2), count)
        }
      }
      target += <usize>count << 2
      remaining -= count
      offset = 0
      segment += 1
    }
    to += <usize>ROW_STRIDE << 2
    x += 1
    if (x == p.mapWidth) {
      x = 0
      y += 1
      if (y == p.mapHeight) {
        y = 0
        picture += 1
      }
    }
  }
}

/**
 * Rows row0.. = input pixels, elements k0.. = (filter y, filter x, map channel): the gradient of the map
 * position from which that filter element reached the pixel, zero where there is none.
 */
function packSpread(p: MatrixProductParameters, to: usize, row0: i32, rows: i32, k0: i32, depth: i32): void {
  const channels = p.mapChannels
  let x = row0 % p.pictureWidth
  let y = (row0 / p.pictureWidth) % p.pictureHeight
  let picture = row0 / (p.pictureWidth * p.pictureHeight)
  for (let r = 0; r < rows; r++) {
    let segment = k0 / channels
    let offset = k0 % channels
    let target = to
    let remaining = depth
    while (remaining > 0) {
      const count = min(channels - offset, remaining)
      const aboveY = y + p.padTop - (segment / p.filterWidth) * p.dilationHeight
      const aboveX = x + p.padLeft - (segment % p.filterWidth) * p.dilationWidth
      const mapY = aboveY / p.strideHeight
      const mapX = aboveX / p.strideWidth
      if (aboveY < 0 || aboveX < 0 || mapY >= p.mapHeight || mapX >= p.mapWidth ||
        mapY * p.strideHeight != aboveY || mapX * p.strideWidth != aboveX) {
        clearFloats(target, count)
      } else {
        const pixel = (picture * p.mapHeight + mapY) * p.mapWidth + mapX
        copyFloats(target, <usize>p.left + (<usize>pixel * <usize>p.mapPixel + <usize>offset << 2), count)
      }
      target += <usize>count << 2
      remaining -= count
      offset = 0
      segment += 1
    }
    to += <usize>ROW_STRIDE << 2
    x += 1
    if (x == p.pictureWidth) {
      x = 0
      y += 1
      if (y == p.pictureHeight) {
        y = 0
        picture += 1
      }
    }
  }
}
