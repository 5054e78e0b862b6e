// Operations that map every byte through a table of its channel: 256 values are worked out and the
// picture looked up, so the arithmetic costs nothing and is Pillow's own, float32 steps included.
// Names and parameters are those of `torchvision.transforms.functional`.

import type { Picture } from '../picture.ts'
import { blend, grayLevel, requireFactor } from './pixel.ts'

/** Negative: 255 less each byte. */
export function invert(picture: Picture): Picture {
  return lookUp(
    picture,
    table((byte) => 255 - byte),
  )
}

/** Keeps the `bits` highest bits of each byte; `bits` from 0 to 8. */
export function posterize(picture: Picture, bits: number): Picture {
  if (!Number.isInteger(bits) || bits < 0 || bits > 8) {
    throw new RangeError(`posterize: bits must be a whole number from 0 to 8, not ${bits}`)
  }
  const mask = ~(2 ** (8 - bits) - 1)
  return lookUp(
    picture,
    table((byte) => byte & mask),
  )
}

/** Inverts the bytes that are `threshold` or more. */
export function solarize(picture: Picture, threshold: number): Picture {
  return lookUp(
    picture,
    table((byte) => (byte < threshold ? byte : 255 - byte)),
  )
}

/** Blends with black: 0 is black, 1 the picture, 2 twice as bright. */
export function adjustBrightness(picture: Picture, factor: number): Picture {
  requireFactor('adjustBrightness', factor)
  return lookUp(
    picture,
    table((byte) => blend(0, byte, factor)),
  )
}

/** Blends with the picture's mean grey: 0 is that grey, 1 the picture. */
export function adjustContrast(picture: Picture, factor: number): Picture {
  requireFactor('adjustContrast', factor)
  const { data } = picture
  let sum = 0
  for (let at = 0; at < data.length; at += 3) {
    sum += grayLevel(data[at]!, data[at + 1]!, data[at + 2]!)
  }
  const mean = Math.trunc(sum / (data.length / 3) + 0.5)
  return lookUp(
    picture,
    table((byte) => blend(mean, byte, factor)),
  )
}

/** Stretches each channel so that its least byte becomes 0 and its greatest 255. */
export function autocontrast(picture: Picture): Picture {
  const histograms = countBytes(picture)
  const tables = new Uint8Array(768)
  for (let channel = 0; channel < 3; channel++) {
    const counts = histograms.subarray(channel * 256, channel * 256 + 256)
    const low = counts.findIndex((count) => count > 0)
    const high = counts.findLastIndex((count) => count > 0)
    const scale = 255 / (high - low)
    const offset = -low * scale
    for (let byte = 0; byte < 256; byte++) {
      const stretched = Math.trunc(byte * scale + offset)
      tables[channel * 256 + byte] = high <= low ? byte : Math.max(0, Math.min(255, stretched))
    }
  }
  return lookUp(picture, tables)
}

/** Spreads each channel's bytes so that all levels are about as frequent. */
export function equalize(picture: Picture): Picture {
  const histograms = countBytes(picture)
  const tables = new Uint8Array(768)
  for (let channel = 0; channel < 3; channel++) {
    const counts = histograms.subarray(channel * 256, channel * 256 + 256)
    const highest = counts.findLastIndex((count) => count > 0)
    // Pillow leaves a channel of one level, and one with too few pixels to spread, as it is.
    const step = Math.floor((picture.width * picture.height - counts[highest]!) / 255)
    let sum = Math.floor(step / 2)
    for (let byte = 0; byte < 256; byte++) {
      tables[channel * 256 + byte] = step === 0 ? byte : Math.min(255, Math.floor(sum / step))
      sum += counts[byte]!
    }
  }
  return lookUp(picture, tables)
}

/** The same mapping for all three channels. */
function table(mapping: (byte: number) => number): Uint8Array {
  const tables = new Uint8Array(768)
  for (let byte = 0; byte < 256; byte++) tables[byte] = mapping(byte)
  tables.copyWithin(256, 0, 256)
  tables.copyWithin(512, 0, 256)
  return tables
}

/** 256 values for red, then green, then blue. */
function lookUp({ width, height, data }: Picture, tables: Uint8Array): Picture {
  const result = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 3) {
    result[at] = tables[data[at]!]!
    result[at + 1] = tables[256 + data[at + 1]!]!
    result[at + 2] = tables[512 + data[at + 2]!]!
  }
  return { width, height, data: result }
}

/** How often each byte occurs: 256 counts for red, then green, then blue. */
function countBytes({ data }: Picture): Uint32Array {
  const counts = new Uint32Array(768)
  for (let at = 0; at < data.length; at += 3) {
    counts[data[at]!]!++
    counts[256 + data[at + 1]!]!++
    counts[512 + data[at + 2]!]!++
  }
  return counts
}
