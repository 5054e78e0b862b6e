// Operations on the colour of a pixel, each as Pillow computes it: grey by ITU-R 601 in 16-bit
// fixed point, saturation as a blend with grey in float32, hue through 8-bit HSV
// (`src/libImaging/Convert.c`).

import type { Picture } from '../picture.ts'
import { blendProducts, clip, grayLevel, requireFactor } from './pixel.ts'

/** Grey in all three channels. */
export function toGrayscale({ width, height, data }: Picture): Picture {
  const result = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 3) {
    const gray = grayLevel(data[at]!, data[at + 1]!, data[at + 2]!)
    result[at] = gray
    result[at + 1] = gray
    result[at + 2] = gray
  }
  return { width, height, data: result }
}

/** Blends each pixel with its grey: 0 is grey, 1 the picture, more is more colourful. */
export function adjustSaturation(picture: Picture, saturation: number): Picture {
  requireFactor('adjustSaturation', saturation)
  if (saturation === 0) return toGrayscale(picture)
  const { width, height, data } = picture
  const products = blendProducts(saturation)
  const result = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at]!
    const green = data[at + 1]!
    const blue = data[at + 2]!
    const gray = grayLevel(red, green, blue)
    const base = 255 - gray
    result[at] = clip(Math.fround(gray + products[base + red]!))
    result[at + 1] = clip(Math.fround(gray + products[base + green]!))
    result[at + 2] = clip(Math.fround(gray + products[base + blue]!))
  }
  return { width, height, data: result }
}

/**
 * Turns the hue: `hue` from −0.5 to 0.5 of the whole circle, as 8-bit steps of Pillow's HSV. A
 * factor of 0 still goes through HSV and changes colours a little, as torchvision's does.
 */
export function adjustHue({ width, height, data }: Picture, hue: number): Picture {
  if (!(hue >= -0.5 && hue <= 0.5)) {
    throw new RangeError(`adjustHue: the factor must be from -0.5 to 0.5, not ${hue}`)
  }
  const turn = Math.trunc(hue * 255)
  const result = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at]!
    const green = data[at + 1]!
    const blue = data[at + 2]!
    const greatest = Math.max(red, green, blue)
    const range = greatest - Math.min(red, green, blue)
    const saturation = range === 0 ? 0 : Math.trunc(Math.fround(range / greatest) * 255)
    if (saturation === 0) {
      result[at] = greatest
      result[at + 1] = greatest
      result[at + 2] = greatest
      continue
    }
    const angle = (hueByte(red, green, blue, greatest, range) + turn) & 255
    const sixths = (angle * 6) / 255
    const sector = Math.trunc(sixths)
    const rest = Math.fround(sixths - sector)
    const share = Math.fround(saturation / 255)
    const low = Math.round(greatest * (1 - share))
    // A falling edge in odd sectors, a rising one in even ones.
    const along = sector % 2 === 0 ? 1 - rest : rest
    const between = Math.round(greatest * (1 - share * along))
    switch (sector) {
      case 1:
        store(result, at, between, greatest, low)
        break
      case 2:
        store(result, at, low, greatest, between)
        break
      case 3:
        store(result, at, low, between, greatest)
        break
      case 4:
        store(result, at, between, low, greatest)
        break
      case 5:
        store(result, at, greatest, low, between)
        break
      default: // 0, and 6 for an angle of 255
        store(result, at, greatest, between, low)
    }
  }
  return { width, height, data: result }
}

/** Pillow's hue of a pixel that is not grey, 0 to 255. */
function hueByte(
  red: number,
  green: number,
  blue: number,
  greatest: number,
  range: number,
): number {
  const fromRed = Math.fround((greatest - red) / range)
  const fromGreen = Math.fround((greatest - green) / range)
  const fromBlue = Math.fround((greatest - blue) / range)
  let sixths: number
  if (red === greatest) sixths = Math.fround(fromBlue - fromGreen)
  else if (green === greatest) sixths = Math.fround(2 + fromRed - fromBlue)
  else sixths = Math.fround(4 + fromGreen - fromRed)
  let turn = sixths / 6 + 1
  if (turn >= 1) turn -= 1
  return Math.trunc(Math.fround(turn) * 255)
}

function store(data: Uint8Array, at: number, red: number, green: number, blue: number): void {
  data[at] = red
  data[at + 1] = green
  data[at + 2] = blue
}
