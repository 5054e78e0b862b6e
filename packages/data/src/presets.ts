// Ready-made preparations: the 2012 network's, what torchvision does to ImageNet pictures, and what
// small networks on CIFAR-10 are trained with. A preset holds the transforms and the normalisation
// for a loader, and the record of the evaluation that goes with them, to be kept beside the weights:
// a network is only as good as its pictures are prepared the way it learned them.
//
// `loader({ dataset, ...torchvisionTrain(), batchSize: 128 })` takes one by spreading it.

import {
  type ChannelValues,
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
import { type ColorPca, imagenetColorPca } from './statistics.ts'
import { colorPcaNoise, drawColorShift } from './transforms/color-pca-noise.ts'
import { centerCrop, randomCrop } from './transforms/crop.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { randomResizedCrop } from './transforms/random-resized-crop.ts'
import { resize } from './transforms/resize.ts'
import type { Transform } from './transforms/transform.ts'
import { trivialAugmentWide } from './transforms/trivial-augment-wide.ts'

/** How pictures are prepared for a network. */
export interface Preset {
  readonly name: string
  readonly transforms: readonly Transform[]
  readonly mean: ChannelValues
  readonly std: ChannelValues
  /** Where more is done than `mean` and `std` say: used in their place. */
  readonly normalizer?: Normalizer
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
  /** Of `meanPicture`, of side `resize`; subtracted in place of `mean`. Default none. */
  meanPicture?: MeanPicture | PackedMeanPicture
}

/** Options of the 2012 network's presets. */
export interface PaperOptions extends PresetOptions {
  /** Of `fitColorPca`; default ImageNet's. */
  pca?: ColorPca
}

const presets = {
  paper,
  'krizhevsky-2012': krizhevsky2012Train,
  'torchvision-train': torchvisionTrain,
  'torchvision-eval': torchvisionEval,
  'trivial-wide': trivialWide,
  cifar: cifarTrain,
  'cifar-eval': cifarEval,
} satisfies Record<string, (options?: PaperOptions) => Preset>

/** Names that `preset` knows. */
export type PresetName = keyof typeof presets

/** The names, in the order of the documentation. */
export const presetNames = Object.keys(presets) as readonly PresetName[]

/**
 * The preset of that name.
 * @throws RangeError where there is none.
 */
export function preset(name: string, options: PaperOptions = {}): Preset {
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
export function paper(options: PaperOptions = {}): Preset {
  const preprocessing = paperRecord(options)
  return {
    name: 'paper',
    transforms: [
      ...paperCrops(preprocessing),
      colorPcaNoise({ pca: options.pca ?? imagenetColorPca }),
    ],
    ...normalization(preprocessing),
    preprocessing,
  }
}

/**
 * The released source's training (net 145): the crops of `paper`; after the mean is subtracted,
 * colour noise `Σ eigenvector · deviation · α · 0.1` with α normal is added and all divided by 1.1,
 * so that noisy pictures have the scale of plain ones.
 */
export function krizhevsky2012Train(options: PaperOptions = {}): Preset {
  const preprocessing = paperRecord(options)
  const { crop, mean, std, meanPicture } = preprocessing
  const pca = options.pca ?? imagenetColorPca
  const coefficient = 0.1
  const subtracted = meanPicture ? unpackMeanPicture(meanPicture) : plainPicture(crop, mean)
  return {
    name: 'krizhevsky2012Train',
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
    ...normalization(preprocessing),
    preprocessing,
  }
}

/** `torchvisionTrain` with TrivialAugmentWide, as torchvision's newer recipes have it (`ta_wide`). */
export function trivialWide(options: PresetOptions = {}): Preset {
  const { transforms, ...rest } = torchvisionTrain(options)
  return {
    ...rest,
    name: 'trivialWide',
    transforms: [...transforms, trivialAugmentWide({ interpolation: 'bilinear' })],
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
    ...normalization(preprocessing),
    preprocessing,
  }
}

function evaluation(name: string, preprocessing: Preprocessing): Preset {
  return {
    name,
    transforms: [resize(preprocessing.resize), centerCrop(preprocessing.crop)],
    ...normalization(preprocessing),
    preprocessing,
  }
}

function paperCrops({ resize: side, crop }: Preprocessing): Transform[] {
  return [resize(side), centerCrop(side), randomCrop({ size: crop }), randomHorizontalFlip()]
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

function paperRecord(options: PaperOptions): Preprocessing {
  const { mean = imagenetMean, std = [1 / 255, 1 / 255, 1 / 255] } = options
  // 227 pixels are cut from the same 256 as 224.
  const side = options.resize ?? (options.crop === 227 ? 256 : undefined)
  return torchvisionRecord({ ...options, mean, std, ...(side && { resize: side }) })
}

function torchvisionRecord(options: PresetOptions): Preprocessing {
  const { crop = 224, mean = imagenetMean, std = imagenetStd } = options
  const shorterSide = options.resize ?? Math.round((crop * 256) / 224)
  return record({ resize: shorterSide, crop, mean, std }, options)
}

function cifarRecord(options: PresetOptions): Preprocessing {
  const { crop = 32, mean = cifarMean, std = cifarStd } = options
  return record({ resize: options.resize ?? crop, crop, mean, std }, options)
}

function record(
  numbers: Pick<Preprocessing, 'resize' | 'crop' | 'mean' | 'std'>,
  { meanPicture }: PresetOptions,
): Preprocessing {
  const packed = meanPicture && 'data' in meanPicture ? packMeanPicture(meanPicture) : meanPicture
  return { ...numbers, interpolation: 'bilinear', ...(packed && { meanPicture: packed }) }
}
