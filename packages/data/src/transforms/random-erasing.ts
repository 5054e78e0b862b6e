// Hiding a drawn rectangle (Zhong et al., "Random Erasing Data Augmentation", 2017), as
// torchvision's `RandomErasing`. torchvision's stands after the normalisation, where its default 0
// is the mean colour; this one works on bytes, so give the mean colour as `value` for the same.

import { type Erasing, erase } from '../operations/erase.ts'
import { type Fill, requireFill } from '../operations/padding.ts'
import type { Box } from '../picture.ts'
import { type Range, readRange, requireProbability } from './checks.ts'
import { roundHalfEven, type Transform } from './transform.ts'

/** Options of `randomErasing`. */
export interface RandomErasingOptions {
  /** Default 0.5. */
  p?: number
  /** Share of the picture's area. Default [0.02, 0.33]. */
  scale?: Range
  /** Height ÷ width, drawn evenly on a logarithmic scale. Default [0.3, 3.3]. */
  ratio?: Range
  /** The colour, 0 to 255, or `random`: each byte drawn by itself. Default 0. */
  value?: Fill | 'random'
}

/** The rectangle, with the seed of its noise where it is noise, or null for no erasing. */
export type RandomErasingParameters = { readonly box: Box; readonly noiseSeed?: number } | null

/** Draws a rectangle of random area and shape (ten tries, then none). */
export function randomErasing(
  options: RandomErasingOptions = {},
): Transform<RandomErasingParameters> {
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options
  requireProbability('randomErasing', p)
  readRange('randomErasing', 'scale', scale, [0, 1])
  readRange('randomErasing', 'ratio', ratio, [Number.MIN_VALUE, Number.MAX_VALUE])
  if (value !== 'random') requireFill('randomErasing', value, 'value')
  return {
    name: 'randomErasing',
    settings: [options],
    sample(random, picture) {
      if (random.float() >= p) return null
      const area = picture.width * picture.height
      const [lowest, highest] = [Math.log(ratio[0]), Math.log(ratio[1])]
      for (let attempt = 0; attempt < 10; attempt++) {
        const target = area * random.uniform(scale[0], scale[1])
        const aspect = Math.exp(random.uniform(lowest, highest))
        const height = roundHalfEven(Math.sqrt(target * aspect))
        const width = roundHalfEven(Math.sqrt(target / aspect))
        if (height >= picture.height || width >= picture.width) continue
        const top = random.integer(picture.height - height + 1)
        const left = random.integer(picture.width - width + 1)
        const box = { left, top, width, height }
        return value === 'random' ? { box, noiseSeed: random.bits() } : { box }
      }
      return null
    },
    outputSize: (size) => size,
    apply(picture, parameters) {
      if (!parameters) return picture
      const { box, noiseSeed = 0 } = parameters
      const erasing: Erasing = value === 'random' ? { noiseSeed } : value
      return erase(picture, box, erasing)
    },
  }
}
