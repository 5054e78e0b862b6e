// Convolution with stride 1 by Winograd's minimal filtering (Lavin & Gray 2015) for filters of 3×3 and 5×5.
// A tile of the picture has 6, 7 or 8 elements a side (for 3×3, of the map 4, 5 or 6; for 5×5, 2, 3 or 4),
// transformed on that many points. Each element of a transformed tile is multiplied over the channels by
// itself, so a tile costs 36 to 64 products, where a 4×4 tile costs 144 (3×3) or 400 (5×5) directly.
// Rows and columns of a map are cut into tiles of several sizes, the largest first, so that few elements
// are wasted: 13 = 5 + 4 + 4 takes 19² elements, where 16 = 4 · 4 would take 24². The points are nested
// (winograd-lines.as), so all of them share one transformed filter. The input gradient is the same
// convolution of the output gradient with the filter turned by half a turn and its channels swapped.
//
//   filter   U = G g Gᵀ      stored [plane][map / 8][channel][8]: panels of the micro-kernel
//   picture  V = Bᵀ d B      by task or for all, [channel block][plane][tile][ROW_STRIDE]
//   product  M = V · U       by task, [plane][tile][map]
//   map      Y = Aᵀ M A      with bias and activation, where it lies inside the map
//
// The gradient of the filter is the transpose of all that: dU = Vᵀ · (A dY Aᵀ), dg = Gᵀ dU G, with V and
// A dY Aᵀ of a chunk of tiles laid out in memory as [plane][tile][channel] and multiplied by matrixProduct.

import {
  clearVector, copyVector, filterGradientLine, filterLine, finishVector, mapGradientLine, mapLine, pictureLine,
} from './winograd-lines'
import {
  below6, below7, beside6, beside7, classOf, columnPlane, columnStep, EDGE, LINE_BYTES, offset, PLANE_GAP, planeRows, points,
  rowBytesOf, rowPlane, WinogradParameters, writeRows,
} from './winograd-planes'
import { FIRST, joined, micro_rows, micro_rows_16, pairRows, ROW_STRIDE, tileRows, VECTOR } from '../micro-kernel'

/** Bytes of a vector, and of a line of eight. */
const VECTOR_BYTES: usize = <usize>VECTOR
const LINE: usize = 8 * VECTOR_BYTES
/** Channels of a vector. */
const LANES: i32 = VECTOR >> 2

// ---- filter ----

/** Task = eight maps: U of all channels. The filter is [y][x][channel][map]. */
export function winogradFilter(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const size = p.filterSize
  const rowBytes = <usize>p.filterRow << 2
  const tapBytes = <usize>p.channels * rowBytes
  const planeBytes = (<usize>(p.channels * p.maps) << 2) + PLANE_GAP
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const across = points(0, p.across7, p.across8)
  const down = points(0, p.down7, p.down8)
  for (let c = 0; c < p.channels; c++) {
    for (let lane = 0; lane < 8; lane += LANES) {
      const from = <usize>p.filter + <usize>c * rowBytes + (<usize>(task * 8 + lane) << 2)
      const to = <usize>p.transformed + (<usize>((task * p.channels + c) * 8 + lane) << 2)
      for (let y = 0; y < size; y++) {
        const line = lines + <usize>y * LINE
        filterLine(size, across, from + <usize>(y * size) * tapBytes, tapBytes, line, VECTOR_BYTES, line + 6 * VECTOR_BYTES, line + 7 * VECTOR_BYTES)
      }
      for (let x = 0; x < across; x++) {
        filterLine(
          size, down, lines + <usize>x * VECTOR_BYTES, LINE,
          to + <usize>columnPlane(x) * planeBytes, <usize>columnStep(x) * planeBytes,
          to + <usize>below6(x) * planeBytes, to + <usize>below7(x) * planeBytes,
        )
      }
    }
  }
}

