// How pictures become a network's input: one way for a variant of which nothing else is known, and the two ways in
// which a data set is looked at by a trained network, one view a picture or ten. The loader prepares all of them,
// straight into the batch.

import { getArchitecture } from '@alexnet/core'
import type { Architecture } from '@alexnet/core/architectures'
import {
  type Dataset,
  type LoaderOptions,
  loader,
  type Preprocessing,
  torchvisionEval,
} from '@alexnet/data'
import { cropPicture } from '@alexnet/data/functional'
import { centerCrop, resize, type Transform, tenCrop, viewsOf } from '@alexnet/data/transforms'

/** How pictures are prepared for a variant of which nothing else is known: its table says. */
export function preprocessingOf(
  variant: string,
  inputSize = getArchitecture(variant).inputSize,
): Preprocessing {
  const { preparation, inputSize: usual }: Architecture = getArchitecture(variant)
  const { mean, std } = preparation
  return {
    resize: Math.round((inputSize * preparation.resize) / usual),
    crop: inputSize,
    mean,
    std,
    interpolation: 'bilinear',
  }
}

/** What the loader is told beside the data set and its preparation. */
export type BatchOptions = Pick<
  LoaderOptions,
  'batchSize' | 'start' | 'end' | 'workers' | 'onBroken' | 'concurrency' | 'recycle'
>

/** Batches of a data set as a network's own preprocessing has them, in the data set's order. */
export function evaluationBatches(
  dataset: Dataset,
  preprocessing: Preprocessing,
  options: BatchOptions,
) {
  const { interpolation, crop } = preprocessing
  const transforms = [resize(preprocessing.resize, { interpolation }), centerCrop(crop)]
  return loader({ dataset, ...torchvisionEval(preprocessing), transforms, ...options })
}

/** Views a picture that `tenViewBatches` gives. */
export const TEN = 10

/**
 * Batches of ten views a picture, one after the other: corners and middle, mirrored or not, of the square middle
 * of the resized picture (Krizhevsky et al., 2012, section 4.1). Where the preprocessing leaves nothing to choose
 * (the picture is resized to the network's input), a reflected border of an eighth gives the crops that training
 * had. The mean of the ten views' probabilities is the answer.
 */
export function tenViewBatches(
  dataset: Dataset,
  preprocessing: Preprocessing,
  { batchSize, ...options }: BatchOptions,
) {
  const { crop, interpolation, resize: side } = preprocessing
  const transforms: Transform[] = [resize(side, { interpolation }), centerCrop(side)]
  if (side === crop) transforms.push(reflectedBorder(Math.round(crop / 8)))
  return loader({
    dataset: viewsOf(dataset, tenCrop(crop), transforms),
    ...torchvisionEval(preprocessing),
    transforms: [],
    ...options,
    batchSize: TEN * Math.max(1, Math.round(batchSize / TEN)),
  })
}

function reflectedBorder(pixels: number): Transform<null> {
  const size = ({ width, height }: { width: number; height: number }) => ({
    width: width + 2 * pixels,
    height: height + 2 * pixels,
  })
  return {
    name: 'reflectedBorder',
    sample: () => null,
    outputSize: size,
    apply: (picture) =>
      cropPicture(
        picture,
        { left: -pixels, top: -pixels, ...size(picture) },
        { paddingMode: 'reflect' },
      ),
  }
}
