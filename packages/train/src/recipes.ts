// How networks were trained, as data: a recipe holds every number of a training run but the pictures and
// the seed. Plain objects, so that a run folder can keep the one it used and a page can show it. Importing this file
// (@alexnet/train/recipes) loads nothing that computes, so that a command line's --help can name them.

import type { Variant } from '@alexnet/core'
import type { ScheduleRecord } from './schedule.ts'
import type { WeightRule } from './weight-rules.ts'

/** An optimiser as plain data; the options are its class's. */
export type OptimizerRecord =
  | {
      readonly kind: 'sgd'
      readonly momentum: number
      readonly nesterov?: boolean
      readonly rateInVelocity?: boolean
      readonly weightDecay: number
    }
  | {
      readonly kind: 'adamw'
      readonly beta1?: number
      readonly beta2?: number
      readonly epsilon?: number
      readonly weightDecay: number
    }

export interface Recipe {
  /** One line: what for, and where the numbers are from. */
  readonly description: string
  /** The network that it was made for. Default: by the size of the pictures. */
  readonly variant?: Variant
  /** What to build the network with: `createAlexNet({ variant, dropout })`. Default: the network's own. */
  readonly dropout?: number
  /** Name of the augmentation, a preset of @alexnet/data. Default: by the size of the network. */
  readonly augmentation?: string
  /** True keeps the scale of 0 to 255 in what the network sees, less the mean. Default: unit variance. */
  readonly levels?: boolean
  /** True subtracts the mean of each pixel over the training pictures. Default: one mean a channel. */
  readonly meanPicture?: boolean
  readonly epochs: number
  /** Pictures a step. */
  readonly batchSize: number
  readonly optimizer: OptimizerRecord
  /** The highest rate of the schedule. */
  readonly learningRate: number
  readonly schedule: ScheduleRecord
  /** Epochs of linear warm-up before the schedule begins. Default 0. */
  readonly warmUpEpochs?: number
  /** Weights that are treated otherwise. */
  readonly rules?: readonly WeightRule[]
  /** Share of the target spread over all classes. Default 0. */
  readonly labelSmoothing?: number
  /** Alpha of MixUp's beta distribution. Default: no MixUp. */
  readonly mixUp?: number
  /** Alpha of CutMix's; with both, each batch gets one of them. Default: no CutMix. */
  readonly cutMix?: number
  /** Length that gradients are cut to. Default: not cut. */
  readonly clipNorm?: number
  /** Decay of the weights' running mean. Default: no mean. */
  readonly averageDecay?: number
  /** Epochs, from the first, in which only the last linear layer is trained. Default 0. */
  readonly headEpochs?: number
  /** Epochs without a better one after which the run ends. Default: never. */
  readonly earlyStop?: number
}

/** Biases learn twice as fast and are not decayed: cuda-convnet's layer files and Caffe's prototxts. */
const biasesApart: readonly WeightRule[] = [{ weights: '*.bias', learningRate: 2, weightDecay: 0 }]

const plainSgd = { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4 } as const
const nesterov = { ...plainSgd, nesterov: true } as const
const rateInVelocity = { ...plainSgd, rateInVelocity: true } as const

