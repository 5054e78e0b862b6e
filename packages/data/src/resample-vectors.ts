// The passes of `resample` in WebAssembly: the same integer sums, so the same bytes, several at a
// time. A picture that the JPEG decoder left on the module's memory is read where it lies.

import type { Box, Picture } from './picture.ts'
import { pixelModule } from './pixel-module.ts'

/** For each output position: its first source position, how many, and their fixed-point weights. */
export interface ResampleWeights {
  readonly first: Int32Array
  readonly taps: Int32Array
  readonly weights: Int32Array
  readonly stride: number
}

/** Below so many source bytes, handing them over costs what it saves. */
const LEAST_BYTES = 4096

/**
 * Both passes over `rows` rows of the crop from its row `firstRow` on.
 * @returns The result, or undefined where this is not the way to make it.
 */
export function resampleWithVectors(
  picture: Picture,
  crop: Box,
  firstRow: number,
  rows: number,
  horizontal: ResampleWeights,
  vertical: ResampleWeights,
): Picture | undefined {
  const width = horizontal.first.length
  const height = vertical.first.length
  const sourceBytes = rows * crop.width * 3
  if (sourceBytes < LEAST_BYTES) return undefined
  const module = pixelModule()
  const inPlace = picture.data.buffer === module.buffer
  let end = module.held
  const take = (bytes: number) => {
    const start = end
    end += (bytes + 47) & ~15 // and some to read and write beyond
    return start
  }
  const addresses = [horizontal, vertical].map(({ first, taps, weights }) => ({
    first: take(first.byteLength),
    taps: take(taps.byteLength),
    weights: take(weights.byteLength),
  }))
  const between = take(rows * width * 3)
  const out = take(width * height * 3)
  const copy = inPlace ? 0 : take(sourceBytes)
  // Growing the memory would take the pictures away that lie on it.
  if ((inPlace || module.hasLent) && !module.reaches(end)) return undefined
  module.reserve(end)

  const { buffer } = module
  const memory = new Uint8Array(buffer)
  const words = new Int32Array(buffer)
  ;[horizontal, vertical].forEach(({ first, taps, weights }, at) => {
    words.set(first, addresses[at]!.first / 4)
    words.set(taps, addresses[at]!.taps / 4)
    words.set(weights, addresses[at]!.weights / 4)
  })
  const start = ((crop.top + firstRow) * picture.width + crop.left) * 3
  let source = picture.data.byteOffset + start
  let stride = picture.width * 3
  if (!inPlace) {
    const rowBytes = crop.width * 3
    for (let row = 0; row < rows; row++) {
      const from = start + row * stride
      memory.set(picture.data.subarray(from, from + rowBytes), copy + row * rowBytes)
    }
    source = copy
    stride = rowBytes
  }
  const [across, down] = addresses
  module.exports.resampleRows(
    ...[source, stride, rows, across!.first, across!.taps, across!.weights],
    ...[horizontal.stride, width, between],
  )
  module.exports.resampleColumns(
    ...[between, width * 3, firstRow, down!.first, down!.taps, down!.weights],
    ...[vertical.stride, height, out],
  )
  return { width, height, data: module.result(out, width * height * 3) }
}
