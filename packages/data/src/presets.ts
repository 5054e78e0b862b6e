// Ready-made preparations: the 2012 network's, what torchvision does to ImageNet pictures, and what
// small networks on CIFAR-10 are trained with. A preset holds the transforms and the normalisation
// for a loader, and the record of the evaluation that goes with them, to be kept beside the weights:
// a network is only as good as its pictures are prepared the way it learned them.
//
// `loader({ dataset, ...torchvisionTrain(), batchSize: 128 })` takes one by spreading it.

import {
  type ChannelValues,
  caffeMean,
  cifarMean,
  cifarStd,
  createMeanPictureNormalizer,
  imagenetMean,
  imagenetStd,
  type MeanPicture,
  type Normalizer,
} from './normalize.ts'
import {
  createRecordNormalizer,
  type PackedMeanPicture,
  type Preprocessing,
  packMeanPicture,
  unpackMeanPicture,
} from './preprocess.ts'
import type { Interpolation } from './resample.ts'
import { type ColorPca, imagenetColorPca } from './statistics.ts'
import { colorPcaNoise, drawColorShift } from './transforms/color-pca-noise.ts'
import { randomApply } from './transforms/combine.ts'
import { centerCrop, randomCrop } from './transforms/crop.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { randomResizedCrop } from './transforms/random-resized-crop.ts'
import { resize } from './transforms/resize.ts'
import type { Transform } from './transforms/transform.ts'
import { trivialAugmentWide } from './transforms/trivial-augment-wide.ts'

/** How pictures are prepared for a network. */
export interface Preset {
  /** The name that `preset` finds it by. */
  readonly name: PresetName
  readonly transforms: readonly Transform[]
  readonly mean: ChannelValues
  readonly std: ChannelValues
  /** Where more is done than `mean` and `std` say: used in their place. */
  readonly normalizer?: Normalizer
  /** How pictures are prepared when the trained network is used; JSON can hold it. */
  readonly preprocessing: Preprocessing
}

/** Options of the presets; each takes those that mean something to it. */
export interface PresetOptions {
  /** Side of the network's square input in pixels; default that of `like`, else 224 (torchvision), 32 (CIFAR). */
  crop?: number
  /** Pixels of the shorter side before the centre crop of evaluation; see each preset. */
  resize?: number
  /** Channel means of values from 0 to 1; default ImageNet's, Caffe's or CIFAR-10's. */
  mean?: ChannelValues
  /** Channel standard deviations of values from 0 to 1; default ImageNet's or CIFAR-10's. */
  std?: ChannelValues
  /** The resize filter. Default `bilinear`. */
  interpolation?: Interpolation
  /** Of `meanPicture`, of side `resize`; subtracted in place of `mean`. Default none. */
  meanPicture?: MeanPicture | PackedMeanPicture
  /** True keeps the scale of 0 to 255, less the mean, as the 2012 networks' own do: `std` is 1/255. */
  levels?: boolean
  /**
   * How pictures are prepared for weights to go on from: their mean and deviation, and what is made for
   * one size of input (`resize`, `interpolation`, `meanPicture`) where `crop` is theirs. What is given
   * beside it comes first.
   */
  like?: Preprocessing
  /** Colour noise along these axes, of `fitColorPca`; default ImageNet's. */
  colorPca?: ColorPca
  /** `none`: the whole picture, as small networks see it, or the middle. Default: whole for inputs up to 64. */
  whole?: boolean
}

const presets = {
  paper: paperTrain,
  'krizhevsky-2012': krizhevsky2012Train,
  caffe: caffeTrain,
  'torchvision-train': torchvisionTrain,
  'torchvision-eval': torchvisionEval,
  'trivial-wide': trivialWide,
  cifar: cifarTrain,
  'cifar-color-noise': cifarColorNoise,
  'cifar-trivial': cifarTrivial,
  'cifar-trivial-half': cifarTrivialHalf,
  'cifar-eval': cifarEval,
  none: noAugmentation,
}

/** Names that `preset` knows. */
export type PresetName = keyof typeof presets

/** The names, in the order of the documentation. */
export const presetNames = Object.keys(presets) as readonly PresetName[]

/** Names of the presets that a network is trained with; `none` trains on pictures as evaluation sees them. */
export const trainingPresetNames = presetNames.filter((name) => !name.endsWith('-eval'))

