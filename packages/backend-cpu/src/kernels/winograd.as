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

import { bringNear, clearFloats } from './vector'
import {
  filterColumn, filterGradientColumn, filterGradientRow, filterRow, mapColumn, mapGradientColumn, mapGradientRow,
  mapRow, pictureColumn, pictureRow,
} from './winograd-lines'
import {
  bringPixels, LINE, LINE_BYTES, NO_START, offset, PIXELS, PLACES, PLANE_GAP, planeRows, points, WinogradParameters,
  writePixels, writePlaces,
} from './winograd-planes'
import { FIRST, joined, micro_rows, micro_rows_16, pairRows, RELU, RELU6, ROW_STRIDE, tileRows, VECTOR } from '../micro-kernel'

/** Bytes of a vector. */
const VECTOR_BYTES: usize = <usize>VECTOR
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
  writePlaces(p, lines + PLACES, 0, 0, 0, planeBytes)
  for (let c = 0; c < p.channels; c++) {
    for (let lane = 0; lane < 8; lane += LANES) {
      const from = <usize>p.filter + <usize>c * rowBytes + (<usize>(task * 8 + lane) << 2)
      const to = <usize>p.transformed + (<usize>((task * p.channels + c) * 8 + lane) << 2)
      for (let y = 0; y < size; y++) {
        filterRow(size, across, from + <usize>(y * size) * tapBytes, tapBytes, lines + <usize>y * LINE)
      }
      for (let x = 0; x < across; x++) {
        filterColumn(size, down, lines + <usize>x * VECTOR_BYTES, to, lines + PLACES + (<usize>x << 2))
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
  writePlaces(p, lines + PLACES, 0, 0, 0, planeBytes)
  for (let o = 0; o < p.maps; o += LANES) {
    const from = <usize>p.transformed + (<usize>(task * p.maps + o) << 2)
    const to = <usize>p.filter + (<usize>(task * p.filterRow + o) << 2)
    for (let y = 0; y < down; y++) {
      filterGradientRow(size, across, from, lines + PLACES + (<usize>y << 5), lines + <usize>y * LINE)
    }
    for (let x = 0; x < size; x++) {
      filterGradientColumn(size, down, lines + <usize>x * VECTOR_BYTES, to + <usize>x * tapBytes, <usize>size * tapBytes)
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

/** Writes where the pixels of a tile of the picture lie. */
function findPixels(p: WinogradParameters, tile: i32, lines: usize): void {
  const tileX = tile % p.tilesAcross
  const row = tile / p.tilesAcross
  const tileY = row % p.tilesDown
  const pixelBytes = <usize>p.picturePixel << 2
  const picture = <usize>p.picture + <usize>(row / p.tilesDown * p.pictureHeight * p.pictureWidth) * pixelBytes
  const zeros = lines + LINE_BYTES
  const y0 = offset(p, tileY, p.down7, p.down8) - p.padTop
  const x0 = offset(p, tileX, p.across7, p.across8) - p.padLeft
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  clearFloats(zeros, p.channels)
  writePixels(lines + PIXELS, picture, pixelBytes, p.pictureHeight, p.pictureWidth, y0, x0, down, across, zeros)
  if (p.picturePixel == p.channels) {
    bringPixels(picture, pixelBytes, p.pictureHeight, p.pictureWidth, y0, x0, down, across, lines)
  }
}

/** V of channels c0 … c1 − 1 of a tile whose pixels and places are found, into the planes at `to`. */
function transformPicture(p: WinogradParameters, tile: i32, c0: i32, c1: i32, lines: usize, to: usize): void {
  const down = points((tile / p.tilesAcross) % p.tilesDown, p.down7, p.down8)
  const across = points(tile % p.tilesAcross, p.across7, p.across8)
  for (let c = c0; c < c1; c += LANES) {
    for (let y = 0; y < down; y++) {
      pictureRow(across, <usize>c << 2, lines + PIXELS + (<usize>y << 5), lines + <usize>y * LINE)
    }
    for (let x = 0; x < across; x++) {
      pictureColumn(down, lines + <usize>x * VECTOR_BYTES, to + (<usize>(c - c0) << 2), lines + PLACES + (<usize>x << 2))
    }
  }
}

/** V of one tile in blocks of channels, as winogradMaps reads it: planes of `tiles` rows from tile `first` on. */
function transformBlocks(p: WinogradParameters, tile: i32, first: i32, tiles: i32, lines: usize, to: usize): void {
  const rowBytes = <usize>ROW_STRIDE << 2
  const planeBytes = <usize>tiles * rowBytes + PLANE_GAP
  findPixels(p, tile, lines)
  writePlaces(p, lines + PLACES, tile, first, rowBytes, planeBytes)
  for (let c = 0; c < p.channels; c += p.blockChannels) {
    transformPicture(p, tile, c, min(p.channels, c + p.blockChannels), lines, to)
    to += 64 * planeBytes
  }
}

/** Task = tile: its V into pictureTiles, for a winogradMaps whose tasks share it. */
export function winogradPicture(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  transformBlocks(p, p.tile0 + task, p.tile0, p.tiles, lines, <usize>p.pictureTiles)
}

/** Bytes from which on a plane of U does not stay near a processor from one task to the next. */
const FAR: usize = 1 << 17

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
  const product = lines + LINE_BYTES + <usize>p.zeroBytes
  const productRow = <usize>maps << 2
  const productPlane = <usize>tiles * productRow + PLANE_GAP
  let picture = <usize>p.pictureTiles
  if (picture == 0) {
    picture = product + 64 * productPlane
    for (let tile = first; tile < first + tiles; tile++) transformBlocks(p, tile, first, tiles, lines, picture)
  }

  const filterPlane = (<usize>(p.channels * p.maps) << 2) + PLANE_GAP
  const channelsBytes = <usize>p.channels << 2
  for (let plane = 0; plane < 64; plane++) {
    const rows = planeRows(p, plane, first, first + tiles)
    if (rows > 0 && filterPlane >= FAR) {
      bringNear(<usize>p.transformed + <usize>plane * filterPlane + <usize>map0 * channelsBytes, <usize>maps * channelsBytes, lines)
    }
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

  for (let tile = first; tile < first + tiles; tile++) {
    writePlaces(p, lines + PLACES, tile, first, productRow, productPlane)
    finishMap(p, tile, map0, maps, lines, product)
  }
}

/** Y = Aᵀ M A of one tile whose places are found, plus start, activated, stored where it lies inside the map. */
function finishMap(p: WinogradParameters, tile: i32, map0: i32, maps: i32, lines: usize, from: usize): void {
  const tileX = tile % p.tilesAcross
  const row = tile / p.tilesAcross
  const tileY = row % p.tilesDown
  const size = p.filterSize
  const y0 = offset(p, tileY, p.down7, p.down8)
  const x0 = offset(p, tileX, p.across7, p.across8)
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  const width = min(across + 1 - size, p.mapWidth - x0)
  const map = <usize>p.map + <usize>(row / p.tilesDown * p.mapHeight * p.mapWidth) * (<usize>p.mapPixel << 2)
  // What lies outside of the map goes where zeros are kept otherwise.
  writePixels(
    lines + PIXELS, map, <usize>p.mapPixel << 2, p.mapHeight, p.mapWidth, y0, x0, down + 1 - size, width, lines + LINE_BYTES,
  )
  clearFloats(lines + NO_START, LANES)
  const least: f32 = p.activation & RELU ? 0 : -Infinity
  const most: f32 = p.activation & RELU6 ? 6 : Infinity
  for (let j = 0; j < maps; j += LANES) {
    for (let y = 0; y < down; y++) {
      mapRow(size, across, from + (<usize>j << 2), lines + PLACES + (<usize>y << 5), lines + <usize>y * LINE)
    }
    const at = <usize>(map0 + j) << 2
    const start = p.start ? <usize>p.start + at : lines + NO_START
    for (let x = 0; x < width; x++) {
      mapColumn(size, down, lines + <usize>x * VECTOR_BYTES, at, lines + PIXELS + (<usize>x << 2), start, least, most)
    }
  }
}

/** Task = tile of the chunk: V into pictureTiles [plane][tile][channel], A dY Aᵀ into mapTiles [plane][tile][map]. */
export function winogradGradientTiles(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<WinogradParameters>(parameters)
  const lines = <usize>p.scratch + <usize>worker * <usize>p.scratchBytes
  const tile = p.tile0 + task
  const channelBytes = <usize>p.channels << 2
  findPixels(p, tile, lines)
  writePlaces(p, lines + PLACES, tile, p.tile0, channelBytes, <usize>p.tiles * channelBytes + PLANE_GAP)
  transformPicture(p, tile, 0, p.channels, lines, <usize>p.pictureTiles)

  const tileX = tile % p.tilesAcross
  const row = tile / p.tilesAcross
  const tileY = row % p.tilesDown
  const size = p.filterSize
  const down = points(tileY, p.down7, p.down8)
  const across = points(tileX, p.across7, p.across8)
  const height = down + 1 - size
  const pixelBytes = <usize>p.mapPixel << 2
  const mapBytes = <usize>p.maps << 2
  const zeros = lines + LINE_BYTES
  clearFloats(zeros, p.maps)
  const map = <usize>p.map + <usize>(row / p.tilesDown * p.mapHeight * p.mapWidth) * pixelBytes
  const y0 = offset(p, tileY, p.down7, p.down8)
  const x0 = offset(p, tileX, p.across7, p.across8)
  const width = across + 1 - size
  writePixels(lines + PIXELS, map, pixelBytes, p.mapHeight, p.mapWidth, y0, x0, height, width, zeros)
  if (p.mapPixel == p.maps) bringPixels(map, pixelBytes, p.mapHeight, p.mapWidth, y0, x0, height, width, lines)
  writePlaces(p, lines + PLACES, tile, p.tile0, mapBytes, <usize>p.tiles * mapBytes + PLANE_GAP)
  for (let j = 0; j < p.maps; j += LANES) {
    const at = <usize>j << 2
    for (let y = 0; y < height; y++) {
      mapGradientRow(size, across, at, lines + PIXELS + (<usize>y << 5), lines + <usize>y * LINE)
    }
    for (let x = 0; x < across; x++) {
      mapGradientColumn(size, down, lines + <usize>x * VECTOR_BYTES, <usize>p.mapTiles + at, lines + PLACES + (<usize>x << 2))
    }
  }
}
