// How pictures are prepared for a network: the augmentations of @alexnet/data by name, those that are
// made of them, and the evaluation that goes with each.

import {
  type ColorPca,
  cifarEval,
  colorPcaNoise,
  imagenetColorPca,
  type Preprocessing,
  type Preset,
  preset,
  presetNames,
  torchvisionEval,
} from '@alexnet/data'
import { UsageError } from '../terminal/errors.ts'

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
