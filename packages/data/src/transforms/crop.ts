// Cutting a fixed size out of a picture, from the centre or at random, with a border where the
// picture is too small or a border was asked for. torchvision pads first and crops then; here a
// crop may begin outside the picture and the missing pixels are made up on the way, which gives
// the same pixels without the padded copy.

import {
  type Fill,
  fillColor,
  foldPosition,
  type PaddingMode,
  requireFill,
  requirePaddingMode,
} from '../operations/padding.ts'
import type { Box, Picture, Size } from '../picture.ts'
import { readSize, type SizeOption } from './checks.ts'
import { roundHalfEven, type Transform } from './transform.ts'

export type { PaddingMode } from '../operations/padding.ts'

/** How `cropPicture` makes up pixels outside the picture. */
export interface PaddingOptions {
  /** Default `constant`. */
  paddingMode?: PaddingMode
  /** The colour of constant padding, 0 to 255: one grey or `[red, green, blue]`. Default 0. */
  fill?: Fill
}

/** A border: all sides, `[left and right, top and bottom]`, or `[left, top, right, bottom]`. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number]

/** Options of `randomCrop`. */
export interface RandomCropOptions extends PaddingOptions {
  /** Pixels of the square side, or `[height, width]`. */
  size: SizeOption
  /** Border added before cropping. Default 0. */
  padding?: Padding
  /**
   * Pads a picture that is too small, on both sides by all that is missing, as torchvision does, so
   * that its place in the crop is random. Default false.
   */
  padIfNeeded?: boolean
}

/**
 * Cuts the middle out, as torchvision's `CenterCrop`: a picture smaller than the crop gets a black
 * border, odd rests are rounded half to even.
 * @param size Pixels of the square side, or `[height, width]`.
 */
export function centerCrop(size: SizeOption): Transform<Box> {
  const [height, width] = readSize('centerCrop', size)
  return {
    name: 'centerCrop',
    settings: [size],
    sample: (_random, picture) => ({
      left: centeredStart(picture.width, width),
      top: centeredStart(picture.height, height),
      width,
      height,
    }),
    outputSize: () => ({ width, height }),
    apply: (picture, box) => cropPicture(picture, box),
    window: (box) => box,
  }
}

/**
 * Cuts a random part out, as torchvision's `RandomCrop`, after adding `padding` on the sides.
 * @throws RangeError when sampling for a picture that is too small even with its border.
 */
export function randomCrop(options: RandomCropOptions): Transform<Box> {
  const [height, width] = readSize('randomCrop', options.size)
  const [left, top, right, bottom] = sides('randomCrop', options.padding ?? 0)
  requirePadding('randomCrop', options)
  // A picture that is short of pixels is given the missing number on both sides.
  const missing = (length: number, crop: number) =>
    options.padIfNeeded ? Math.max(0, crop - length) : 0
  return {
    name: 'randomCrop',
    settings: [options],
    sample(random, picture) {
      const moreX = missing(picture.width + left + right, width)
      const moreY = missing(picture.height + top + bottom, height)
      const spareWidth = picture.width + left + right + 2 * moreX - width
      const spareHeight = picture.height + top + bottom + 2 * moreY - height
      if (spareWidth < 0 || spareHeight < 0) {
        throw new RangeError(
          `randomCrop: cannot cut ${width}×${height} from ${picture.width}×${picture.height} with its padding; resize first, pad more or set padIfNeeded`,
        )
      }
      const box = { left: -left - moreX, top: -top - moreY, width, height }
      // Row before column, and nothing drawn for an exact fit, as in torchvision.
      if (spareWidth === 0 && spareHeight === 0) return box
      const row = random.integer(spareHeight + 1)
      const column = random.integer(spareWidth + 1)
      return { ...box, left: box.left + column, top: box.top + row }
    },
    outputSize: () => ({ width, height }),
    apply: (picture, box) => cropPicture(picture, box, options),
    window: (box) => box,
  }
}

