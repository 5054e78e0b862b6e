// Where the tiles of Winograd's method lie on the map and where their elements lie in memory, beside the
// parameters that say so. The method is in winograd.as.
//
// A plane is one element (i, j) of all tiles that have it. They are numbered so that those that the same
// tiles have come together: 0–35 i, j < 6 · 36–41 (i, 6) · 42–47 (6, j) · 48 (6, 6) · 49–54 (i, 7) ·
// 55–60 (7, j) · 61 (6, 7) · 62 (7, 6) · 63 (7, 7). An index below 6 is of class 0, 6 and 7 are classes of
// their own. As the largest tiles come first, the tiles of a class are a corner of the grid, and a tile's
// row in a plane follows from its place.

import { VECTOR } from '../micro-kernel'
import { bringNear } from './vector'

/**
 * Bytes between the planes beyond their length. Without it the planes would start a multiple of 4096
 * bytes apart, and the elements of a tile would fight for one set of the cache.
 */
export const PLANE_GAP: i32 = 64
/** Bytes of a line of eight vectors. */
export const LINE: usize = 8 * <usize>VECTOR
/** A worker's scratch begins with eight lines, */
export const NO_START: usize = 8 * LINE
/** a vector of zeros, */
export const PLACES: usize = NO_START + LINE
/** and two tables, of 8 · row + column: where a tile's elements lie in their planes, and where its pixels lie. */
export const PIXELS: usize = PLACES + 256
/** Bytes of all that. Then come `zeroBytes` for pixels outside of the picture. */
export const LINE_BYTES: i32 = 3072

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
  /** Floats between two pixels of the picture and of the map: all groups' channels. */
  picturePixel: i32
  mapHeight: i32
  mapWidth: i32
  maps: i32
  mapPixel: i32
  /** Floats between two channels of the filter. */
  filterRow: i32
  padTop: i32
  padLeft: i32
  /** 3 or 5. */
  filterSize: i32
  tilesDown: i32
  tilesAcross: i32
  /** How many of them have at least 7 and 8 elements; the first ones. */
  down7: i32
  down8: i32
  across7: i32
  across8: i32
  /** First tile and number of tiles of the job. */
  tile0: i32
  tiles: i32
  taskTiles: i32
  taskMaps: i32
  /** Channels of a block of V: at most ROW_STRIDE. */
  blockChannels: i32
  activation: i32
  /** V and A dY Aᵀ of all the job's tiles, or 0 where a task makes its own V. */
  pictureTiles: u32
  mapTiles: u32
  scratch: u32
  scratchBytes: u32
  /** Bytes of a pixel of the picture or of the map, whichever has more, and a vector. */
  zeroBytes: u32
}

/** Elements of the tile at a place of an axis. */
// @ts-ignore: decorator
@inline
export function points(place: i32, with7: i32, with8: i32): i32 {
  return 6 + i32(place < with7) + i32(place < with8)
}

/** Where that tile begins in the map. */
// @ts-ignore: decorator
@inline
export function offset(p: WinogradParameters, place: i32, with7: i32, with8: i32): i32 {
  return (7 - p.filterSize) * place + min(place, with7) + min(place, with8)
}

// @ts-ignore: decorator
@inline
function ofClass(kind: i32, all: i32, with7: i32, with8: i32): i32 {
  return kind == 0 ? all : kind == 1 ? with7 : with8
}

/** Of the tiles before one at (picture, y, x), those that have elements of classes (down, across). */
// @ts-ignore: decorator
@inline
function rowAt(p: WinogradParameters, picture: i32, y: i32, x: i32, down: i32, across: i32): i32 {
  const rows = ofClass(down, p.tilesDown, p.down7, p.down8)
  const columns = ofClass(across, p.tilesAcross, p.across7, p.across8)
  return (picture * rows + min(y, rows)) * columns + (y < rows ? min(x, columns) : 0)
}

function rowOf(p: WinogradParameters, tile: i32, down: i32, across: i32): i32 {
  const row = tile / p.tilesAcross
  return rowAt(p, row / p.tilesDown, row % p.tilesDown, tile % p.tilesAcross, down, across)
}

