// The tiles that the matrix product is cut into, and which of them suits a shape.

import type { Tile } from './kernels/matrix-product.wgsl.ts'

export interface Tuning {
  /** The tile of products with many rows and columns. Default: 64 × 64. */
  large?: Tile
  /** Workgroups that keep the device busy: a deep product of fewer tiles is cut into pieces. Default 64. */
  enoughTiles?: number
}

const tile = (
  rows: number,
  columns: number,
  depth: number,
  threadRows: number,
  threadColumns: number,
): Tile => ({ rows, columns, depth, threadRows, threadColumns })

export const candidates: readonly Tile[] = [
  tile(64, 64, 16, 8, 8),
  tile(64, 64, 16, 8, 4),
  tile(32, 64, 32, 4, 4),
  tile(128, 64, 16, 8, 8),
]
const medium = tile(32, 32, 32, 4, 4)
const flat = tile(16, 64, 32, 4, 4)
/** For results of few columns: a first layer's few maps, or the three channels of its picture's gradient. */
const narrow = tile(64, 16, 32, 4, 4)
const narrowest = tile(128, 8, 16, 4, 4)

/** The tile for a product: one that its result fills. */
export function tileFor({ large = candidates[0]! }: Tuning, rows: number, columns: number): Tile {
  if (rows <= 16) return flat
  if (columns <= 8) return narrowest
  if (columns <= 16) return narrow
  if (columns <= 32 || rows <= 32) return medium
  // Few large tiles would leave most of a device idle.
  return Math.ceil(rows / large.rows) * Math.ceil(columns / large.columns) < 16 ? medium : large
}