/** Adds a border, as torchvision's `Pad`. */
export function pad(padding: Padding, options: PaddingOptions = {}): Transform<null> {
  const [left, top, right, bottom] = sides('pad', padding)
  requirePadding('pad', options)
  const padded = ({ width, height }: Size) => ({
    width: width + left + right,
    height: height + top + bottom,
  })
  return {
    name: 'pad',
    settings: [padding, options],
    sample: () => null,
    outputSize: (size) => padded(size),
    apply: (picture) =>
      cropPicture(picture, { left: -left, top: -top, ...padded(picture) }, options),
  }
}

/** Cuts `box` out; the parts of it that lie outside the picture are padded. */
export function cropPicture(picture: Picture, box: Box, options: PaddingOptions = {}): Picture {
  const { left, top, width, height } = box
  requirePadding('cropPicture', options)
  if (left === 0 && top === 0 && width === picture.width && height === picture.height) {
    return picture
  }
  const data = new Uint8Array(width * height * 3)
  const inside =
    left >= 0 && top >= 0 && left + width <= picture.width && top + height <= picture.height
  if (inside) {
    for (let row = 0; row < height; row++) {
      const from = ((top + row) * picture.width + left) * 3
      data.set(picture.data.subarray(from, from + width * 3), row * width * 3)
    }
  } else if (options.paddingMode && options.paddingMode !== 'constant') {
    copyFolded(picture, box, data, options.paddingMode)
  } else {
    copyOnto(picture, box, data, options.fill ?? 0)
  }
  return { width, height, data }
}

function copyFolded(
  picture: Picture,
  box: Box,
  data: Uint8Array,
  mode: Exclude<PaddingMode, 'constant'>,
): void {
  const columns = Int32Array.from({ length: box.width }, (_, x) =>
    foldPosition(box.left + x, picture.width, mode),
  )
  let to = 0
  for (let row = 0; row < box.height; row++) {
    const rowStart = foldPosition(box.top + row, picture.height, mode) * picture.width
    for (let x = 0; x < box.width; x++) {
      const from = (rowStart + columns[x]!) * 3
      data[to] = picture.data[from]!
      data[to + 1] = picture.data[from + 1]!
      data[to + 2] = picture.data[from + 2]!
      to += 3
    }
  }
}

function copyOnto(
  picture: Picture,
  { left, top, width, height }: Box,
  data: Uint8Array,
  fill: Fill,
): void {
  if (fill !== 0) fillColor(data, fill)
  const firstColumn = Math.max(0, left)
  const endColumn = Math.min(picture.width, left + width)
  if (endColumn <= firstColumn) return
  for (let row = Math.max(0, -top); row < height && top + row < picture.height; row++) {
    const rowStart = (top + row) * picture.width
    const pixels = picture.data.subarray((rowStart + firstColumn) * 3, (rowStart + endColumn) * 3)
    data.set(pixels, (row * width + firstColumn - left) * 3)
  }
}

function requirePadding(name: string, { paddingMode, fill }: PaddingOptions): void {
  requirePaddingMode(name, paddingMode)
  requireFill(name, fill)
}

function centeredStart(length: number, crop: number): number {
  // Padded pictures are cut at 0 of the padded picture, which lies floor(rest / 2) outside.
  return crop > length ? -Math.floor((crop - length) / 2) : roundHalfEven((length - crop) / 2)
}

function sides(
  name: string,
  padding: Padding,
): [left: number, top: number, right: number, bottom: number] {
  const list = typeof padding === 'number' ? [padding] : padding
  if (list.some((side) => !Number.isInteger(side) || side < 0)) {
    throw new RangeError(`${name}: padding must be whole numbers from 0 up, not ${padding}`)
  }
  const [left, top = left, right = left, bottom = top] = list as readonly [number, ...number[]]
  return [left, top, right, bottom]
}
