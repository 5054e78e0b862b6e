// Where the tiles of Winograd's method lie on the map and where their elements lie in memory, beside the
// parameters that say so. The method is in winograd.as.
//
// A plane is one element (i, j) of all tiles that have it. They are numbered so that those that the same
// tiles have come together: 0–35 i, j < 6 · 36–41 (i, 6) · 42–47 (6, j) · 48 (6, 6) · 49–54 (i, 7) ·
// 55–60 (7, j) · 61 (6, 7) · 62 (7, 6) · 63 (7, 7). An index below 6 is of class 0, 6 and 7 are classes of
// their own. As the largest tiles come first, the tiles of a class are a corner of the grid, and a tile's
// row in a plane follows from its place.

/**
 * Bytes between the planes beyond their length. Without it the planes would start a multiple of 4096
 * bytes apart, and the elements of a tile would fight for one set of the cache.
 */
export const PLANE_GAP: i32 = 64
/** Bytes that a worker's transforms keep their lines in. */
export const LINE_BYTES: i32 = 4096
/** Of those, where the second half begins: eight lines of eight vectors come first. */
export const EDGE: usize = 2048

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

/** How many tiles before `tile` have elements of classes (down, across): its row among them if it has. */
function rowOf(p: WinogradParameters, tile: i32, down: i32, across: i32): i32 {
  const x = tile % p.tilesAcross
  const y = (tile / p.tilesAcross) % p.tilesDown
  const picture = tile / (p.tilesAcross * p.tilesDown)
  const rows = ofClass(down, p.tilesDown, p.down7, p.down8)
  const columns = ofClass(across, p.tilesAcross, p.across7, p.across8)
  return (picture * rows + min(y, rows)) * columns + (y < rows ? min(x, columns) : 0)
}

// @ts-ignore: decorator
@inline
export function classOf(index: i32): i32 {
  return max(0, index - 5)
}

/** Plane of element (0, index), whose column goes on every `columnStep` planes up to row 5. */
// @ts-ignore: decorator
@inline
export function columnPlane(index: i32): i32 {
  return index < 6 ? index : index == 6 ? 36 : 49
}

// @ts-ignore: decorator
@inline
export function columnStep(index: i32): i32 {
  return index < 6 ? 6 : 1
}

/** Plane of element (index, 0), whose row goes on plane by plane up to column 5. */
// @ts-ignore: decorator
@inline
export function rowPlane(index: i32): i32 {
  return index < 6 ? index * 6 : index == 6 ? 42 : 55
}

/** Planes of (6, column), (7, column), (row, 6) and (row, 7). */
// @ts-ignore: decorator
@inline
export function below6(column: i32): i32 {
  return column < 6 ? 42 + column : column == 6 ? 48 : 61
}

// @ts-ignore: decorator
@inline
export function below7(column: i32): i32 {
  return column < 6 ? 55 + column : column == 6 ? 62 : 63
}

// @ts-ignore: decorator
@inline
export function beside6(row: i32): i32 {
  return row < 6 ? 36 + row : row == 6 ? 48 : 62
}

// @ts-ignore: decorator
@inline
export function beside7(row: i32): i32 {
  return row < 6 ? 49 + row : row == 6 ? 61 : 63
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

/** Where a tile's row of each class lies in its planes, in bytes; kept in memory, by 3 · down + across. */
export function writeRows(p: WinogradParameters, rows: usize, tile: i32, first: i32, rowBytes: usize): void {
  for (let down = 0; down < 3; down++) {
    for (let across = 0; across < 3; across++) {
      const row = rowOf(p, tile, down, across) - rowOf(p, first, down, across)
      store<u32>(rows + (<usize>(down * 3 + across) << 2), <u32>(<usize>row * rowBytes))
    }
  }
}

// @ts-ignore: decorator
@inline
export function rowBytesOf(rows: usize, down: i32, across: i32): usize {
  return <usize>load<u32>(rows + (<usize>(down * 3 + across) << 2))
}
