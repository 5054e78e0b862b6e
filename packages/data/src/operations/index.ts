// Pure functions from picture to picture, with the names and parameters of
// `torchvision.transforms.functional`: what the transforms apply, for use by themselves.

export { adjustHue, adjustSaturation, toGrayscale } from './color.ts'
export { type Erasing, erase } from './erase.ts'
export { adjustSharpness, type BlurOptions, gaussianBlur } from './filter.ts'
export { flipHorizontally, flipVertically, quarterTurn } from './flip.ts'
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
} from './geometry.ts'
export type { Fill, PaddingMode } from './padding.ts'
export {
  adjustBrightness,
  adjustContrast,
  autocontrast,
  equalize,
  invert,
  posterize,
  solarize,
} from './point.ts'
export {
  type AffineMatrix,
  type PerspectiveCoefficients,
  type WarpInterpolation,
  type WarpOptions,
  warpAffine,
  warpPerspective,
} from './warp.ts'
