// Pillow's antialiased resize, bit for bit: a filter whose support grows with the reduction, its
// weights rounded to 22-bit fixed point, a horizontal pass, the result rounded to bytes, then a
// vertical pass. Networks trained through torchvision saw exactly these pixels, and a resize that
// is merely similar moves their answers. The algorithm is that of Pillow's `src/libImaging/Resample.c`.
//
// Two things are added without changing a pixel: `crop` reads a part of the source as if it had
// been cut out before, and `window` computes a part of the result only, with just the source rows
// and columns that part needs (a 224 centre crop of a 341×256 resize needs 57% of the work).

import { warpAffine } from './operations/warp.ts'
import type { Box, Picture, Size } from './picture.ts'
import { resampleWithVectors } from './resample-vectors.ts'
import { cropPicture } from './transforms/crop.ts'

/** Pillow's filters of these names; `nearest` takes one pixel and smooths nothing. */
export type Interpolation = 'nearest' | 'box' | 'bilinear' | 'hamming' | 'bicubic' | 'lanczos'

/** What to resample and to what; see `resample`. */
export interface ResampleOptions extends Size {
  /** Part of the source to read, cut out before resizing; default the whole picture. */
  crop?: Box
  /** Part of the `width`×`height` result to compute; default all of it. */
  window?: Box
  /** Default `bilinear`: a triangle filter, widened when reducing. */
  interpolation?: Interpolation
}

const PRECISION_BITS = 22

interface Filter {
  /** Half the filter's width in source pixels at scale 1. */
  support: number
  weight(distance: number): number
}

const filters: Record<Exclude<Interpolation, 'nearest'>, Filter> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

/** @throws RangeError where there is no filter of this name. */
export function requireInterpolation(name: string, interpolation: string): void {
  if (interpolation !== 'nearest' && !Object.hasOwn(filters, interpolation)) {
    throw new RangeError(
      `${name}: interpolation must be one of nearest, ${Object.keys(filters).join(', ')}, not ${JSON.stringify(interpolation)}`,
    )
  }
}

function hamming(distance: number): number {
  const x = Math.abs(distance)
  if (x === 0) return 1
  if (x >= 1) return 0
  const angle = x * Math.PI
  // Pillow's constants are float32.
  const [base, wave] = [Math.fround(0.54), Math.fround(0.46)]
  return (Math.sin(angle) / angle) * (base + wave * Math.cos(angle))
}

/** Keys's cubic with a = −0.5. */
function bicubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return ((-0.5 + 2) * x - (-0.5 + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * -0.5
  return 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI)
}

/** For each output position: its first source position, how many, and their fixed-point weights. */
interface Coefficients {
  first: Int32Array
  taps: Int32Array
  /** `stride` weights an output position, zero past its `taps`. */
  weights: Int32Array
  stride: number
}

/**
 * Resizes a picture to `width`×`height` as Pillow's `Image.resize` does.
 * @returns A new picture of the size of `window`, or `width`×`height` without one.
 * @throws RangeError where a size is not a positive whole number or a box leaves its picture.
 */
export function resample(picture: Picture, options: ResampleOptions): Picture {
  const { width, height } = options
  const crop = options.crop ?? { left: 0, top: 0, width: picture.width, height: picture.height }
  const window = options.window ?? { left: 0, top: 0, width, height }
  checkBox(crop, picture, 'crop')
  checkBox(window, options, 'window')
  const { interpolation = 'bilinear' } = options
  requireInterpolation('resample', interpolation)
  if (interpolation === 'nearest') return resampleNearest(picture, crop, options, window)
  const filter = filters[interpolation]
  const rowBytes = window.width * 3

  const vertical =
    height === crop.height
      ? undefined
      : coefficients(crop.height, height, window.top, window.height, filter)
  const last = window.height - 1
  const firstRow = vertical ? vertical.first[0]! : window.top
  const endRow = vertical ? vertical.first[last]! + vertical.taps[last]! : firstRow + window.height
  const rows = endRow - firstRow

  const horizontal =
    width === crop.width
      ? undefined
      : coefficients(crop.width, width, window.left, window.width, filter)
  if (horizontal && vertical) {
    const made = resampleWithVectors(picture, crop, firstRow, rows, horizontal, vertical)
    if (made) return made
  }

  const between = new Uint8Array(rows * rowBytes)
  if (!horizontal) {
    for (let row = 0; row < rows; row++) {
      const from = ((crop.top + firstRow + row) * picture.width + crop.left + window.left) * 3
      between.set(picture.data.subarray(from, from + rowBytes), row * rowBytes)
    }
  } else {
    resampleRows(picture, crop, firstRow, rows, horizontal, between)
  }
  if (!vertical) return { width: window.width, height: window.height, data: between }

  const data = new Uint8Array(window.height * rowBytes)
  resampleColumns(between, rowBytes, firstRow, vertical, data)
  return { width: window.width, height: window.height, data }
}

