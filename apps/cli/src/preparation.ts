// How pictures are prepared for a network: the augmentations of @alexnet/data by name, those that are
// made of them, and the evaluation that goes with each.

import {
  type ColorPca,
  cifarEval,
  colorPcaNoise,
  cropPicture,
  type Dataset,
  imagenetColorPca,
  loader,
  type Preprocessing,
  type Preset,
  preset,
  presetNames,
  resize,
  type Transform,
  tenCrop,
  torchvisionEval,
  viewsOf,
} from '@alexnet/data'
import { UsageError } from './terminal/errors.ts'

/** `cifar`, and the paper's colour noise along the axes of the run's own pictures. */
const CIFAR_COLOR_NOISE = 'cifar-color-noise'

/** Names of augmentations: the presets for training, what is made of them, and none. */
export const augmentationNames: readonly string[] = [
  'none',
  ...presetNames.filter((name) => !name.endsWith('-eval')),
  'caffe',
  CIFAR_COLOR_NOISE,
]

/** Whether an augmentation is told how the colours of the training pictures vary. */
export const needsColorPca = (augmentation: string) => augmentation === CIFAR_COLOR_NOISE

export interface TrainingPresetOptions {
  /** Pixels a side of the network's input. */
  crop: number
  /** Values keep the scale of 0 to 255. */
  levels?: boolean
  /** Mean, deviation and size of these weights' own pictures. */
  like?: Preprocessing
  /** How the colours of the training pictures vary; default ImageNet's. */
  colorPca?: ColorPca
  /** Without augmentation: the whole picture, as networks for small ones see it. */
  small?: boolean
}

/**
 * The preparation of that name for training.
 *
 * @throws UsageError, with the names that there are
 */
export function trainingPreset(name: string, options: TrainingPresetOptions): Preset {
  const { crop, levels = false, like, colorPca = imagenetColorPca, small = false } = options
  const scale = {
    ...(levels && { std: [1 / 255, 1 / 255, 1 / 255] as const }),
    ...(like && {
      mean: like.mean,
      std: like.std,
      ...(like.crop === crop && sameInput(like)),
    }),
  }
  if (name === 'none') return evaluationPreset(small, crop, scale)
  // Caffe's data layer: the paper's crops and mirror, no colour noise.
  if (name === 'caffe') {
    const paper = preset('paper', { crop, ...scale })
    const transforms = paper.transforms.filter((one) => one.name !== 'colorPcaNoise')
    return { ...paper, name, transforms }
  }
  if (name === CIFAR_COLOR_NOISE) {
    const cifar = preset('cifar', { crop, ...scale })
    return { ...cifar, name, transforms: [...cifar.transforms, colorPcaNoise({ pca: colorPca })] }
  }
  if (!augmentationNames.includes(name)) {
    throw new UsageError(
      `there is no augmentation '${name}': choose one of ${augmentationNames.join(', ')}`,
    )
  }
  return preset(name, { crop, ...scale })
}

/** What goes on from weights only where the input keeps its size. */
const sameInput = ({ resize, meanPicture }: Preprocessing) => ({
  resize,
  ...(meanPicture && { meanPicture }),
})

/** The preparation for evaluation: the whole picture for small networks, the middle of it for others. */
export const evaluationPreset = (small: boolean, crop: number, scale: object = {}): Preset =>
  (small ? cifarEval : torchvisionEval)({ crop, ...scale })

/** Batches of a data set as a network's own preprocessing has them, in the data set's order. */
export function evaluationBatches(
  dataset: Dataset,
  preprocessing: Preprocessing,
  batchSize: number,
  range: { start?: number; end?: number } = {},
) {
  return loader({ dataset, ...torchvisionEval(preprocessing), batchSize, shuffle: false, ...range })
}

/** Views a picture that `tenViewBatches` gives. */
export const TEN = 10

/**
 * Batches of ten views a picture: corners and middle of the resized picture, mirrored or not (section
 * 4.1 of the paper). Where the preprocessing leaves nothing to choose (the picture is resized to the
 * network's input), a reflected border of an eighth gives the crops that training had.
 */
export function tenViewBatches(
  dataset: Dataset,
  preprocessing: Preprocessing,
  batchSize: number,
  range: { start?: number; end?: number } = {},
) {
  const { crop } = preprocessing
  const transforms: Transform[] = [resize(preprocessing.resize)]
  if (preprocessing.resize === crop) transforms.push(reflectedBorder(Math.round(crop / 8)))
  return loader({
    dataset: viewsOf(dataset, tenCrop(crop), transforms),
    ...torchvisionEval(preprocessing),
    transforms: [],
    batchSize: TEN * Math.max(1, Math.round(batchSize / TEN)),
    shuffle: false,
    ...range,
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