/** Row and column of a class's first element, and how many it has. */
// @ts-ignore: decorator
@inline
function classStart(kind: i32): i32 {
  return kind == 0 ? 0 : 5 + kind
}

// @ts-ignore: decorator
@inline
function classLength(kind: i32): i32 {
  return kind == 0 ? 6 : 1
}

/**
 * Writes the table of where a tile's elements lie, in bytes from the first plane; the row of tile `first` is
 * row 0. With rowBytes 0: where the planes begin.
 */
export function writePlaces(
  p: WinogradParameters, table: usize, tile: i32, first: i32, rowBytes: usize, planeBytes: usize,
): void {
  const row = tile / p.tilesAcross
  const x = tile % p.tilesAcross
  const y = row % p.tilesDown
  const picture = row / p.tilesDown
  const firstRow = first / p.tilesAcross
  const firstX = first % p.tilesAcross
  const firstY = firstRow % p.tilesDown
  const firstPicture = firstRow / p.tilesDown
  for (let down = points(y, p.down7, p.down8) - 6; down >= 0; down--) {
    for (let across = points(x, p.across7, p.across8) - 6; across >= 0; across--) {
      const before = rowAt(p, picture, y, x, down, across) - rowAt(p, firstPicture, firstY, firstX, down, across)
      let place = <usize>before * rowBytes + <usize>classPlane(down, across) * planeBytes
      for (let i = classStart(down), below = i + classLength(down); i < below; i++) {
        for (let j = classStart(across), beside = j + classLength(across); j < beside; j++) {
          store<u32>(table + (<usize>(8 * i + j) << 2), <u32>place)
          place += planeBytes
        }
      }
    }
  }
}

/** First plane of a class: the next are its elements row by row. */
// @ts-ignore: decorator
@inline
function classPlane(down: i32, across: i32): i32 {
  if (down == 0) return across == 0 ? 0 : across == 1 ? 36 : 49
  if (across == 0) return down == 1 ? 42 : 55
  return down == 1 ? (across == 1 ? 48 : 61) : across == 1 ? 62 : 63
}

/** Writes the table of the addresses of down × across pixels from (y0, x0) on: that of zeros outside of the picture. */
export function writePixels(
  table: usize, picture: usize, pixelBytes: usize, height: i32, width: i32,
  y0: i32, x0: i32, down: i32, across: i32, zeros: usize,
): void {
  for (let y = y0; y < y0 + down; y++) {
    const inside = <u32>y < <u32>height
    let pixel = picture + <usize>(y * width + x0) * pixelBytes
    for (let x = x0; x < x0 + across; x++) {
      store<u32>(table + (<usize>(x - x0) << 2), <u32>(inside && <u32>x < <u32>width ? pixel : zeros))
      pixel += pixelBytes
    }
    table += 32
  }
}

/**
 * Brings down × across pixels from (y0, x0) on into the cache, row by row from end to end, as far as they lie inside the
 * picture: a transform reads a few channels of all of them, and then the next few. A word goes to `to`.
 */
export function bringPixels(
  picture: usize, pixelBytes: usize, height: i32, width: i32, y0: i32, x0: i32, down: i32, across: i32, to: usize,
): void {
  const left = max(0, x0)
  const bytes = <usize>max(0, min(width, x0 + across) - left) * pixelBytes
  for (let y = max(0, y0), end = min(height, y0 + down); y < end; y++) {
    bringNear(picture + <usize>(y * width + left) * pixelBytes, bytes, to)
  }
}

/** Tiles of tiles `first` to `last` that have the element of a plane. */
export function planeRows(p: WinogradParameters, plane: i32, first: i32, last: i32): i32 {
  let down = 0
  let across = 0
  if (plane >= 36) {
    if (plane < 42) across = 1
    else if (plane < 48) down = 1
    else if (plane == 48) { down = 1; across = 1 }
    else if (plane < 55) across = 2
    else if (plane < 61) down = 2
    else { down = plane == 61 ? 1 : 2; across = plane == 62 ? 1 : 2 }
  }
  return rowOf(p, last, down, across) - rowOf(p, first, down, across)
}
