// Convolution with stride 1 by Winograd's minimal filtering (Lavin & Gray 2015): F(4×4, 3×3) and
// F(2×2, 5×5), which both work on 6×6 tiles of the picture with the points 0, ±1, ±2, ∞ and so share the
// input transform. Each of the 36 elements of a transformed tile is multiplied over the channels by
// itself: 36 products instead of 144 or 100 for a tile. The input gradient is the same convolution of
// the output gradient with the filter turned by half a turn and its channels swapped.
//
//   filter   U = G g Gᵀ      stored [36][map / 8][channel][8]: panels of the micro-kernel
//   picture  V = Bᵀ d B      by task, [channel block][36][tile][ROW_STRIDE]
//   product  M = V · U       by task, [36][tile][map]
//   map      Y = Aᵀ M A      with bias and activation, where it lies inside the map
//
// The gradient of the filter is the transpose of all that: dU = Vᵀ · (A dY Aᵀ), dg = Gᵀ dU G, with V and
// A dY Aᵀ of a chunk of tiles laid out in memory as [36][tile][channel] and multiplied by matrixProduct.

import {
  filterGradientLine, filterLine, mapGradientLine, mapLine, pictureLine,
} from './winograd-lines'
import { RELU, RELU6, ROW_STRIDE, FIRST, micro_rows } from '../micro-kernel'

/**
 * Bytes between the planes of the 36 elements beyond their length. Without it the planes would start a
 * multiple of 4096 bytes apart, and the 36 elements of a tile would fight for one set of the cache.
 */
export const PLANE_GAP: i32 = 64

@unmanaged
export class WinogradParameters {
  picture: u32
  filter: u32
  /** U, or dU for the gradient of the filter. */
  transformed: u32
  /** Map; for the transforms of the filter gradient: dY. */
  map: u32
  start: u32
  pictureHeight: i32
  pictureWidth: i32
  channels: i32
  mapHeight: i32
  mapWidth: i32
  maps: i32
  padTop: i32
  padLeft: i32
  /** 3 or 5; the side of a tile of the map is 4 or 2. */
  filterSize: i32
  tileSize: i32
  tilesDown: i32
  tilesAcross: i32
  /** First tile and number of tiles of the job. */
  tile0: i32
  tiles: i32
  taskTiles: i32
  taskMaps: i32
  /** Channels of a block of V: at most ROW_STRIDE. */
  blockChannels: i32
  activation: i32
  /** Where the filter gradient's transforms put V and A dY Aᵀ. */
  pictureTiles: u32
  mapTiles: u32
  scratch: u32
  scratchBytes: u32
}

// ---- filter ----

/** Task = eight maps: U of all channels. The filter is [y][x][channel][map]. */
export function winogradFilter(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const size = p.filterSize
  const tapBytes = <usize>(p.channels * p.maps) << 2
  const elementBytes = tapBytes + PLANE_GAP
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  for (let c = 0; c < p.channels; c++) {
    for (let half = 0; half < 2; half++) {
      const from = <usize>p.filter + (<usize>(c * p.maps + task * 8 + half * 4) << 2)
      const to = <usize>p.transformed + (<usize>((task * p.channels + c) * 8 + half * 4) << 2)
      for (let y = 0; y < size; y++) {
        const row = from + <usize>(y * size) * tapBytes
        if (size == 3) filterLine(3, row, tapBytes, lines + <usize>y * 96, 16)
        else filterLine(5, row, tapBytes, lines + <usize>y * 96, 16)
      }
      for (let x = 0; x < 6; x++) {
        const column = to + <usize>x * elementBytes
        if (size == 3) filterLine(3, lines + <usize>x * 16, 96, column, 6 * elementBytes)
        else filterLine(5, lines + <usize>x * 16, 96, column, 6 * elementBytes)
      }
    }
  }
}

