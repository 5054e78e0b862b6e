// Transforms from plain data: `createTransform({ name, settings })` makes again what a transform's
// own `name` and `settings` describe. Workers get their transforms this way, and records and
// configuration files can hold them.

import { augMix } from './aug-mix.ts'
import { autoAugment } from './auto-augment.ts'
import { colorJitter } from './color-jitter.ts'
import { colorPcaNoise } from './color-pca-noise.ts'
import { randomApply, randomChoice, randomOrder } from './combine.ts'
import { centerCrop, pad, randomCrop } from './crop.ts'
import { gaussianBlur } from './gaussian-blur.ts'
import { grayscale, randomGrayscale } from './grayscale.ts'
import { randAugment } from './rand-augment.ts'
import { randomAffine } from './random-affine.ts'
import { randomErasing } from './random-erasing.ts'
import { randomHorizontalFlip } from './random-horizontal-flip.ts'
import {
  randomAdjustSharpness,
  randomAutocontrast,
  randomEqualize,
  randomInvert,
  randomPosterize,
  randomSolarize,
} from './random-operations.ts'
import { randomPerspective } from './random-perspective.ts'
import { randomResizedCrop } from './random-resized-crop.ts'
import { randomRotation } from './random-rotation.ts'
import { randomVerticalFlip } from './random-vertical-flip.ts'
import { resize } from './resize.ts'
import { compose, type Transform, type TransformRecipe } from './transform.ts'
import { trivialAugmentWide } from './trivial-augment-wide.ts'

const factories: Record<string, (...settings: never[]) => Transform> = {
  augMix,
  autoAugment,
  centerCrop,
  colorJitter,
  colorPcaNoise,
  gaussianBlur,
  grayscale,
  pad,
  randAugment,
  randomAdjustSharpness,
  randomAffine,
  randomAutocontrast,
  randomCrop,
  randomEqualize,
  randomErasing,
  randomGrayscale,
  randomHorizontalFlip,
  randomInvert,
  randomPerspective,
  randomPosterize,
  randomResizedCrop,
  randomRotation,
  randomSolarize,
  randomVerticalFlip,
  resize,
  trivialAugmentWide,
  compose: (recipes: TransformRecipe[]) => compose(recipes.map(createTransform)),
  randomApply: (recipes: TransformRecipe[], options: { p?: number }) =>
    randomApply(recipes.map(createTransform), options),
  randomChoice: (recipes: TransformRecipe[], options: { p?: number[] }) =>
    randomChoice(recipes.map(createTransform), options),
  randomOrder: (recipes: TransformRecipe[]) => randomOrder(recipes.map(createTransform)),
}

/** Names that `createTransform` knows, in alphabetical order. */
export const transformNames: readonly string[] = Object.keys(factories).sort()

/**
 * Makes a transform from its description.
 * @throws RangeError where no transform of this package has the name, or its settings are wrong.
 */
export function createTransform({ name, settings }: TransformRecipe): Transform {
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined
  if (!factory || !settings) {
    throw new RangeError(
      factory
        ? `createTransform: ${name} has no settings; give the list of its arguments`
        : `createTransform: there is no transform '${name}'; they are ${transformNames.join(', ')}`,
    )
  }
  return factory(...(settings as never[]))
}
