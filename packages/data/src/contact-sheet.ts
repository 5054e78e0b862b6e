// Pictures side by side in one, with a line of text under each, so that people see what their
// augmentation does. The letters are dots of a 5×7 font, so that it needs no fonts and looks the same
// everywhere.

import type { Batch } from './batch.ts'
import type { ChannelValues } from './normalize.ts'
import { createPicture, type Picture } from './picture.ts'
import { resample } from './resample.ts'

/** One picture of a sheet. */
export interface SheetCell {
  readonly picture: Picture
  /** Under it; cut off where it is too long. */
  readonly caption?: string
}

/** Options of `contactSheet`. */
export interface ContactSheetOptions {
  /** Side of a cell's picture in pixels; larger ones are made smaller, small ones shown n times as large. Default 128. */
  cell?: number
}

const GAP = 4
const LINE_HEIGHT = 11
const LETTER_WIDTH = 6

/** Rows of pictures, each in the middle of its cell, on white. */
export function contactSheet(
  rows: readonly (readonly SheetCell[])[],
  options: ContactSheetOptions = {},
): Picture {
  const { cell: side = 128 } = options
  if (!Number.isInteger(side) || side < 16) {
    throw new RangeError(`contactSheet: cell must be a whole number from 16, not ${side}`)
  }
  const columns = Math.max(1, ...rows.map((row) => row.length))
  const hasCaptions = rows.some((row) => row.some(({ caption }) => caption))
  const rowHeight = side + GAP + (hasCaptions ? LINE_HEIGHT : 0)
  const sheet = createPicture(GAP + columns * (side + GAP), GAP + rows.length * rowHeight)
  sheet.data.fill(255)
  rows.forEach((row, y) => {
    row.forEach(({ picture, caption = '' }, x) => {
      const left = GAP + x * (side + GAP)
      const top = GAP + y * rowHeight
      const fitted = fit(picture, side)
      paste(sheet, fitted, left + ((side - fitted.width) >> 1), top + ((side - fitted.height) >> 1))
      writeText(sheet, caption.slice(0, Math.floor(side / LETTER_WIDTH)), left, top + side + 2)
    })
  })
  return sheet
}

/** Options of `batchSheet`. */
export interface BatchSheetOptions extends ContactSheetOptions {
  /** Class names for the captions; default the numbers. */
  classes?: readonly string[]
  /** What the loader normalised with, to undo it. Default 0 and 1. */
  mean?: ChannelValues
  std?: ChannelValues
  /** Pictures a row. Default 8. */
  columns?: number
}

/** A batch of the loader as a sheet. */
export function batchSheet(
  batch: Pick<Batch<Float32Array | Uint8Array>, 'images' | 'shape' | 'labels'>,
  options: BatchSheetOptions = {},
): Picture {
  const { classes, mean = [0, 0, 0], std = [1, 1, 1], columns = 8 } = options
  const { images, labels } = batch
  const [count, height, width] = batch.shape
  const length = width * height * 3
  const cells = Array.from({ length: count }, (_, at): SheetCell => {
    const values = images.subarray(at * length, (at + 1) * length)
    const data =
      values instanceof Uint8Array
        ? values
        : Uint8Array.from(values, (value, place) => {
            const level = (value * std[place % 3]! + mean[place % 3]!) * 255
            return Math.max(0, Math.min(255, Math.round(level)))
          })
    const label = labels[at]!
    return { picture: { width, height, data }, caption: classes?.[label] ?? String(label) }
  })
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, row) =>
    cells.slice(row * columns, (row + 1) * columns),
  )
  return contactSheet(rows, options)
}

/** The picture in a square of `side` pixels: smaller by the usual filter, larger by whole pixels. */
function fit(picture: Picture, side: number): Picture {
  const longest = Math.max(picture.width, picture.height)
  const times = Math.floor(side / longest)
  if (times === 1) return picture
  if (times > 1) return enlarge(picture, times)
  const scaled = (length: number) => Math.max(1, Math.round((length * side) / longest))
  return resample(picture, { width: scaled(picture.width), height: scaled(picture.height) })
}

function enlarge({ width, height, data }: Picture, times: number): Picture {
  const large = createPicture(width * times, height * times)
  for (let y = 0, to = 0; y < large.height; y++) {
    for (let x = 0; x < large.width; x++, to += 3) {
      const from = (Math.floor(y / times) * width + Math.floor(x / times)) * 3
      large.data.set(data.subarray(from, from + 3), to)
    }
  }
  return large
}

function paste(sheet: Picture, { width, height, data }: Picture, left: number, top: number): void {
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width * 3, (y + 1) * width * 3)
    sheet.data.set(row, ((top + y) * sheet.width + left) * 3)
  }
}

/** Letters of 5×7 dots, ' ' to '~': five columns each, the top dot in the lowest bit. */
const letters =
  '0000000000' +
  '00005f00000007000700147f147f14242a7f2a12231308646236495620500008070300001c2241000041221c00' +
  '2a1c7f1c2a08083e08080080703000080808080800006060002010080402' +
  '3e5149453e00427f400072494949462141494d331814127f1027454545393c4a494931412111090736494949364649' +
  '49291e0000140000004034000000081422411414141414004122140802015909063e415d594e' +
  '7c1211127c7f494949363e414141227f4141413e7f494949417f090909013e414151737f0808087f00417f410020' +
  '40413f017f081422417f404040407f021c027f7f0408107f3e4141413e7f090909063e4151215e7f091929462649' +
  '4949320301' +
  '7f01033f4040403f1f2040201f3f4038403f63140814630304780403' +
  '6159494d43007f41414102040810200041' +
  '41417f04020102044040404040000307080020545478407f284444383844444428384444287f3854545418' +
  '00087e090218a4a49c787f0804047800447d40002040403d007f1028440000417f40007c047804787c080404783844' +
  '444438fc18242418182424' +
  '18fc7c08040408485454542404043f44243c4040207c1c2040201c3c4030403c44281028444c9090907c4464544c44' +
  '0008364100000077000000413608000201020402'

function writeText(sheet: Picture, text: string, left: number, top: number): void {
  Array.from(text).forEach((letter, place) => {
    const code = letter.charCodeAt(0)
    const at = (code >= 32 && code <= 126 ? code - 32 : 63 - 32) * 10
    for (let column = 0; column < 5; column++) {
      const dots = Number.parseInt(letters.slice(at + column * 2, at + column * 2 + 2), 16)
      for (let row = 0; row < 8; row++) {
        if (!((dots >> row) & 1)) continue
        const to = ((top + row) * sheet.width + left + place * LETTER_WIDTH + column) * 3
        sheet.data.fill(0, to, to + 3)
      }
    }
  })
}
