// Rotation, affine and perspective maps as torchvision's functions of these names compute them for
// PIL pictures: angles and points in, a matrix from result to source out, `warp.ts` does the pixels.

import type { Picture, Size } from '../picture.ts'
import { quarterTurn } from './flip.ts'
import {
  type AffineMatrix,
  type PerspectiveCoefficients,
  type WarpOptions,
  warpAffine,
  warpPerspective,
} from './warp.ts'

/** A place in pixels, from the upper left corner. */
export type Point = readonly [x: number, y: number]

/** Four corners: upper left, upper right, lower right, lower left. */
export type Corners = readonly [Point, Point, Point, Point]

/** How `rotate` turns. */
export interface RotateOptions extends Omit<WarpOptions, 'size'> {
  /** Makes the result large enough to hold all of the turned picture. Default false. */
  expand?: boolean
  /** The point that stays; default the middle. */
  center?: Point | undefined
}

/** What `affine` does, in this order: shear, scale, turn, shift. */
export interface AffineParameters {
  /** Degrees, clockwise. Default 0. */
  angle?: number
  /** Pixels right and down. Default none. */
  translate?: Point
  /** Default 1. */
  scale?: number
  /** Degrees along x and along y. Default none. */
  shear?: readonly [x: number, y: number]
}

/** Turns by `angle` degrees counter-clockwise, as Pillow's `Image.rotate`. */
export function rotate(picture: Picture, angle: number, options: RotateOptions = {}): Picture {
  const { expand = false, center, ...warp } = options
  const turn = positiveDegrees(angle)
  if (!center) {
    if (turn === 0) return picture
    if (turn === 180) return quarterTurn(picture, 2)
    if ((turn === 90 || turn === 270) && (expand || picture.width === picture.height)) {
      return quarterTurn(picture, turn === 90 ? 1 : 3)
    }
  }
  const { matrix, size } = rotation(picture, turn, expand, center)
  return warpAffine(picture, matrix, { ...warp, size })
}

/** The size that `rotate` gives. */
export function rotatedSize(picture: Size, angle: number, options: RotateOptions = {}): Size {
  const { width, height } = picture
  if (!options.expand) return { width, height }
  const turn = positiveDegrees(angle)
  if (!options.center && turn % 180 === 0) return { width, height }
  if (!options.center && turn % 90 === 0) return { width: height, height: width }
  return rotation(picture, turn, true, options.center).size
}

/** Moves, turns, scales and shears about the middle, or about `center`. */
export function affine(
  picture: Picture,
  parameters: AffineParameters,
  options: Omit<WarpOptions, 'size'> & { center?: Point | undefined } = {},
): Picture {
  const { center = [picture.width * 0.5, picture.height * 0.5], ...warp } = options
  return warpAffine(picture, inverseAffineMatrix(parameters, center), warp)
}

/** Moves the points `start` of the picture to `end`, and everything between along. */
export function perspective(
  picture: Picture,
  start: Corners,
  end: Corners,
  options: Omit<WarpOptions, 'size'> = {},
): Picture {
  const coefficients = perspectiveCoefficients(start, end)
  return warpPerspective(picture, coefficients, { interpolation: 'bilinear', ...options })
}

