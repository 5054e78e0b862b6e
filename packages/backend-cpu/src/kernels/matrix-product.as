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

import { clearFloats, copyFloats } from './vector'
import { FIRST, RELU, ROW_STRIDE, micro_columns, micro_rows } from '../micro-kernel'

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
  const right = tile + 256
  const depthBlock = min(p.depthBlock, p.depth)
  const panelBytes = <usize>depthBlock * 32 + 64
  const left = right + <usize>panels * panelBytes
  const turn = left + (<usize>(p.rowBlock + 6) * <usize>(transposed ? depthBlock : ROW_STRIDE) << 2) + 64

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
  // Row-major panels may be cut anywhere, so cut them evenly: 32 rows run as 6 6 5 5 5 5 and not as
  // 6 6 6 6 6 2, whose last tile would wait for its own sums. Interleaved panels are sixes.
  const tiles = (rows + 5) / 6
  for (let j = 0; j < columns; j += 8) {
    const panel = right + <usize>(j >> 3) * panelBytes
    const start: usize = p.start ? <usize>p.start + (<usize>(column0 + j) << 2) : 0
    let row = 0
    for (let t = 0; t < tiles; t++) {
      const next = transposed ? min(rows, row + 6) : (rows * (t + 1)) / tiles
      const count = next - row
      const target = result + <usize>row * resultBytes + (<usize>j << 2)
      const a = transposed
        ? left + <usize>t * <usize>depth * 24
        : left + (<usize>row * <usize>ROW_STRIDE << 2)
      if (columns - j >= 8) {
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

// ---- right factor: panels of eight columns, [panel][depth][8] ----

function packRight(p: MatrixProductParameters, factor: usize, to: usize, panelBytes: usize, column0: i32, columns: i32, k0: i32, depth: i32): void {
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

function packRightRows(p: MatrixProductParameters, factor: usize, to: usize, panelBytes: usize, column0: i32, columns: i32, k0: i32, depth: i32): void {
  const rowBytes = <usize>p.rightStride << 2
  let from = factor + <usize>k0 * rowBytes + (<usize>column0 << 2)
  const whole = columns >> 3
  const ragged = columns & 7
  for (let k = 0; k < depth; k++) {
    let source = from
    let target = to + (<usize>k << 5)
    for (let j = 0; j < whole; j++) {
      v128.store(target, v128.load(source))
      v128.store(target, v128.load(source, 16), 16)
      source += 32
      target += panelBytes
    }
    if (ragged) {
      v128.store(target, f32x4.splat(0))
      v128.store(target, f32x4.splat(0), 16)
      for (let j = 0; j < ragged; j++) {
        store<f32>(target + (<usize>j << 2), load<f32>(source + (<usize>j << 2)))
      }
    }
    from += rowBytes
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

// ---- left factor: [row][ROW_STRIDE], or for the transposed kinds [row / 6][depth][6] ----

function packLeft(p: MatrixProductParameters, factor: usize, to: usize, turn: usize, row0: i32, rows: i32, k0: i32, depth: i32): void {
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
    packPatches(p, to, row0, rows, k0, depth)
  } else if (p.leftKind == LEFT_PATCHES_TRANSPOSED) {
    packPatches(p, turn, k0, depth, row0, rows)
    interleave(to, turn, <usize>ROW_STRIDE << 2, rows, depth)
  } else {
    packSpread(p, to, row0, rows, k0, depth)
  }
}

/** to[row / 6][k][row % 6] = from[k][row]: the transposed factor's rows are read along memory. */
function interleave(to: usize, from: usize, fromBytes: usize, rows: i32, depth: i32): void {
  for (let r = 0; r < rows; r += 6) {
    let source = from + (<usize>r << 2)
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(source))
      store<u64>(to, load<u64>(source, 16), 16)
      source += fromBytes
      to += 24
    }
  }
}

/**
 * Rows row0.. of the unrolled picture, elements k0.. of each: row = (picture, map y, map x), element =
 * (filter y, filter x, channel). With neither dilation nor groups a filter row is one run of memory.
 */
function packPatches(p: MatrixProductParameters, to: usize, row0: i32, rows: i32, k0: i32, depth: i32): void {
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
        const row = <usize>p.left + (<usize>((picture * p.pictureHeight + pictureY) * p.pictureWidth) * <usize>p.picturePixel << 2)
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
