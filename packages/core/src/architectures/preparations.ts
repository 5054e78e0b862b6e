// How pictures are prepared for the variants, as their makers do it.
import type { Preparation } from '../architecture.ts'

const imagenetMean = [0.485, 0.456, 0.406] as const
/** Values keep the scale of 0 to 255. */
const levels = [1 / 255, 1 / 255, 1 / 255] as const

/** torchvision's: ImageNet's mean and deviation. */
export const torchvisionPreparation: Preparation = {
  resize: 256,
  mean: imagenetMean,
  std: [0.229, 0.224, 0.225],
}

/** Section 2 of the paper: raw values of 0 to 255, less the mean. */
export const paperPreparation: Preparation = { resize: 256, mean: imagenetMean, std: levels }

/** Caffe's mean of ImageNet's pictures (ilsvrc_2012_mean.npy), in its order blue 104, green 117, red 123. */
export const caffePreparation: Preparation = {
  resize: 256,
  mean: [122.67891434 / 255, 116.66876762 / 255, 104.00698793 / 255],
  std: levels,
}

/** The whole of a picture of 32 pixels; CIFAR-10's mean and deviation. */
export const cifarPreparation: Preparation = {
  resize: 32,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
}