export const recipes = {
  paper: {
    description:
      'Krizhevsky, Sutskever, Hinton 2012, section 5: the rate falls when the error stops to',
    variant: 'paper',
    augmentation: 'paper',
    epochs: 90,
    batchSize: 128,
    optimizer: rateInVelocity,
    learningRate: 0.01,
    schedule: { kind: 'plateau', factor: 0.1, patience: 4, reductions: 3 },
  },
  'krizhevsky-2012': {
    description: 'the released source of the 2012 network (net 145): biases at twice the rate',
    variant: 'krizhevsky-2012',
    augmentation: 'krizhevsky-2012',
    epochs: 90,
    batchSize: 128,
    optimizer: rateInVelocity,
    learningRate: 0.01,
    schedule: { kind: 'plateau', factor: 0.1, patience: 4, reductions: 3 },
    rules: biasesApart,
  },
  caffe: {
    // bvlc_alexnet/solver.prototxt: 450,000 steps of 256, the rate ÷ 10 every 100,000.
    description: "Caffe's bvlc_alexnet solver: 90 epochs of 256, rate ÷ 10 every 20",
    variant: 'caffe',
    augmentation: 'caffe',
    epochs: 90,
    batchSize: 256,
    optimizer: rateInVelocity,
    learningRate: 0.01,
    schedule: { kind: 'steps', points: [2 / 9, 4 / 9, 6 / 9, 8 / 9] },
    rules: biasesApart,
  },
  torchvision: {
    // references/classification: --lr 1e-2 with 8 × 32 pictures, --lr-step-size 30, --weight-decay 1e-4.
    description: "torchvision's reference script: 90 epochs of 256, rate ÷ 10 every 30",
    variant: 'torchvision',
    augmentation: 'torchvision-train',
    epochs: 90,
    batchSize: 256,
    optimizer: { ...plainSgd, weightDecay: 1e-4 },
    learningRate: 0.01,
    schedule: { kind: 'steps', points: [1 / 3, 2 / 3] },
  },
  cifar10: {
    description: 'the first run of the bundled CIFAR-10 model: 100 epochs, one cycle',
    variant: 'cifar',
    dropout: 0.5,
    augmentation: 'cifar-trivial-half',
    epochs: 100,
    batchSize: 128,
    optimizer: nesterov,
    learningRate: 0.05,
    schedule: { kind: 'one-cycle', warmUp: 0.1 },
    labelSmoothing: 0.1,
    averageDecay: 0.999,
  },
  'cifar-fast': {
    description: 'CIFAR-10 in a seventh of the time of cifar10: 14 epochs, one cycle',
    variant: 'cifar',
    augmentation: 'cifar',
    epochs: 14,
    batchSize: 128,
    optimizer: nesterov,
    learningRate: 0.05,
    schedule: { kind: 'one-cycle', warmUp: 0.2 },
    labelSmoothing: 0.05,
  },
  ablation: {
    description: "the paper's layers at 32 pixels, to leave parts of them out",
    variant: 'cifar-paper',
    augmentation: 'cifar',
    epochs: 10,
    batchSize: 128,
    optimizer: nesterov,
    learningRate: 0.03,
    schedule: { kind: 'one-cycle', warmUp: 0.2 },
  },
  'figure-1': {
    description:
      'section 3.1, figure 1: a four-layer network, no regularisation (and no normalisation)',
    variant: 'cuda-convnet-18pct',
    augmentation: 'none',
    levels: true,
    epochs: 40,
    batchSize: 128,
    optimizer: { ...rateInVelocity, weightDecay: 0 },
    learningRate: 0.001,
    schedule: { kind: 'constant' },
    rules: biasesApart,
  },
  'cuda-convnet-80sec': {
    // example-layers/layers-80sec.cfg and layer-params-80sec.cfg
    description: "cuda-convnet's quick net: 26 % error on CIFAR-10 without augmentation",
    variant: 'cuda-convnet-80sec',
    augmentation: 'none',
    levels: true,
    meanPicture: true,
    epochs: 26,
    batchSize: 128,
    optimizer: { ...rateInVelocity, weightDecay: 0.004 },
    learningRate: 0.001,
    schedule: { kind: 'steps', points: [20 / 26, 23 / 26] },
    rules: [
      { weights: '*.bias', learningRate: 2, weightDecay: 0 },
      { weights: 'classifier.*', weightDecay: 0.03 },
    ],
  },
  'cuda-convnet-18pct': {
    // example-layers/layers-18pct.cfg: 120 epochs, then 10 and 10 at a tenth and a hundredth.
    description: "cuda-convnet's net with normalisation: 18 % error without augmentation",
    variant: 'cuda-convnet-18pct',
    augmentation: 'none',
    levels: true,
    meanPicture: true,
    epochs: 140,
    batchSize: 128,
    optimizer: { ...rateInVelocity, weightDecay: 0.004 },
    learningRate: 0.001,
    schedule: { kind: 'steps', points: [120 / 140, 130 / 140] },
    rules: [
      { weights: '*.bias', learningRate: 2, weightDecay: 0 },
      { weights: 'classifier.*', weightDecay: 1 },
    ],
  },
  'fine-tune': {
    description: 'from trained weights to other classes: the head alone, then all, features slowly',
    epochs: 12,
    batchSize: 32,
    optimizer: nesterov,
    learningRate: 0.01,
    schedule: { kind: 'cosine' },
    rules: [{ weights: 'features.*', learningRate: 0.1 }],
    headEpochs: 2,
  },
  small: {
    description: 'some thousand small pictures: short steps, one cycle (what is taken for them)',
    epochs: 10,
    batchSize: 32,
    optimizer: nesterov,
    learningRate: 0.02,
    schedule: { kind: 'one-cycle', warmUp: 0.2 },
  },
  large: {
    description: 'some thousand large pictures: rate ÷ 10 three times (what is taken for them)',
    epochs: 10,
    batchSize: 128,
    optimizer: plainSgd,
    learningRate: 0.01,
    schedule: { kind: 'steps', points: [1 / 3, 2 / 3, 0.9] },
  },
} as const satisfies Record<string, Recipe>

export type RecipeName = keyof typeof recipes

/** The recipe of that name. @throws RangeError, with the names that there are */
export function getRecipe(name: string): Recipe {
  if (Object.hasOwn(recipes, name)) return recipes[name as RecipeName]
  throw new RangeError(
    `there is no recipe '${name}': choose one of ${Object.keys(recipes).join(', ')}`,
  )
}