/** Task = channel: the filter's gradient from dU, stored [plane][channel][map]. */
export function winogradFilterGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const size = p.filterSize
  const tapBytes = <usize>(p.channels * p.filterRow) << 2
  const planeBytes = (<usize>(p.channels * p.maps) << 2) + PLANE_GAP
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const across = points(0, p.across7, p.across8)
  const down = points(0, p.down7, p.down8)
  for (let o = 0; o < p.maps; o += LANES) {
    const from = <usize>p.transformed + (<usize>(task * p.maps + o) << 2)
    const to = <usize>p.filter + (<usize>(task * p.filterRow + o) << 2)
    for (let y = 0; y < down; y++) {
      filterGradientLine(
        size, across, from + <usize>rowPlane(y) * planeBytes, planeBytes,
        from + <usize>beside6(y) * planeBytes, from + <usize>beside7(y) * planeBytes,
        lines + <usize>y * LINE, VECTOR_BYTES,
      )
    }
    for (let x = 0; x < size; x++) {
      const column = lines + <usize>x * VECTOR_BYTES
      filterGradientLine(size, down, column, LINE, column + 6 * LINE, column + 7 * LINE, to + <usize>x * tapBytes, <usize>size * tapBytes)
    }
  }
}

/**
 * Task = tap: to[tap][map][channel] = the filter's opposite tap [channel][map], by 4×4 blocks: the filter
 * of the input gradient. Here filter = source, transformed = target.
 */
export function turnFilter(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const taps = p.filterSize * p.filterSize
  const fromBytes = <usize>p.filterRow << 2
  const toBytes = <usize>p.channels << 2
  const from = <usize>p.filter + <usize>((taps - 1 - task) * p.channels) * fromBytes
  const to = <usize>p.transformed + <usize>(task * p.maps) * toBytes
  for (let c = 0; c < p.channels; c += 4) {
    for (let o = 0; o < p.maps; o += 4) {
      const f = from + <usize>c * fromBytes + (<usize>o << 2)
      const t = to + <usize>o * toBytes + (<usize>c << 2)
      const r0 = v128.load(f)
      const r1 = v128.load(f + fromBytes)
      const r2 = v128.load(f + 2 * fromBytes)
      const r3 = v128.load(f + 3 * fromBytes)
      const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
      const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
      const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
      const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
      v128.store(t, v128.shuffle<f64>(t0, t2, 0, 2))
      v128.store(t + toBytes, v128.shuffle<f64>(t0, t2, 1, 3))
      v128.store(t + 2 * toBytes, v128.shuffle<f64>(t1, t3, 0, 2))
      v128.store(t + 3 * toBytes, v128.shuffle<f64>(t1, t3, 1, 3))
    }
  }
}

// ---- picture and map ----

/** V of channels c0 … c1 − 1 of one tile, into its rows (writeRows) of the planes at `to`. */
function transformPicture(
  p: WinogradParameters, tile: i32, c0: i32, c1: i32, lines: usize, rows: usize, to: usize, planeBytes: usize,
): void {
  const tileX = tile % p.tilesAcross
  const tileY = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const y0 = offset(p, tileY, p.down7, p.down8) - p.padTop
  const x0 = offset(p, tileX, p.across7, p.across8) - p.padLeft
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  const pixelBytes = <usize>p.picturePixel << 2
  const inside = x0 >= 0 && x0 + across <= p.pictureWidth
  const edge = lines + EDGE
  for (let c = c0; c < c1; c += LANES) {
    for (let y = 0; y < down; y++) {
      const line = lines + <usize>y * LINE
      const pictureY = y0 + y
      if (<u32>pictureY >= <u32>p.pictureHeight) {
        for (let x: usize = 0; x < LINE; x += VECTOR_BYTES) clearVector(line + x)
        continue
      }
      const pixel = (picture * p.pictureHeight + pictureY) * p.pictureWidth + x0
      const row = <usize>p.picture + <usize>(<isize>pixel * <isize>pixelBytes) + (<usize>c << 2)
      if (inside) {
        pictureLine(across, row, pixelBytes, line, VECTOR_BYTES, line + 6 * VECTOR_BYTES, line + 7 * VECTOR_BYTES)
      } else {
        for (let x = 0; x < across; x++) {
          const to = edge + <usize>x * VECTOR_BYTES
          if (<u32>(x0 + x) < <u32>p.pictureWidth) copyVector(to, row + <usize>x * pixelBytes)
          else clearVector(to)
        }
        pictureLine(across, edge, VECTOR_BYTES, line, VECTOR_BYTES, line + 6 * VECTOR_BYTES, line + 7 * VECTOR_BYTES)
      }
    }
    const channel = to + (<usize>(c - c0) << 2)
    for (let x = 0; x < across; x++) {
      const kind = classOf(x)
      pictureLine(
        down, lines + <usize>x * VECTOR_BYTES, LINE,
        channel + <usize>columnPlane(x) * planeBytes + rowBytesOf(rows, 0, kind), <usize>columnStep(x) * planeBytes,
        channel + <usize>below6(x) * planeBytes + rowBytesOf(rows, 1, kind),
        channel + <usize>below7(x) * planeBytes + rowBytesOf(rows, 2, kind),
      )
    }
  }
}

