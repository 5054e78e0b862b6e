/**
 * Ready-made preparations: what torchvision does to ImageNet pictures and what small networks on
 * CIFAR-10 are trained with. A preset holds the transforms and the normalisation for a loader, and
 * the record of the evaluation that goes with them, to be kept beside the weights: a network is
 * only as good as its pictures are prepared the way it learned them.
 *
 * `loader({ dataset, ...torchvisionTrain(), batchSize: 128 })` takes one by spreading it.
 */
import { type ChannelValues, cifarMean, cifarStd, imagenetMean, imagenetStd } from './normalize.ts'
import type { Preprocessing } from './preprocess.ts'
import { centerCrop, randomCrop } from './transforms/crop.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { randomResizedCrop } from './transforms/random-resized-crop.ts'
import { resize } from './transforms/resize.ts'
import type { Transform } from './transforms/transform.ts'

/** How pictures are prepared for a network. */
export interface Preset {
  readonly name: string
  readonly transforms: readonly Transform[]
  readonly mean: ChannelValues
  readonly std: ChannelValues
  /** How pictures are prepared when the trained network is used; JSON can hold it. */
  readonly preprocessing: Preprocessing
}

/** Options that every preset takes. */
export interface PresetOptions {
  /** Side of the network's square input in pixels; default 224 (torchvision), 32 (CIFAR). */
  crop?: number
  /** Pixels of the shorter side before the centre crop of evaluation; see each preset. */
  resize?: number
  /** Channel means of values from 0 to 1; default ImageNet's or CIFAR-10's. */
  mean?: ChannelValues
  /** Channel standard deviations of values from 0 to 1; default ImageNet's or CIFAR-10's. */
  std?: ChannelValues
}

/**
 * torchvision's evaluation: shorter side to `resize` (default 256, or `crop` · 256 / 224), centre
 * crop of `crop` (default 224), ImageNet's mean and deviation.
 */
export function torchvisionEval(options: PresetOptions = {}): Preset {
  return evaluation('torchvisionEval', torchvisionRecord(options))
}

/** torchvision's training: a random resized crop of `crop` (default 224), mirrored half the time. */
export function torchvisionTrain(options: PresetOptions = {}): Preset {
  const preprocessing = torchvisionRecord(options)
  return {
    name: 'torchvisionTrain',
    transforms: [randomResizedCrop({ size: preprocessing.crop }), randomHorizontalFlip()],
    mean: preprocessing.mean,
    std: preprocessing.std,
    preprocessing,
  }
}

/**
 * Evaluation of a small network: the picture as it is. One of another size is resized, shorter
 * side to `resize` (default `crop`, which is 32 by default), and its centre cut out.
 */
export function cifarEval(options: PresetOptions = {}): Preset {
  return evaluation('cifarEval', cifarRecord(options))
}

/**
 * Training of a small network, after cuda-convnet and He et al. (2015): a random crop out of the
 * picture with a reflected border, 4 pixels wide at 32 and in proportion at other sizes, mirrored
 * half the time. A picture of another size is resized first, shorter side to `resize`.
 */
export function cifarTrain(options: PresetOptions = {}): Preset {
  const preprocessing = cifarRecord(options)
  const size = preprocessing.crop
  const padding = Math.round(size / 8)
  return {
    name: 'cifarTrain',
    transforms: [
      resize(preprocessing.resize),
      randomCrop({ size, padding, paddingMode: 'reflect' }),
      randomHorizontalFlip(),
    ],
    mean: preprocessing.mean,
    std: preprocessing.std,
    preprocessing,
  }
}

function evaluation(name: string, preprocessing: Preprocessing): Preset {
  return {
    name,
    transforms: [resize(preprocessing.resize), centerCrop(preprocessing.crop)],
    mean: preprocessing.mean,
    std: preprocessing.std,
    preprocessing,
  }
}

function torchvisionRecord(options: PresetOptions): Preprocessing {
  const { crop = 224, mean = imagenetMean, std = imagenetStd } = options
  const shorterSide = options.resize ?? Math.round((crop * 256) / 224)
  return { resize: shorterSide, crop, mean, std, interpolation: 'bilinear' }
}

function cifarRecord(options: PresetOptions): Preprocessing {
  const { crop = 32, mean = cifarMean, std = cifarStd } = options
  return { resize: options.resize ?? crop, crop, mean, std, interpolation: 'bilinear' }
}
