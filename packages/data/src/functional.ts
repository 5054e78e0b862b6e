// @alexnet/data/functional: pure functions from picture to picture, with the names and parameters of
// `torchvision.transforms.functional`: what the transforms apply, for use by themselves. With them what makes
// numbers of pictures (normalisers, mean pictures) and sheets of many pictures.

export {
  type BatchSheetOptions,
  batchSheet,
  type ContactSheetOptions,
  contactSheet,
  type SheetCell,
} from './contact-sheet.ts'
export {
  type ChannelValues,
  caffeMean,
  cifarMean,
  cifarStd,
  createMeanPictureNormalizer,
  createNormalizer,
  imagenetMean,
  imagenetStd,
  type MeanPicture,
  type MeanPictureNormalizerOptions,
  type Normalizer,
  type PictureShift,
} from './normalize.ts'
export { adjustHue, adjustSaturation, toGrayscale } from './operations/color.ts'
export { type Erasing, erase } from './operations/erase.ts'
export { adjustSharpness, type BlurOptions, gaussianBlur } from './operations/filter.ts'
export { flipHorizontally, flipVertically, quarterTurn } from './operations/flip.ts'
export {
  type AffineParameters,
  affine,
  type Corners,
  inverseAffineMatrix,
  type Point,
  perspective,
  perspectiveCoefficients,
  type RotateOptions,
  rotate,
  rotatedSize,
} from './operations/geometry.ts'
export type { Fill, PaddingMode } from './operations/padding.ts'
export {
  adjustBrightness,
  adjustContrast,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
} from './operations/point.ts'
export {
  type AffineMatrix,
  type PerspectiveCoefficients,
  type WarpInterpolation,
  type WarpOptions,
  warpAffine,
  warpPerspective,
} from './operations/warp.ts'
export { type PackedMeanPicture, packMeanPicture, unpackMeanPicture } from './preprocess.ts'
export { type Interpolation, type ResampleOptions, resample } from './resample.ts'
export { cropPicture } from './transforms/crop.ts'
