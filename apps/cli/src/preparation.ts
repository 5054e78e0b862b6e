// How pictures are prepared for a trained network: batches of one view a picture, or of ten.

import {
  cropPicture,
  type Dataset,
  loader,
  type Preprocessing,
  resize,
  type Transform,
  tenCrop,
  torchvisionEval,
  viewsOf,
} from '@alexnet/data'

/** Batches of a data set as a network's own preprocessing has them, in the data set's order. */
export function evaluationBatches(
  dataset: Dataset,
  preprocessing: Preprocessing,
  batchSize: number,
) {
  return loader({ dataset, ...torchvisionEval(preprocessing), batchSize, shuffle: false })
}

/** Views a picture that `tenViewBatches` gives. */
export const TEN = 10

/**
 * Batches of ten views a picture: corners and middle of the resized picture, mirrored or not (section
 * 4.1 of the paper). Where the preprocessing leaves nothing to choose (the picture is resized to the
 * network's input), a reflected border of an eighth gives the crops that training had.
 */
export function tenViewBatches(dataset: Dataset, preprocessing: Preprocessing, batchSize: number) {
  const { crop } = preprocessing
  const transforms: Transform[] = [resize(preprocessing.resize)]
  if (preprocessing.resize === crop) transforms.push(reflectedBorder(Math.round(crop / 8)))
  return loader({
    dataset: viewsOf(dataset, tenCrop(crop), transforms),
    ...torchvisionEval(preprocessing),
    transforms: [],
    batchSize: TEN * Math.max(1, Math.round(batchSize / TEN)),
    shuffle: false,
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
