// Places of units: where they stand on a layer's sheet of maps, which lies beside which, which comes next.
import type { LayerInfo, MapSheet, TileSheet } from '../engine/protocol.ts'
import type { Mark } from './pixels.tsx'

export interface Place {
  row: number
  column: number
  channel: number
}

/** What the keys of the arrows do to row and column. */
export const steps: Readonly<Record<string, readonly [down: number, right: number]>> = {
  Enter: [0, 0],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
}

/** The place beside one; in a line of units the next one. */
export function moved(
  { shape }: Pick<LayerInfo, 'shape'>,
  { row, column, channel }: Place = { row: 0, column: 0, channel: 0 },
  [down, right]: readonly [number, number],
): Place {
  const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value))
  if (shape.length === 1) {
    return { row, column, channel: within(channel + down + right, shape[0]!) }
  }
  return { channel, row: within(row + down, shape[0]!), column: within(column + right, shape[1]!) }
}

/** The place after one, row by row as one reads; undefined at the end of the map. */
export function following(
  { shape }: Pick<LayerInfo, 'shape'>,
  { row, column, channel }: Place,
): Place | undefined {
  const [height, width] = shape.length === 3 ? [shape[0]!, shape[1]!] : [1, 1]
  if (column + 1 < width) return { row, column: column + 1, channel }
  return row + 1 < height ? { row: row + 1, column: 0, channel } : undefined
}

/** The tile of a channel, in the sheet's pixels. */
export function tileOf({ columns, tileWidth, tileHeight }: TileSheet, channel: number): Mark {
  return {
    left: 1 + (channel % columns) * (tileWidth + 1),
    top: 1 + Math.floor(channel / columns) * (tileHeight + 1),
    width: tileWidth,
    height: tileHeight,
  }
}

/** A channel's map, and the unit in it. */
export function marksOf(maps: MapSheet, { row, column, channel }: Place): Mark[] {
  if (channel >= maps.shown) return []
  if (maps.isLine) {
    const top = Math.floor(channel / maps.columns)
    return [{ left: channel % maps.columns, top, width: 1, height: 1 }]
  }
  const tile = tileOf(maps, channel)
  return [tile, { left: tile.left + column, top: tile.top + row, width: 1, height: 1 }]
}

export function placeAt(maps: MapSheet, x: number, y: number): Place {
  if (maps.isLine) {
    const channel = Math.min(y * maps.columns + x, maps.shown - 1)
    return { row: 0, column: 0, channel }
  }
  const [across, column] = split(x, maps.tileWidth)
  const [down, row] = split(y, maps.tileHeight)
  const channel = Math.min(down * maps.columns + Math.min(across, maps.columns - 1), maps.shown - 1)
  return { row, column, channel }
}

/** The tile at a pixel of the sheet, and the place in it; a gap counts to the tile before. */
function split(at: number, length: number): [tile: number, place: number] {
  const tile = Math.floor(Math.max(0, at - 1) / (length + 1))
  return [tile, Math.min(length - 1, Math.max(0, at - 1 - tile * (length + 1)))]
}
