// Where each pixel of the result comes from, as Pillow's `Image.transform` does it
// (`src/libImaging/Geometry.c`): nearest pixels by 16.16 fixed point, or by repeated addition where
// nothing is turned; bilinear in float64, cut off to bytes. What lies outside the source is filled.

import type { Picture, Size } from '../picture.ts'
import { type Fill, fillColor, requireFill } from './padding.ts'

/** How a value between pixels is found. */
export type WarpInterpolation = 'nearest' | 'bilinear'

/** `[a, b, c, d, e, f]`: the result's pixel (x, y) is the source's (ax + by + c, dx + ey + f). */
export type AffineMatrix = readonly [number, number, number, number, number, number]

/** The same over gx + hy + 1: `[a, b, c, d, e, f, g, h]`. */
export type PerspectiveCoefficients = readonly [...AffineMatrix, number, number]

/** What both warps take. */
export interface WarpOptions {
  /** Default `nearest`. */
  interpolation?: WarpInterpolation
  /** The colour of what lies outside the source; default black. */
  fill?: Fill
  /** The size of the result; default the source's. */
  size?: Size
}

/** @throws RangeError where `interpolation` or `fill` is none that warps know. */
export function requireWarp(
  name: string,
  { interpolation = 'nearest', fill }: Omit<WarpOptions, 'size'>,
): void {
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') {
    throw new RangeError(
      `${name}: interpolation must be nearest or bilinear, not ${JSON.stringify(interpolation)}`,
    )
  }
  requireFill(name, fill)
}

/** `matrix` takes pixels of the result to where they come from. */
export function warpAffine(
  picture: Picture,
  matrix: AffineMatrix,
  { interpolation = 'nearest', fill = 0, size = picture }: WarpOptions = {},
): Picture {
  requireWarp('warpAffine', { interpolation, fill })
  const result = blank(size, fill)
  const [, b, , d] = matrix
  if (interpolation === 'bilinear') warpBilinear(picture, [...matrix, 0, 0], result)
  else if (b === 0 && d === 0) scaleNearest(picture, matrix, result)
  else if (fitsFixedPoint(matrix, size)) warpFixedPoint(picture, matrix, result)
  else warpAdding(picture, matrix, result)
  return result
}

/** `coefficients` take pixels of the result to where they come from. */
export function warpPerspective(
  picture: Picture,
  coefficients: PerspectiveCoefficients,
  { interpolation = 'nearest', fill = 0, size = picture }: WarpOptions = {},
): Picture {
  requireWarp('warpPerspective', { interpolation, fill })
  const result = blank(size, fill)
  if (interpolation === 'bilinear') warpBilinear(picture, coefficients, result)
  else warpNearest(picture, coefficients, result)
  return result
}

function blank({ width, height }: Size, fill: Fill): Picture {
  const data = new Uint8Array(width * height * 3)
  if (fill !== 0) fillColor(data, fill)
  return { width, height, data }
}

/** Without turn or shear: columns and rows are found one by one. */
function scaleNearest(source: Picture, [a, , c, , e, f]: AffineMatrix, result: Picture): void {
  const columns = new Int32Array(result.width)
  let first = result.width
  let end = 0
  let xIn = c + a * 0.5
  for (let x = 0; x < result.width; x++, xIn += a) {
    if (xIn < 0 || Math.trunc(xIn) >= source.width) continue
    columns[x] = Math.trunc(xIn)
    first = Math.min(first, x)
    end = x + 1
  }
  const { data } = source
  const straight = a === 1 && end > first
  let yIn = f + e * 0.5
  for (let y = 0; y < result.height; y++, yIn += e) {
    if (yIn < 0 || Math.trunc(yIn) >= source.height) continue
    const row = Math.trunc(yIn) * source.width
    let to = (y * result.width + first) * 3
    if (straight) {
      const from = (row + columns[first]!) * 3
      result.data.set(data.subarray(from, from + (end - first) * 3), to)
      continue
    }
    for (let x = first; x < end; x++, to += 3) {
      const from = (row + columns[x]!) * 3
      result.data[to] = data[from]!
      result.data[to + 1] = data[from + 1]!
      result.data[to + 2] = data[from + 2]!
    }
  }
}

/** Whether all corners are within what 16.16 fixed point can hold. */
function fitsFixedPoint([a, b, c, d, e, f]: AffineMatrix, { width, height }: Size): boolean {
  for (const x of [0, width]) {
    for (const y of [0, height]) {
      if (!(Math.abs(x * a + y * b + c) < 32768 && Math.abs(x * d + y * e + f) < 32768)) {
        return false
      }
    }
  }
  return true
}