/** Whether a preset is meant to be told how the colours of the training pictures vary (`colorPca`). */
export const needsColorPca = (name: string): boolean => name === 'cifar-color-noise'

/**
 * The preset of that name.
 * @throws RangeError where there is none.
 */
export function preset(name: string, options: PresetOptions = {}): Preset {
  if (!Object.hasOwn(presets, name)) {
    throw new RangeError(`there is no preset '${name}'; they are ${presetNames.join(', ')}`)
  }
  return presets[name as PresetName](options)
}

/**
 * The paper's training (Krizhevsky et al., 2012, section 4.1): shorter side to `resize` (default
 * 256), its square middle, a random crop of `crop` (default 224; 227 for networks of that input)
 * mirrored half the time, colour noise along the principal axes of the data set's colours, the mean
 * subtracted. Values keep the scale of 0 to 255, which the paper's initial weights expect.
 */
export function paperTrain(options: PresetOptions = {}): Preset {
  const preprocessing = paperRecord(options)
  return {
    name: 'paper',
    transforms: [...paperCrops(preprocessing), noise(options)],
    ...normalization(preprocessing),
    preprocessing,
  }
}

/**
 * The released source's training (net 145): the crops of `paper`; after the mean is subtracted,
 * colour noise `Σ eigenvector · deviation · α · 0.1` with α normal is added and all divided by 1.1,
 * so that noisy pictures have the scale of plain ones.
 */
export function krizhevsky2012Train(options: PresetOptions = {}): Preset {
  const preprocessing = paperRecord(options)
  const { crop, mean, std, meanPicture } = preprocessing
  const pca = options.colorPca ?? imagenetColorPca
  const coefficient = 0.1
  const subtracted = meanPicture ? unpackMeanPicture(meanPicture) : plainPicture(crop, mean)
  return {
    name: 'krizhevsky-2012',
    transforms: paperCrops(preprocessing),
    mean,
    std,
    normalizer: createMeanPictureNormalizer(subtracted, {
      std,
      drawShift: (random) => drawColorShift(random, pca, coefficient),
      scale: 1 / (1 + coefficient),
    }) as Normalizer,
    preprocessing,
  }
}

/**
 * Caffe's data layer (bvlc_alexnet's train_val.prototxt): the crops of `paper` without its colour noise,
 * less Caffe's own mean of ImageNet's pictures.
 */
export function caffeTrain(options: PresetOptions = {}): Preset {
  const preprocessing = paperRecord(options, caffeMean)
  return {
    name: 'caffe',
    transforms: paperCrops(preprocessing),
    ...normalization(preprocessing),
    preprocessing,
  }
}

/**
 * torchvision's evaluation: shorter side to `resize` (default 256, or `crop` · 256 / 224), centre
 * crop of `crop` (default 224), ImageNet's mean and deviation.
 */
export function torchvisionEval(options: PresetOptions = {}): Preset {
  return evaluation('torchvision-eval', torchvisionRecord(options))
}

/** torchvision's training: a random resized crop of `crop` (default 224), mirrored half the time. */
export function torchvisionTrain(options: PresetOptions = {}): Preset {
  const preprocessing = torchvisionRecord(options)
  return {
    name: 'torchvision-train',
    transforms: [
      randomResizedCrop({ size: preprocessing.crop, interpolation: preprocessing.interpolation }),
      randomHorizontalFlip(),
    ],
    ...normalization(preprocessing),
    preprocessing,
  }
}

/** `torchvisionTrain` with TrivialAugmentWide, as torchvision's newer recipes have it (`ta_wide`). */
export function trivialWide(options: PresetOptions = {}): Preset {
  const { transforms, ...rest } = torchvisionTrain(options)
  return {
    ...rest,
    name: 'trivial-wide',
    transforms: [...transforms, trivialAugmentWide({ interpolation: 'bilinear' })],
  }
}

/**
 * Evaluation of a small network: the picture as it is. One of another size is resized, shorter
 * side to `resize` (default `crop`, which is 32 by default), and its centre cut out.
 */
export function cifarEval(options: PresetOptions = {}): Preset {
  return evaluation('cifar-eval', cifarRecord(options))
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
    name: 'cifar',
    transforms: [
      resizing(preprocessing),
      randomCrop({ size, padding, paddingMode: 'reflect' }),
      randomHorizontalFlip(),
    ],
    ...normalization(preprocessing),
    preprocessing,
  }
}