/** Task = channel: the filter's gradient from dU, stored [36][channel][map]. */
export function winogradFilterGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const size = p.filterSize
  const tapBytes = <usize>(p.channels * p.maps) << 2
  const elementBytes = tapBytes + PLANE_GAP
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  for (let o = 0; o < p.maps; o += 4) {
    const offset = <usize>(task * p.maps + o) << 2
    for (let y = 0; y < 6; y++) {
      const row = <usize>p.transformed + offset + <usize>(y * 6) * elementBytes
      if (size == 3) filterGradientLine(3, row, elementBytes, lines + <usize>y * 96, 16)
      else filterGradientLine(5, row, elementBytes, lines + <usize>y * 96, 16)
    }
    for (let x = 0; x < size; x++) {
      const column = <usize>p.filter + offset + <usize>x * tapBytes
      if (size == 3) filterGradientLine(3, lines + <usize>x * 16, 96, column, 3 * tapBytes)
      else filterGradientLine(5, lines + <usize>x * 16, 96, column, 5 * tapBytes)
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
  const plane = <usize>(p.channels * p.maps) << 2
  const from = <usize>p.filter + <usize>(taps - 1 - task) * plane
  const to = <usize>p.transformed + <usize>task * plane
  const fromBytes = <usize>p.maps << 2
  const toBytes = <usize>p.channels << 2
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

// ---- picture and map tiles ----

/** V of one tile: element e of channel c goes to `to` + e · elementBytes + 4c, for channels c0 … c1 − 1. */
function transformPicture(p: WinogradParameters, tile: i32, c0: i32, c1: i32, lines: usize, to: usize, elementBytes: usize): void {
  const across = tile % p.tilesAcross
  const down = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const y0 = down * p.tileSize - p.padTop
  const x0 = across * p.tileSize - p.padLeft
  const pixelBytes = <usize>p.channels << 2
  const inside = x0 >= 0 && x0 + 6 <= p.pictureWidth
  const edge = lines + 576
  for (let c = c0; c < c1; c += 4) {
    for (let y = 0; y < 6; y++) {
      const line = lines + <usize>y * 96
      const pictureY = y0 + y
      if (<u32>pictureY >= <u32>p.pictureHeight) {
        for (let x: usize = 0; x < 96; x += 16) v128.store(line + x, f32x4.splat(0))
        continue
      }
      const pixel = (picture * p.pictureHeight + pictureY) * p.pictureWidth + x0
      const row = <usize>p.picture + <usize>(<isize>pixel * <isize>pixelBytes) + (<usize>c << 2)
      if (inside) {
        pictureLine(row, pixelBytes, line, 16)
      } else {
        for (let x = 0; x < 6; x++) {
          const value = <u32>(x0 + x) < <u32>p.pictureWidth ? v128.load(row + <usize>x * pixelBytes) : f32x4.splat(0)
          v128.store(edge + (<usize>x << 4), value)
        }
        pictureLine(edge, 16, line, 16)
      }
    }
    const column = to + (<usize>(c - c0) << 2)
    for (let x: usize = 0; x < 6; x++) {
      pictureLine(lines + (x << 4), 96, column + x * elementBytes, 6 * elementBytes)
    }
  }
}

/** Task = a block of tiles by a block of maps: their part of the map from picture and U. */
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
  const elementBytes = <usize>tiles * rowBytes + PLANE_GAP
  const blockBytes = 36 * elementBytes
  const picture = lines + 1024
  const product = picture + <usize>blocks * blockBytes
  const productRow = <usize>maps << 2
  const productElement = <usize>tiles * productRow + PLANE_GAP

  for (let block = 0; block < blocks; block++) {
    const c0 = block * p.blockChannels
    const c1 = min(p.channels, c0 + p.blockChannels)
    for (let tile = 0; tile < tiles; tile++) {
      const to = picture + <usize>block * blockBytes + <usize>tile * rowBytes
      transformPicture(p, first + tile, c0, c1, lines, to, elementBytes)
    }
  }

  const sixes = (tiles + 5) / 6
  const planeBytes = (<usize>(p.channels * p.maps) << 2) + PLANE_GAP
  for (let element = 0; element < 36; element++) {
    const u = <usize>p.transformed + <usize>element * planeBytes
    for (let block = 0; block < blocks; block++) {
      const c0 = block * p.blockChannels
      const depth = min(p.channels - c0, p.blockChannels)
      const a = picture + <usize>block * blockBytes + <usize>element * elementBytes
      for (let j = 0; j < maps; j += 8) {
        const panel = u + (<usize>(((map0 + j) >> 3) * p.channels + c0) << 5)
        let row = 0
        for (let t = 0; t < sixes; t++) {
          const next = (tiles * (t + 1)) / sixes
          const target = product + <usize>element * productElement + <usize>row * productRow + (<usize>j << 2)
          micro_rows(next - row, a + <usize>row * rowBytes, panel, depth, target, productRow, 0, block == 0 ? FIRST : 0)
          row = next
        }
      }
    }
  }

  for (let tile = 0; tile < tiles; tile++) {
    finishMap(p, first + tile, map0, maps, lines, product + <usize>tile * productRow, productElement)
  }
}

/** Y = Aᵀ M A of one tile, plus start, activated, stored where it lies inside the map. */
function finishMap(p: WinogradParameters, tile: i32, map0: i32, maps: i32, lines: usize, from: usize, elementBytes: usize): void {
  const across = tile % p.tilesAcross
  const down = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const size = p.tileSize
  const y0 = down * size
  const x0 = across * size
  const height = min(size, p.mapHeight - y0)
  const width = min(size, p.mapWidth - x0)
  const pixelBytes = <usize>p.maps << 2
  const first = <usize>p.map + <usize>((picture * p.mapHeight + y0) * p.mapWidth + x0) * pixelBytes
  const out = lines + 576
  const zero = f32x4.splat(0)
  const six = f32x4.splat(6)
  for (let j = 0; j < maps; j += 4) {
    const offset = <usize>(map0 + j) << 2
    for (let y = 0; y < 6; y++) {
      const row = from + <usize>(y * 6) * elementBytes + (<usize>j << 2)
      if (size == 4) mapLine(4, row, elementBytes, lines + <usize>y * 64, 16)
      else mapLine(2, row, elementBytes, lines + <usize>y * 64, 16)
    }
    const start = p.start ? v128.load(<usize>p.start + offset) : zero
    for (let x = 0; x < width; x++) {
      if (size == 4) mapLine(4, lines + (<usize>x << 4), 64, out, 16)
      else mapLine(2, lines + (<usize>x << 4), 64, out, 16)
      let target = first + <usize>x * pixelBytes + offset
      for (let y = 0; y < height; y++) {
        let value = f32x4.add(v128.load(out + (<usize>y << 4)), start)
        if (p.activation & RELU) value = f32x4.max(value, zero)
        if (p.activation & RELU6) value = f32x4.min(value, six)
        v128.store(target, value)
        target += <usize>p.mapWidth * pixelBytes
      }
    }
  }
}

/** Task = tile of the chunk: V into pictureTiles [36][tile][channel], A dY Aᵀ into mapTiles [36][tile][map]. */
export function winogradGradientTiles(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const tile = p.tile0 + task
  const channelBytes = <usize>p.channels << 2
  const v = <usize>p.pictureTiles + <usize>task * channelBytes
  transformPicture(p, tile, 0, p.channels, lines, v, <usize>p.tiles * channelBytes + PLANE_GAP)

  const across = tile % p.tilesAcross
  const down = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const size = p.tileSize
  const y0 = down * size
  const x0 = across * size
  const pixelBytes = <usize>p.maps << 2
  const elementBytes = <usize>p.tiles * pixelBytes + PLANE_GAP
  const to = <usize>p.mapTiles + <usize>task * pixelBytes
  const dy = lines + 576
  for (let j = 0; j < p.maps; j += 4) {
    const offset = <usize>j << 2
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        let value = f32x4.splat(0)
        if (y0 + y < p.mapHeight && x0 + x < p.mapWidth) {
          const pixel = (picture * p.mapHeight + y0 + y) * p.mapWidth + x0 + x
          value = v128.load(<usize>p.map + <usize>pixel * pixelBytes + offset)
        }
        v128.store(dy + (<usize>x << 4), value)
      }
      if (size == 4) mapGradientLine(4, dy, 16, lines + <usize>y * 96, 16)
      else mapGradientLine(2, dy, 16, lines + <usize>y * 96, 16)
    }
    for (let x = 0; x < 6; x++) {
      const column = to + <usize>x * elementBytes + offset
      if (size == 4) mapGradientLine(4, lines + (<usize>x << 4), 96, column, 6 * elementBytes)
      else mapGradientLine(2, lines + (<usize>x << 4), 96, column, 6 * elementBytes)
    }
  }
}
