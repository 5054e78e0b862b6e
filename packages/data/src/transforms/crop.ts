/**
 * Cutting a fixed size out of a picture, from the centre or at random, with a border where the
 * picture is too small or a border was asked for. torchvision pads first and crops then; here a
 * crop may begin outside the picture and the missing pixels are made up on the way, which gives
 * the same pixels without the padded copy.
 */
import type { Box, Picture } from '../picture.ts'
import type { Random } from '../random.ts'
import { roundHalfEven, type Transform } from './transform.ts'

/** What lies outside a picture: one colour, or the picture mirrored at its outermost pixels. */
export type PaddingMode = 'constant' | 'reflect'

/** How `cropPicture` makes up pixels outside the picture. */
export interface PaddingOptions {
  /** Default `constant`. */
  paddingMode?: PaddingMode
  /** The colour of constant padding, 0 to 255: one grey or `[red, green, blue]`. Default 0. */
  fill?: number | readonly [number, number, number]
}

/** Options of `randomCrop`. */
export interface RandomCropOptions extends PaddingOptions {
  /** Pixels of the square side, or `[height, width]`. */
  size: number | readonly [height: number, width: number]
  /**
   * Border added before cropping: all sides, `[left and right, top and bottom]`, or
   * `[left, top, right, bottom]`. Default 0.
   */
  padding?: number | readonly [number, number] | readonly [number, number, number, number]
}

/**
 * Cuts the middle out, as torchvision's `CenterCrop`: a picture smaller than the crop gets a black
 * border, odd rests are rounded half to even.
 * @param size Pixels of the square side, or `[height, width]`.
 */
export function centerCrop(
  size: number | readonly [height: number, width: number],
): Transform<Box> {
  const [height, width] = cropSize(size, 'centerCrop')
  return {
    name: 'centerCrop',
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
  const [height, width] = cropSize(options.size, 'randomCrop')
  const [left, top, right, bottom] = sides(options.padding ?? 0)
  return {
    name: 'randomCrop',
    sample(random: Random, picture) {
      const spareWidth = picture.width + left + right - width
      const spareHeight = picture.height + top + bottom - height
      if (spareWidth < 0 || spareHeight < 0) {
        throw new RangeError(
          `randomCrop: cannot cut ${width}×${height} from ${picture.width}×${picture.height} with its padding; resize first or pad more`,
        )
      }
      // Row before column, and nothing drawn for an exact fit, as in torchvision.
      if (spareWidth === 0 && spareHeight === 0) return { left: -left, top: -top, width, height }
      const row = random.integer(spareHeight + 1)
      const column = random.integer(spareWidth + 1)
      return { left: column - left, top: row - top, width, height }
    },
    outputSize: () => ({ width, height }),
    apply: (picture, box) => cropPicture(picture, box, options),
    window: (box) => box,
  }
}

/** Cuts `box` out; the parts of it that lie outside the picture are padded. */
export function cropPicture(picture: Picture, box: Box, options: PaddingOptions = {}): Picture {
  const { left, top, width, height } = box
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
  } else if (options.paddingMode === 'reflect') {
    copyReflected(picture, box, data)
  } else {
    copyOnto(picture, box, data, options.fill ?? 0)
  }
  return { width, height, data }
}

function copyReflected(picture: Picture, box: Box, data: Uint8Array): void {
  const columns = Int32Array.from({ length: box.width }, (_, x) =>
    reflect(box.left + x, picture.width),
  )
  let to = 0
  for (let row = 0; row < box.height; row++) {
    const rowStart = reflect(box.top + row, picture.height) * picture.width
    for (let x = 0; x < box.width; x++) {
      const from = (rowStart + columns[x]!) * 3
      data[to] = picture.data[from]!
      data[to + 1] = picture.data[from + 1]!
      data[to + 2] = picture.data[from + 2]!
      to += 3
    }
  }
}

/** numpy's `reflect`: … 2 1 | 0 1 2 … n−1 | n−2 n−3 …, as often as needed. */
function reflect(position: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const folded = ((position % period) + period) % period
  return folded < length ? folded : period - folded
}

function copyOnto(
  picture: Picture,
  { left, top, width, height }: Box,
  data: Uint8Array,
  fill: number | readonly [number, number, number],
): void {
  if (typeof fill === 'number') data.fill(fill)
  else for (let at = 0; at < data.length; at++) data[at] = fill[at % 3]!
  const firstColumn = Math.max(0, left)
  const endColumn = Math.min(picture.width, left + width)
  if (endColumn <= firstColumn) return
  for (let row = Math.max(0, -top); row < height && top + row < picture.height; row++) {
    const rowStart = (top + row) * picture.width
    const pixels = picture.data.subarray((rowStart + firstColumn) * 3, (rowStart + endColumn) * 3)
    data.set(pixels, (row * width + firstColumn - left) * 3)
  }
}

function centeredStart(length: number, crop: number): number {
  // Padded pictures are cut at 0 of the padded picture, which lies floor(rest / 2) outside.
  return crop > length ? -Math.floor((crop - length) / 2) : roundHalfEven((length - crop) / 2)
}

function cropSize(size: number | readonly [number, number], name: string): [number, number] {
  const [height, width] = typeof size === 'number' ? [size, size] : size
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new RangeError(`${name}: the size must be positive whole numbers, not ${size}`)
  }
  return [height, width]
}

function sides(
  padding: NonNullable<RandomCropOptions['padding']>,
): [left: number, top: number, right: number, bottom: number] {
  const list = typeof padding === 'number' ? [padding] : padding
  if (list.some((side) => !Number.isInteger(side) || side < 0)) {
    throw new RangeError(`randomCrop: padding must be whole numbers from 0 up, not ${padding}`)
  }
  const [left, top = left, right = left, bottom = top] = list
  return [left, top, right, bottom]
}
