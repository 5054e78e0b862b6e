/**
 * The crop of random area and shape that most ImageNet networks since "Going deeper with
 * convolutions" (Szegedy et al., 2014) are trained with, as torchvision's `RandomResizedCrop`.
 */
import type { Box, Size } from '../picture.ts'
import { resample } from '../resample.ts'
import { roundHalfEven, type Transform } from './transform.ts'

/** Options of `randomResizedCrop`. */
export interface RandomResizedCropOptions {
  /** Side of the square result in pixels, or `[height, width]`. */
  size: number | readonly [height: number, width: number]
  /** Least and largest share of the picture's area. Default [0.08, 1]. */
  scale?: readonly [number, number]
  /** Least and largest width ÷ height before resizing. Default [3/4, 4/3]. */
  ratio?: readonly [number, number]
}

/** Draws a crop of random area and aspect ratio (ten tries, then the largest centred one), resized. */
export function randomResizedCrop(options: RandomResizedCropOptions): Transform<Box> {
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options
  const [height, width] = typeof size === 'number' ? [size, size] : size
  const ordered = (range: readonly [number, number]) => range[0] > 0 && range[0] <= range[1]
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new RangeError(`randomResizedCrop: size must be positive whole numbers, not ${size}`)
  }
  if (!ordered(scale) || !ordered(ratio)) {
    throw new RangeError(
      `randomResizedCrop: scale ${scale} and ratio ${ratio} must be [least, largest], above 0`,
    )
  }
  const output: Size = { width, height }
  return {
    name: 'randomResizedCrop',
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
    apply: (picture, crop) => resample(picture, { ...output, crop }),
  }
}

/** The largest centred crop whose ratio is allowed: torchvision's way out after ten misses. */
function centralCrop(picture: Size, ratio: readonly [number, number]): Box {
  const pictureRatio = picture.width / picture.height
  let { width, height } = picture
  if (pictureRatio < ratio[0]) height = roundHalfEven(width / ratio[0])
  else if (pictureRatio > ratio[1]) width = roundHalfEven(height * ratio[1])
  return {
    left: Math.floor((picture.width - width) / 2),
    top: Math.floor((picture.height - height) / 2),
    width,
    height,
  }
}