/** V of one tile in blocks of channels, as winogradMaps reads it: planes of `tiles` rows from tile `first` on. */
function transformBlocks(p: WinogradParameters, tile: i32, first: i32, tiles: i32, lines: usize, to: usize): void {
  const rowBytes = <usize>ROW_STRIDE << 2
  const planeBytes = <usize>tiles * rowBytes + PLANE_GAP
  const rows = lines + EDGE + 512
  writeRows(p, rows, tile, first, rowBytes)
  for (let c = 0; c < p.channels; c += p.blockChannels) {
    transformPicture(p, tile, c, min(p.channels, c + p.blockChannels), lines, rows, to, planeBytes)
    to += 64 * planeBytes
  }
}

/** Task = tile: its V into pictureTiles, for a winogradMaps whose tasks share it. */
export function winogradPicture(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  transformBlocks(p, p.tile0 + task, p.tile0, p.tiles, lines, <usize>p.pictureTiles)
}

/** Task = a block of tiles by a block of maps: their part of the map from picture (or its V) and U. */
export function winogradMaps(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const mapTasks = (p.maps + p.taskMaps - 1) / p.taskMaps
  const map0 = (task % mapTasks) * p.taskMaps
  const maps = min(p.taskMaps, p.maps - map0)
  const first = (task / mapTasks) * p.taskTiles
  const tiles = min(p.taskTiles, p.tiles - first)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const rowBytes = <usize>ROW_STRIDE << 2
  const blocks = (p.channels + p.blockChannels - 1) / p.blockChannels
  const planeBytes = <usize>tiles * rowBytes + PLANE_GAP
  const blockBytes = 64 * planeBytes
  const product = lines + LINE_BYTES
  const productRow = <usize>maps << 2
  const productPlane = <usize>tiles * productRow + PLANE_GAP
  let picture = <usize>p.pictureTiles
  if (picture == 0) {
    picture = product + 64 * productPlane
    for (let tile = first; tile < first + tiles; tile++) transformBlocks(p, tile, first, tiles, lines, picture)
  }

  const filterPlane = (<usize>(p.channels * p.maps) << 2) + PLANE_GAP
  for (let plane = 0; plane < 64; plane++) {
    const rows = planeRows(p, plane, first, first + tiles)
    for (let block = 0; block < blocks; block++) {
      const c0 = block * p.blockChannels
      const depth = min(p.channels - c0, p.blockChannels)
      const a = picture + <usize>block * blockBytes + <usize>plane * planeBytes
      const u = <usize>p.transformed + <usize>plane * filterPlane + (<usize>c0 << 5)
      const panelBytes = <usize>p.channels << 5
      const flags = block == 0 ? FIRST : 0
      for (let j = 0; j < maps; j += 8) {
        const panel = u + <usize>((map0 + j) >> 3) * panelBytes
        const target = product + <usize>plane * productPlane + (<usize>j << 2)
        const pair = joined && j + 16 <= maps
        const cuts = pair ? (rows + pairRows - 1) / pairRows : (rows + tileRows - 1) / tileRows
        let row = 0
        for (let cut = 1; cut <= cuts; cut++) {
          const next = (rows * cut) / cuts
          const left = a + <usize>row * rowBytes
          const to = target + <usize>row * productRow
          if (pair) micro_rows_16(next - row, left, panel, panel + panelBytes, depth, to, productRow, 0, flags)
          else micro_rows(next - row, left, panel, depth, to, productRow, 0, flags)
          row = next
        }
        if (pair) j += 8
      }
    }
  }

  const rows = lines + EDGE + 512
  for (let tile = first; tile < first + tiles; tile++) {
    writeRows(p, rows, tile, first, productRow)
    finishMap(p, tile, map0, maps, lines, rows, product, productPlane)
  }
}