/** One source pixel for each, found by repeated addition as Pillow does, so never by the window alone. */
function resampleNearest(picture: Picture, crop: Box, size: Size, window: Box): Picture {
  const { width, height } = size
  const source = cropPicture(picture, crop)
  const scale = [source.width / width, 0, 0, 0, source.height / height, 0] as const
  const whole =
    width === source.width && height === source.height
      ? source
      : warpAffine(source, scale, { size: { width, height } })
  const part = cropPicture(whole, window)
  return part === picture ? { ...part, data: part.data.slice() } : part
}

/** Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`, for outputs `start` to `start + count`. */
function coefficients(
  inSize: number,
  outSize: number,
  start: number,
  count: number,
  filter: Filter,
): Coefficients {
  const scale = inSize / outSize
  const filterScale = Math.max(1, scale)
  const support = filter.support * filterScale
  const stride = Math.ceil(support) * 2 + 1
  const inverse = 1 / filterScale
  const first = new Int32Array(count)
  const taps = new Int32Array(count)
  const weights = new Int32Array(count * stride)
  const exact = new Float64Array(stride)
  for (let index = 0; index < count; index++) {
    const center = (start + index + 0.5) * scale
    const low = Math.max(0, Math.trunc(center - support + 0.5))
    const high = Math.min(inSize, Math.trunc(center + support + 0.5))
    let sum = 0
    for (let tap = 0; tap < high - low; tap++) {
      const weight = filter.weight((tap + low - center + 0.5) * inverse)
      exact[tap] = weight
      sum += weight
    }
    for (let tap = 0; tap < high - low; tap++) {
      const weight = sum === 0 ? exact[tap]! : exact[tap]! / sum
      const fixed = weight * (1 << PRECISION_BITS)
      weights[index * stride + tap] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
    }
    first[index] = low
    taps[index] = high - low
  }
  return { first, taps, weights, stride }
}

/** The horizontal pass over `rows` rows of the crop, starting at its row `firstRow`. */
function resampleRows(
  picture: Picture,
  crop: Box,
  firstRow: number,
  rows: number,
  { first, taps, weights, stride }: Coefficients,
  out: Uint8Array,
): void {
  const source = picture.data
  const half = 1 << (PRECISION_BITS - 1)
  const count = first.length
  let to = 0
  for (let row = 0; row < rows; row++) {
    const rowStart = ((crop.top + firstRow + row) * picture.width + crop.left) * 3
    for (let index = 0; index < count; index++) {
      let from = rowStart + first[index]! * 3
      let red = half
      let green = half
      let blue = half
      const begin = index * stride
      const end = begin + taps[index]!
      for (let at = begin; at < end; at++) {
        const weight = weights[at]!
        red += Math.imul(source[from]!, weight)
        green += Math.imul(source[from + 1]!, weight)
        blue += Math.imul(source[from + 2]!, weight)
        from += 3
      }
      out[to] = clip(red >> PRECISION_BITS)
      out[to + 1] = clip(green >> PRECISION_BITS)
      out[to + 2] = clip(blue >> PRECISION_BITS)
      to += 3
    }
  }
}

/** The vertical pass; `source` begins at the source row `firstRow`. */
function resampleColumns(
  source: Uint8Array,
  rowBytes: number,
  firstRow: number,
  { first, taps, weights, stride }: Coefficients,
  out: Uint8Array,
): void {
  const half = 1 << (PRECISION_BITS - 1)
  const sums = new Int32Array(rowBytes)
  let to = 0
  for (let index = 0; index < first.length; index++) {
    sums.fill(half)
    for (let tap = 0; tap < taps[index]!; tap++) {
      const weight = weights[index * stride + tap]!
      const from = (first[index]! - firstRow + tap) * rowBytes
      for (let x = 0; x < rowBytes; x++) sums[x]! += Math.imul(source[from + x]!, weight)
    }
    for (let x = 0; x < rowBytes; x++) out[to + x] = clip(sums[x]! >> PRECISION_BITS)
    to += rowBytes
  }
}

function clip(value: number): number {
  return Math.max(0, Math.min(255, value))
}

function checkBox(box: Box, size: Size, name: string): void {
  const { left, top, width, height } = box
  const whole = [left, top, width, height, size.width, size.height].every(Number.isInteger)
  const inside = left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height
  if (!whole || width < 1 || height < 1 || !inside) {
    throw new RangeError(
      `resample: ${name} ${width}×${height} at (${left}, ${top}) must be whole pixels inside ${size.width}×${size.height}`,
    )
  }
}
