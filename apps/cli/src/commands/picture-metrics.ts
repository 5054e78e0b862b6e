// Classic measures of how far one picture is from another of its size.

import type { Picture } from '@alexnet/data'
import { ssim as structuralSimilarity } from '@blazediff/ssim/ssim'

/**
 * Structural similarity of the grey values, 1 for the same picture: Wang et al., "Image quality assessment: from error
 * visibility to structural similarity" (2004), with the authors' halving of large pictures.
 */
export const ssim = (a: Picture, b: Picture): number =>
  structuralSimilarity(withAlpha(a), withAlpha(b), undefined, a.width, a.height)

/** Peak signal to noise ratio in decibels, over all three channels: 10 · log10(255² / mean squared error). */
export function psnr(a: Picture, b: Picture): number {
  let sum = 0
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2
  return 10 * Math.log10((255 * 255 * a.data.length) / sum)
}

function withAlpha({ width, height, data }: Picture): Uint8Array {
  const pixels = new Uint8Array(width * height * 4).fill(255)
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    pixels[to] = data[from]!
    pixels[to + 1] = data[from + 1]!
    pixels[to + 2] = data[from + 2]!
  }
  return pixels
}