/** `cifarTrain` with the paper's colour noise, along the axes of the training pictures' own colours. */
export function cifarColorNoise(options: PresetOptions = {}): Preset {
  const { transforms, ...rest } = cifarTrain(options)
  return { ...rest, name: 'cifar-color-noise', transforms: [...transforms, noise(options)] }
}

const trivial = () => trivialAugmentWide({ interpolation: 'bilinear' })

/** `cifarTrain` with TrivialAugmentWide (Müller and Hutter, 2021), for long runs that would overfit. */
export function cifarTrivial(options: PresetOptions = {}): Preset {
  const { transforms, ...rest } = cifarTrain(options)
  return { ...rest, name: 'cifar-trivial', transforms: [...transforms, trivial()] }
}

/** `cifarTrain` with TrivialAugmentWide half the time. */
export function cifarTrivialHalf(options: PresetOptions = {}): Preset {
  const { transforms, ...rest } = cifarTrain(options)
  const half = randomApply([trivial()], { p: 0.5 })
  return { ...rest, name: 'cifar-trivial-half', transforms: [...transforms, half] }
}

/** Training on pictures as evaluation sees them: the whole of them (`cifarEval`) or the middle. */
function noAugmentation(options: PresetOptions = {}): Preset {
  const { crop = options.like?.crop ?? 224 } = options
  const { whole = crop <= 64 } = options
  return { ...(whole ? cifarEval : torchvisionEval)({ ...options, crop }), name: 'none' }
}

function evaluation(name: PresetName, preprocessing: Preprocessing): Preset {
  return {
    name,
    transforms: [resizing(preprocessing), centerCrop(preprocessing.crop)],
    ...normalization(preprocessing),
    preprocessing,
  }
}

const resizing = ({ resize: side, interpolation }: Preprocessing) => resize(side, { interpolation })

const noise = ({ colorPca = imagenetColorPca }: PresetOptions) => colorPcaNoise({ pca: colorPca })

function paperCrops(record: Preprocessing): Transform[] {
  const { resize: side, crop } = record
  return [resizing(record), centerCrop(side), randomCrop({ size: crop }), randomHorizontalFlip()]
}

/** What a loader needs of a record: a normaliser only where mean and deviation are not all. */
function normalization(record: Preprocessing): Pick<Preset, 'mean' | 'std' | 'normalizer'> {
  const { mean, std, meanPicture } = record
  return { mean, std, ...(meanPicture && { normalizer: createRecordNormalizer(record) }) }
}

/** A mean picture of one colour. */
function plainPicture(side: number, mean: ChannelValues): MeanPicture {
  const data = Float32Array.from({ length: side * side * 3 }, (_, at) => mean[at % 3]!)
  return { width: side, height: side, data }
}

/** Records' defaults where neither the options nor `like` say otherwise. */
type Defaults = Pick<Preprocessing, 'crop' | 'mean' | 'std'> & { resize: (crop: number) => number }

// 227 pixels are cut from the same 256 as 224.
const paperRecord = (options: PresetOptions, mean = imagenetMean) =>
  record(options, {
    crop: 224,
    mean,
    std: inLevels,
    resize: (crop) => (crop === 227 ? 256 : ofTorchvision(crop)),
  })

const torchvisionRecord = (options: PresetOptions) =>
  record(options, { crop: 224, mean: imagenetMean, std: imagenetStd, resize: ofTorchvision })

const cifarRecord = (options: PresetOptions) =>
  record(options, { crop: 32, mean: cifarMean, std: cifarStd, resize: (crop) => crop })

const ofTorchvision = (crop: number) => Math.round((crop * 256) / 224)

const inLevels: ChannelValues = [1 / 255, 1 / 255, 1 / 255]

function record(options: PresetOptions, defaults: Defaults): Preprocessing {
  const { like, levels } = options
  const crop = options.crop ?? like?.crop ?? defaults.crop
  const same = like?.crop === crop ? like : undefined
  const meanPicture = options.meanPicture ?? same?.meanPicture
  const packed = meanPicture && 'data' in meanPicture ? packMeanPicture(meanPicture) : meanPicture
  return {
    resize: options.resize ?? same?.resize ?? defaults.resize(crop),
    crop,
    mean: options.mean ?? like?.mean ?? defaults.mean,
    std: options.std ?? like?.std ?? (levels ? inLevels : defaults.std),
    interpolation: options.interpolation ?? same?.interpolation ?? 'bilinear',
    ...(packed && { meanPicture: packed }),
  }
}