function warpFixedPoint(source: Picture, matrix: AffineMatrix, result: Picture): void {
  const [a, b, c, d, e, f] = matrix
  const fixed = (value: number) => Math.floor(value * 65536 + 0.5)
  const stepX = fixed(a)
  const stepY = fixed(d)
  let rowX = fixed(c + a * 0.5 + b * 0.5)
  let rowY = fixed(f + d * 0.5 + e * 0.5)
  const rowStepX = fixed(b)
  const rowStepY = fixed(e)
  const { data, width } = source
  const out = result.data
  for (let y = 0; y < result.height; y++) {
    const across = insideRange(rowX, stepX, source.width * 65536, result.width)
    const down = insideRange(rowY, stepY, source.height * 65536, result.width)
    const first = Math.max(across[0], down[0])
    const end = Math.min(across[1], down[1])
    let xIn = rowX + first * stepX
    let yIn = rowY + first * stepY
    let to = (y * result.width + first) * 3
    for (let x = first; x < end; x++) {
      const from = ((yIn >> 16) * width + (xIn >> 16)) * 3
      out[to] = data[from]!
      out[to + 1] = data[from + 1]!
      out[to + 2] = data[from + 2]!
      to += 3
      xIn = (xIn + stepX) | 0
      yIn = (yIn + stepY) | 0
    }
    rowX += rowStepX
    rowY += rowStepY
  }
}

/** From which x on and before which one 0 ≤ start + x · step < limit, x from 0 to `count`. */
function insideRange(
  start: number,
  step: number,
  limit: number,
  count: number,
): readonly [first: number, end: number] {
  if (step === 0) return start >= 0 && start < limit ? [0, count] : [0, 0]
  const [near, far] = step > 0 ? [0, limit - 1] : [limit - 1, 0]
  const first = Math.max(0, Math.ceil((near - start) / step))
  const end = Math.min(count, Math.floor((far - start) / step) + 1)
  return [first, end]
}

/** For matrices out of fixed point's range: repeated addition in float64. */
function warpAdding(source: Picture, [a, b, c, d, e, f]: AffineMatrix, result: Picture): void {
  let rowX = c + b * 0.5 + a * 0.5
  let rowY = f + e * 0.5 + d * 0.5
  for (let y = 0; y < result.height; y++, rowX += b, rowY += e) {
    let xIn = rowX
    let yIn = rowY
    for (let x = 0; x < result.width; x++, xIn += a, yIn += d) {
      copyPixel(source, xIn, yIn, result.data, (y * result.width + x) * 3)
    }
  }
}

function warpNearest(source: Picture, map: PerspectiveCoefficients, result: Picture): void {
  const [a, b, c, d, e, f, g, h] = map
  let to = 0
  for (let y = 0; y < result.height; y++) {
    const yOut = y + 0.5
    for (let x = 0; x < result.width; x++, to += 3) {
      const xOut = x + 0.5
      const divisor = g * xOut + h * yOut + 1
      const xIn = (a * xOut + b * yOut + c) / divisor
      const yIn = (d * xOut + e * yOut + f) / divisor
      copyPixel(source, xIn, yIn, result.data, to)
    }
  }
}

function copyPixel(source: Picture, x: number, y: number, out: Uint8Array, to: number): void {
  if (!(x >= 0 && y >= 0 && x < source.width && y < source.height)) return
  const from = (Math.trunc(y) * source.width + Math.trunc(x)) * 3
  out[to] = source.data[from]!
  out[to + 1] = source.data[from + 1]!
  out[to + 2] = source.data[from + 2]!
}

function warpBilinear(source: Picture, map: PerspectiveCoefficients, result: Picture): void {
  const [a, b, c, d, e, f, g, h] = map
  const { width, height, data } = source
  const out = result.data
  const flat = g === 0 && h === 0
  let to = 0
  for (let y = 0; y < result.height; y++) {
    const yOut = y + 0.5
    for (let x = 0; x < result.width; x++, to += 3) {
      const xOut = x + 0.5
      let xIn = a * xOut + b * yOut + c
      let yIn = d * xOut + e * yOut + f
      if (!flat) {
        const divisor = g * xOut + h * yOut + 1
        xIn /= divisor
        yIn /= divisor
      }
      if (!(xIn >= 0 && xIn < width && yIn >= 0 && yIn < height)) continue
      xIn -= 0.5
      yIn -= 0.5
      const column = Math.floor(xIn)
      const row = Math.floor(yIn)
      const right = xIn - column
      const down = yIn - row
      const left = Math.max(0, column)
      const upper = Math.max(0, row) * width
      const next = column + 1 < width ? column + 1 : width - 1
      const lower = row + 1 < height ? (row + 1) * width : upper
      const a0 = (upper + left) * 3
      const a1 = (upper + next) * 3
      const b0 = (lower + left) * 3
      const b1 = (lower + next) * 3
      for (let channel = 0; channel < 3; channel++) {
        const above0 = data[a0 + channel]!
        const above = above0 + (data[a1 + channel]! - above0) * right
        const below0 = data[b0 + channel]!
        const below = below0 + (data[b1 + channel]! - below0) * right
        out[to + channel] = above + (below - above) * down
      }
    }
  }
}
