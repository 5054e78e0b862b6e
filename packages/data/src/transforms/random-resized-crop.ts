// The crop of random area and shape that most ImageNet networks since "Going deeper with
// convolutions" (Szegedy et al., 2014) are trained with, as torchvision's `RandomResizedCrop`.

import type { Box, Size } from '../picture.ts'
import { type Interpolation, requireInterpolation, resample } from '../resample.ts'
import { type Range, readRange, readSize, type SizeOption } from './checks.ts'
import { roundHalfEven, type Transform } from './transform.ts'

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions {
  /** Side of the square result in pixels, or `[height, width]`. */
  size: SizeOption
  /** Least and largest share of the picture's area. Default [0.08, 1]. */
  scale?: Range
  /** Least and largest width ÷ height before resizing. Default [3/4, 4/3]. */
  ratio?: Range
  /** Pillow's filter of this name, antialiased. Default `bilinear`. */
  interpolation?: Interpolation
}

/** Draws a crop of random area and aspect ratio (ten tries, then the largest centred one), resized. */
export function randomResizedCrop(options: RandomResizedCropOptions): Transform<Box> {
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = 'bilinear' } = options
  const [height, width] = readSize('randomResizedCrop', size)
  const bounds: Range = [Number.MIN_VALUE, Number.MAX_VALUE]
  readRange('randomResizedCrop', 'scale', scale, bounds)
  readRange('randomResizedCrop', 'ratio', ratio, bounds)
  requireInterpolation('randomResizedCrop', interpolation)
  const output: Size = { width, height }
  return {
    name: 'randomResizedCrop',
    settings: [options],
    sample(random, picture) {
      const area = picture.width * picture.height
      const [lowest, highest] = [Math.log(ratio[0]), Math.log(ratio[1])]
      for (let attempt = 0; attempt < 10; attempt++) {
        const target = area * random.uniform(scale[0], scale[1])
        const aspect = Math.exp(random.uniform(lowest, highest))
        const cropWidth = roundHalfEven(Math.sqrt(target * aspect))
        const cropHeight = roundHalfEven(Math.sqrt(target / aspect))
        const fits = cropWidth <= picture.width && cropHeight <= picture.height
        if (fits && cropWidth > 0 && cropHeight > 0) {
          const top = random.integer(picture.height - cropHeight + 1)
          const left = random.integer(picture.width - cropWidth + 1)
          return { left, top, width: cropWidth, height: cropHeight }
        }
      }
      return centralCrop(picture, ratio)
    },
    outputSize: () => output,
    apply: (picture, crop) => resample(picture, { ...output, crop, interpolation }),
    reads: (crop) => crop,
  }
}

/** The largest centred crop whose ratio is allowed, of a pixel at least: torchvision's way out after ten misses. */
function centralCrop(picture: Size, ratio: Range): Box {
  const pictureRatio = picture.width / picture.height
  let { width, height } = picture
  if (pictureRatio < ratio[0]) height = Math.max(1, roundHalfEven(width / ratio[0]))
  else if (pictureRatio > ratio[1]) width = Math.max(1, roundHalfEven(height * ratio[1]))
  return {
    left: Math.floor((picture.width - width) / 2),
    top: Math.floor((picture.height - height) / 2),
    width,
    height,
  }
}