/** Pillow's matrix for `Image.rotate`, its sines rounded to 15 places as there. */
function rotation(
  { width, height }: Size,
  degrees: number,
  expand: boolean,
  center: Point = [width / 2, height / 2],
): { matrix: AffineMatrix; size: Size } {
  const angle = -radians(degrees)
  const cosine = Number(Math.cos(angle).toFixed(15))
  const sine = Number(Math.sin(angle).toFixed(15))
  const minusSine = Number((-Math.sin(angle)).toFixed(15))
  let shiftX = cosine * -center[0] + sine * -center[1] + 0 + center[0]
  let shiftY = minusSine * -center[0] + cosine * -center[1] + 0 + center[1]
  let size: Size = { width, height }
  if (expand) {
    const corners: Point[] = [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ]
    const xs = corners.map(([x, y]) => cosine * x + sine * y + shiftX)
    const ys = corners.map(([x, y]) => minusSine * x + cosine * y + shiftY)
    const extent = (values: number[]) =>
      Math.ceil(Math.max(...values)) - Math.floor(Math.min(...values))
    size = { width: extent(xs), height: extent(ys) }
    const moveX = -(size.width - width) / 2
    const moveY = -(size.height - height) / 2
    shiftX = cosine * moveX + sine * moveY + shiftX
    shiftY = minusSine * moveX + cosine * moveY + shiftY
  }
  return { matrix: [cosine, sine, shiftX, minusSine, cosine, shiftY], size }
}

/**
 * From result to source: C · (R · S · Shear)⁻¹ · C⁻¹ · T⁻¹, with T the shift, C the shift to the
 * centre (torchvision's `_get_inverse_affine_matrix`, in its order of operations).
 */
export function inverseAffineMatrix(
  { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0] }: AffineParameters,
  [centerX, centerY]: Point,
): AffineMatrix {
  if (!(scale > 0)) throw new RangeError(`affine: scale must be above 0, not ${scale}`)
  const turn = radians(angle)
  const [shearX, shearY] = [radians(shear[0]), radians(shear[1])]
  const a = Math.cos(turn - shearY) / Math.cos(shearY)
  const b = (-Math.cos(turn - shearY) * Math.tan(shearX)) / Math.cos(shearY) - Math.sin(turn)
  const c = Math.sin(turn - shearY) / Math.cos(shearY)
  const d = (-Math.sin(turn - shearY) * Math.tan(shearX)) / Math.cos(shearY) + Math.cos(turn)
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale]
  const [toX, toY] = [-centerX - translate[0], -centerY - translate[1]]
  return [m0, m1, m0 * toX + m1 * toY + centerX, m3, m4, m3 * toX + m4 * toY + centerY]
}

/**
 * The map that takes `end` to `start`, by Gaussian elimination of its eight equations in float64
 * (torchvision solves them in float32 up to 0.16, in float64 later).
 * @throws RangeError where three of the points `end` lie on a line.
 */
export function perspectiveCoefficients(start: Corners, end: Corners): PerspectiveCoefficients {
  const rows: number[][] = []
  for (let corner = 0; corner < 4; corner++) {
    const [x, y] = end[corner]!
    const [u, v] = start[corner]!
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
    rows.push([0, 0, 0, x, y, 1, -v * x, -v * y, v])
  }
  for (let pivot = 0; pivot < 8; pivot++) {
    let best = pivot
    for (let row = pivot + 1; row < 8; row++) {
      if (Math.abs(rows[row]![pivot]!) > Math.abs(rows[best]![pivot]!)) best = row
    }
    const top = rows[best]!
    rows[best] = rows[pivot]!
    rows[pivot] = top
    if (Math.abs(top[pivot]!) < 1e-12) {
      throw new RangeError(
        `perspective: the corners ${JSON.stringify(end)} span no quadrilateral; three of them lie on a line`,
      )
    }
    for (let row = 0; row < 8; row++) {
      if (row === pivot) continue
      const share = rows[row]![pivot]! / top[pivot]!
      for (let column = pivot; column < 9; column++) rows[row]![column]! -= share * top[column]!
    }
  }
  const solution = rows.map((row, at) => row[8]! / row[at]!)
  return solution as unknown as PerspectiveCoefficients
}

function radians(degrees: number): number {
  // Python's `math.radians` to the last bit.
  return degrees * (Math.PI / 180)
}

/** Python's `angle % 360.0`. */
function positiveDegrees(angle: number): number {
  if (!Number.isFinite(angle))
    throw new RangeError(`rotate: the angle must be a number, not ${angle}`)
  const rest = angle % 360
  return rest < 0 ? rest + 360 : rest
}
