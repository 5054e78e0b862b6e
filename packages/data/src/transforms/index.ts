// @alexnet/data/transforms: torchvision's transforms, those of the 2012 network, and the mixing of batches.

export {
  type BatchChoice,
  type BatchTransform,
  type CutMixParameters,
  cutMix,
  type MixableBatch,
  type MixedBatch,
  type MixingOptions,
  mixingChoice,
  mixUp,
  softTargets,
} from '../mixing.ts'
export { Random } from '../random.ts'
export { type AugMixOptions, type AugMixParameters, augMix } from './aug-mix.ts'
export { type AutoAugmentOptions, autoAugment } from './auto-augment.ts'
export { type ColorJitterOptions, type ColorJitterParameters, colorJitter } from './color-jitter.ts'
export { type ColorPcaNoiseOptions, type ColorShift, colorPcaNoise } from './color-pca-noise.ts'
export {
  type RandomChoiceParameters,
  type RandomOrderParameters,
  randomApply,
  randomChoice,
  randomOrder,
} from './combine.ts'
export { createTransform, transformNames } from './create-transform.ts'
export {
  centerCrop,
  type Padding,
  type PaddingOptions,
  pad,
  type RandomCropOptions,
  randomCrop,
} from './crop.ts'
export { type GaussianBlurOptions, gaussianBlur } from './gaussian-blur.ts'
export { grayscale, randomGrayscale } from './grayscale.ts'
export { averageViews, fiveCrop, tenCrop, type Views, viewsOf } from './multi-crop.ts'
export { type RandAugmentOptions, randAugment } from './rand-augment.ts'
export {
  type RandomAffineOptions,
  type RandomAffineParameters,
  randomAffine,
} from './random-affine.ts'
export {
  type RandomErasingOptions,
  type RandomErasingParameters,
  randomErasing,
} from './random-erasing.ts'
export { randomHorizontalFlip } from './random-horizontal-flip.ts'
export {
  type ByChance,
  randomAdjustSharpness,
  randomAutocontrast,
  randomEqualize,
  randomInvert,
  randomPosterize,
  randomSolarize,
} from './random-operations.ts'
export {
  type RandomPerspectiveOptions,
  type RandomPerspectiveParameters,
  randomPerspective,
} from './random-perspective.ts'
export { type RandomResizedCropOptions, randomResizedCrop } from './random-resized-crop.ts'
export { type RandomRotationOptions, randomRotation } from './random-rotation.ts'
export { randomVerticalFlip } from './random-vertical-flip.ts'
export { type ResizeOptions, resize } from './resize.ts'
export { compose, type Transform, type TransformRecipe, transformPicture } from './transform.ts'
export { type TrivialAugmentWideOptions, trivialAugmentWide } from './trivial-augment-wide.ts'
