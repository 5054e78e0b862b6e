// Brightness, contrast, saturation and hue changed at random, in a drawn order, as torchvision's
// `ColorJitter`.

import { adjustHue, adjustSaturation } from '../operations/color.ts'
import { adjustBrightness, adjustContrast } from '../operations/point.ts'
import type { Picture } from '../picture.ts'
import { type Range, readRange, readSymmetric } from './checks.ts'
import type { Transform } from './transform.ts'

/** Options of `colorJitter`; what is left out is left alone. */
export interface ColorJitterOptions {
  /** A factor from [max(0, 1 − x), 1 + x], or from the given range. Default 0: none. */
  brightness?: number | Range
  /** As `brightness`. */
  contrast?: number | Range
  /** As `brightness`. */
  saturation?: number | Range
  /** A turn from [−x, x], x at most 0.5, or from the given range. Default 0: none. */
  hue?: number | Range
}

const properties = ['brightness', 'contrast', 'saturation', 'hue'] as const
type Property = (typeof properties)[number]

const adjust: Record<Property, (picture: Picture, factor: number) => Picture> = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
}

/** What to change by which factor, in this order. */
export type ColorJitterParameters = readonly (readonly [property: Property, factor: number])[]

/** Draws an order of the four, then a factor for each that has a range. */
export function colorJitter(options: ColorJitterOptions = {}): Transform<ColorJitterParameters> {
  const ranges = properties.map((property) => readFactors(property, options[property] ?? 0))
  return {
    name: 'colorJitter',
    settings: [options],
    sample(random) {
      const order = random.shuffle([0, 1, 2, 3])
      const factors = ranges.map((range) => range && random.uniform(range[0], range[1]))
      return order.flatMap((at) => {
        const factor = factors[at]
        return factor === undefined ? [] : [[properties[at]!, factor] as const]
      })
    },
    outputSize: (size) => size,
    apply: (picture, steps) =>
      steps.reduce((current, [property, factor]) => adjust[property](current, factor), picture),
  }
}

/** Undefined where nothing is to be changed. */
function readFactors(property: Property, value: number | Range): Range | undefined {
  const neutral = property === 'hue' ? 0 : 1
  const bounds: Range = property === 'hue' ? [-0.5, 0.5] : [0, Number.POSITIVE_INFINITY]
  let range = value as Range
  if (typeof value === 'number') {
    const [low, high] = readSymmetric('colorJitter', property, value)
    range = [property === 'hue' ? low : Math.max(0, 1 + low), neutral + high]
  }
  const [low, high] = readRange('colorJitter', property, range, bounds)
  return low === neutral && high === neutral ? undefined : range
}
