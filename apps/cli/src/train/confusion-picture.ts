// A confusion matrix as a small picture, for readers of logs that show pictures and no plots: a row a
// class, a column an answer, a cell the darker the more of the row's pictures it holds.

import type { Picture } from '@alexnet/data'

/** Sides of a picture are about this many pixels; cells from 3 to 24, a line between them. */
const SIDE = 480
const CELL = { least: 3, most: 24 }

/** Right answers, wrong ones, and no picture at all: red, green, blue. */
const colors = { right: [21, 128, 61], wrong: [194, 65, 12], none: [255, 255, 255] } as const
const LINE = 217

/** Pixels from one cell to the next. */
export const cellSize = (classes: number) =>
  Math.max(CELL.least, Math.min(CELL.most, Math.floor(SIDE / classes)))

/**
 * Draws a confusion matrix.
 *
 * @param confusion counts; rows are the classes, columns the answers
 * @returns a square of `classes · cellSize(classes) + 1` pixels a side. The colour of a cell lies between
 *   white and full by the root of its share of the row: rare mistakes would not be seen otherwise.
 */
export function confusionPicture(confusion: readonly (readonly number[])[]): Picture {
  const cell = cellSize(confusion.length)
  const side = confusion.length * cell + 1
  const data = new Uint8Array(side * side * 3).fill(LINE)
  for (const [own, row] of confusion.entries()) {
    const total = row.reduce((sum, count) => sum + count, 0)
    for (const [given, count] of row.entries()) {
      const strength = Math.sqrt(count / Math.max(1, total))
      const full = own === given ? colors.right : colors.wrong
      const color = full.map((value, channel) =>
        Math.round(colors.none[channel]! + (value - colors.none[channel]!) * strength),
      )
      for (let y = own * cell + 1; y < (own + 1) * cell; y++) {
        for (let x = given * cell + 1; x < (given + 1) * cell; x++) {
          data.set(color, (y * side + x) * 3)
        }
      }
    }
  }
  return { width: side, height: side, data }
}
