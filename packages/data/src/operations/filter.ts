// Operations that look at a pixel's neighbours: sharpening with Pillow's 3×3 smoothing kernel, and
// Gaussian blur as torchvision computes it (float32, reflected border, rounded to the nearest).

import type { Picture } from '../picture.ts'
import { reflect } from './padding.ts'
import { blendProducts, clip, requireFactor } from './pixel.ts'

/** Blends with the smoothed picture: 0 is smooth, 1 the picture, 2 sharper. */
export function adjustSharpness(picture: Picture, factor: number): Picture {
  requireFactor('adjustSharpness', factor)
  const { width, height, data } = picture
  // Pillow copies what its kernel does not fit in: small pictures, and the outermost pixels.
  if (factor === 1 || width < 3 || height < 3) return picture
  const result = data.slice()
  const rounded = smoothingTable()
  const products = blendProducts(factor)
  const stride = width * 3
  for (let y = 1; y < height - 1; y++) {
    const end = (y + 1) * stride - 3
    for (let at = y * stride + 3; at < end; at++) {
      const above = at - stride
      const below = at + stride
      const own = data[at]!
      const sum =
        data[above - 3]! +
        data[above]! +
        data[above + 3]! +
        data[at - 3]! +
        5 * own +
        data[at + 3]! +
        data[below - 3]! +
        data[below]! +
        data[below + 3]!
      const smooth = rounded[sum]!
      result[at] = clip(Math.fround(smooth + products[255 - smooth + own]!))
    }
  }
  return { width, height, data: result }
}

/** sum ÷ 13 to the nearest; no sum lies halfway, so Pillow's float32 rounds the same way. */
function smoothingTable(): Uint8Array {
  const table = new Uint8Array(13 * 255 + 1)
  for (let sum = 0; sum < table.length; sum++) table[sum] = Math.floor(sum / 13 + 0.5)
  return table
}

/** What `gaussianBlur` takes. */
export interface BlurOptions {
  /** Odd number of pixels, or `[x, y]`. */
  kernelSize: number | readonly [x: number, y: number]
  /** Standard deviation in pixels, or `[x, y]`; default 0.15 · kernelSize + 0.35. */
  sigma?: number | readonly [x: number, y: number]
}

/** Blurs with a Gaussian kernel of `kernelSize`, the border reflected. */
export function gaussianBlur(picture: Picture, options: BlurOptions): Picture {
  const { width, height, data } = picture
  const [sizeX, sizeY] = pair(options.kernelSize)
  const [sigmaX, sigmaY] = pair(options.sigma ?? [0.15 * sizeX + 0.35, 0.15 * sizeY + 0.35])
  const across = gaussianKernel(sizeX, sigmaX)
  const down = gaussianKernel(sizeY, sigmaY)
  const rowLength = width * 3
  const half = sizeX >> 1
  const padded = new Float32Array(rowLength + half * 6)
  const rows = new Float32Array(data.length)
  for (let y = 0; y < height; y++) {
    const start = y * rowLength
    for (let x = -half; x < width + half; x++) {
      const from = start + reflect(x, width) * 3
      const to = (x + half) * 3
      padded[to] = data[from]!
      padded[to + 1] = data[from + 1]!
      padded[to + 2] = data[from + 2]!
    }
    addScaled(padded, 0, 3, across, rows, start, rowLength)
  }
  const sums = new Float32Array(rowLength)
  const result = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    sums.fill(0)
    for (let tap = 0; tap < sizeY; tap++) {
      const from = reflect(y + tap - (sizeY >> 1), height) * rowLength
      const weight = down[tap]!
      for (let x = 0; x < rowLength; x++) sums[x]! += weight * rows[from + x]!
    }
    const start = y * rowLength
    // Halves do not occur but for plain areas, whose sums are whole numbers but for rounding.
    for (let x = 0; x < rowLength; x++) result[start + x] = sums[x]! + 0.5
  }
  return { width, height, data: result }
}

/** `out[start + x] = Σ kernel[tap] · source[from + x + tap · step]` for x below `count`. */
function addScaled(
  source: Float32Array,
  from: number,
  step: number,
  kernel: Float32Array,
  out: Float32Array,
  start: number,
  count: number,
): void {
  for (let tap = 0; tap < kernel.length; tap++) {
    const weight = kernel[tap]!
    const at = from + tap * step
    for (let x = 0; x < count; x++) out[start + x]! += weight * source[at + x]!
  }
}

/** exp(−x² ÷ 2σ²) at whole distances from the middle, summing to 1. */
function gaussianKernel(size: number, sigma: number): Float32Array {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`gaussianBlur: kernelSize must be odd whole numbers, not ${size}`)
  }
  if (!(sigma > 0)) throw new RangeError(`gaussianBlur: sigma must be above 0, not ${sigma}`)
  const kernel = Float32Array.from({ length: size }, (_, at) =>
    Math.exp(-0.5 * ((at - (size - 1) / 2) / sigma) ** 2),
  )
  const sum = kernel.reduce((total, weight) => total + weight, 0)
  return kernel.map((weight) => weight / sum)
}

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value
}