/** Y = Aᵀ M A of one tile, plus start, activated, stored where it lies inside the map. */
function finishMap(
  p: WinogradParameters, tile: i32, map0: i32, maps: i32, lines: usize, rows: usize, from: usize, planeBytes: usize,
): void {
  const tileX = tile % p.tilesAcross
  const tileY = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const size = p.filterSize
  const y0 = offset(p, tileY, p.down7, p.down8)
  const x0 = offset(p, tileX, p.across7, p.across8)
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  const height = min(down + 1 - size, p.mapHeight - y0)
  const width = min(across + 1 - size, p.mapWidth - x0)
  const pixelBytes = <usize>p.mapPixel << 2
  const first = <usize>p.map + <usize>((picture * p.mapHeight + y0) * p.mapWidth + x0) * pixelBytes
  const out = lines + EDGE
  for (let j = 0; j < maps; j += LANES) {
    const at = <usize>(map0 + j) << 2
    const map = from + (<usize>j << 2)
    for (let y = 0; y < down; y++) {
      const kind = classOf(y)
      mapLine(
        size, across, map + <usize>rowPlane(y) * planeBytes + rowBytesOf(rows, kind, 0), planeBytes,
        map + <usize>beside6(y) * planeBytes + rowBytesOf(rows, kind, 1),
        map + <usize>beside7(y) * planeBytes + rowBytesOf(rows, kind, 2),
        lines + <usize>y * LINE,
      )
    }
    const start: usize = p.start ? <usize>p.start + at : 0
    for (let x = 0; x < width; x++) {
      const column = lines + <usize>x * VECTOR_BYTES
      mapLine(size, down, column, LINE, column + 6 * LINE, column + 7 * LINE, out)
      let target = first + <usize>x * pixelBytes + at
      for (let y = 0; y < height; y++) {
        finishVector(target, out + <usize>y * VECTOR_BYTES, start, p.activation)
        target += <usize>p.mapWidth * pixelBytes
      }
    }
  }
}

/** Task = tile of the chunk: V into pictureTiles [plane][tile][channel], A dY Aᵀ into mapTiles [plane][tile][map]. */
export function winogradGradientTiles(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const rows = lines + EDGE + 512
  const tile = p.tile0 + task
  const channelBytes = <usize>p.channels << 2
  writeRows(p, rows, tile, p.tile0, channelBytes)
  transformPicture(p, tile, 0, p.channels, lines, rows, <usize>p.pictureTiles, <usize>p.tiles * channelBytes + PLANE_GAP)

  const tileX = tile % p.tilesAcross
  const tileY = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const size = p.filterSize
  const y0 = offset(p, tileY, p.down7, p.down8)
  const x0 = offset(p, tileX, p.across7, p.across8)
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  const pixelBytes = <usize>p.mapPixel << 2
  const mapBytes = <usize>p.maps << 2
  const planeBytes = <usize>p.tiles * mapBytes + PLANE_GAP
  const dy = lines + EDGE
  writeRows(p, rows, tile, p.tile0, mapBytes)
  for (let j = 0; j < p.maps; j += LANES) {
    const at = <usize>j << 2
    for (let y = 0; y < down + 1 - size; y++) {
      for (let x = 0; x < across + 1 - size; x++) {
        const to = dy + <usize>x * VECTOR_BYTES
        if (y0 + y < p.mapHeight && x0 + x < p.mapWidth) {
          const pixel = (picture * p.mapHeight + y0 + y) * p.mapWidth + x0 + x
          copyVector(to, <usize>p.map + <usize>pixel * pixelBytes + at)
        } else {
          clearVector(to)
        }
      }
      const line = lines + <usize>y * LINE
      mapGradientLine(size, across, dy, VECTOR_BYTES, line, VECTOR_BYTES, line + 6 * VECTOR_BYTES, line + 7 * VECTOR_BYTES)
    }
    const map = <usize>p.mapTiles + at
    for (let x = 0; x < across; x++) {
      const kind = classOf(x)
      mapGradientLine(
        size, down, lines + <usize>x * VECTOR_BYTES, LINE,
        map + <usize>columnPlane(x) * planeBytes + rowBytesOf(rows, 0, kind), <usize>columnStep(x) * planeBytes,
        map + <usize>below6(x) * planeBytes + rowBytesOf(rows, 1, kind),
        map + <usize>below7(x) * planeBytes + rowBytesOf(rows, 2, kind),
      )
    }
  }
}
