// The colour noise of the 2012 network: along the principal axes of the training pictures' colours,
// each scaled by how much the colours vary along it (Krizhevsky et al., "ImageNet Classification
// with Deep Convolutional Neural Networks", section 4.1). One shift of red, green and blue a
// picture, the same for all its pixels.

import type { Random } from '../random.ts'
import type { ColorPca } from '../statistics.ts'
import type { Transform } from './transform.ts'

/** Levels of 0 to 255 added to red, green and blue. */
export interface ColorShift {
  readonly shift: readonly [red: number, green: number, blue: number]
}

/** Options of `colorPcaNoise`. */
export interface ColorPcaNoiseOptions {
  /** Of `fitColorPca`, or `imagenetColorPca`. */
  pca: ColorPca
  /** Standard deviation of the noise, in those of the colours. Default 0.1. */
  std?: number
}

/** Draws three numbers, adds the shift that they make, rounds to bytes. */
export function colorPcaNoise(options: ColorPcaNoiseOptions): Transform<ColorShift> {
  const { pca, std = 0.1 } = options
  if (!(std >= 0 && Number.isFinite(std))) {
    throw new RangeError(`colorPcaNoise: std must be a number from 0 up, not ${std}`)
  }
  return {
    name: 'colorPcaNoise',
    settings: [options],
    sample: (random) => ({ shift: drawColorShift(random, pca, std) }),
    outputSize: (size) => size,
    apply({ width, height, data }, { shift }) {
      const tables = new Uint8ClampedArray(768)
      for (let at = 0; at < 768; at++) tables[at] = (at & 255) + shift[at >> 8]!
      const result = new Uint8Array(data.length)
      for (let at = 0; at < data.length; at += 3) {
        result[at] = tables[data[at]!]!
        result[at + 1] = tables[256 + data[at + 1]!]!
        result[at + 2] = tables[512 + data[at + 2]!]!
      }
      return { width, height, data: result }
    },
  }
}

/**
 * `Σ eigenvector · α · deviation`, α normal with deviation `std`, in levels of 0 to 255. The
 * released source of net 145 scales by the deviation along each axis; the paper's text says
 * eigenvalue, which is its square.
 */
export function drawColorShift(
  random: Random,
  { eigenvectors, deviations }: ColorPca,
  std: number,
): [number, number, number] {
  const shift: [number, number, number] = [0, 0, 0]
  for (let axis = 0; axis < 3; axis++) {
    const amount = random.normal() * std * deviations[axis]! * 255
    for (let channel = 0; channel < 3; channel++) {
      shift[channel]! += amount * eigenvectors[axis]![channel]!
    }
  }
  return shift
}
