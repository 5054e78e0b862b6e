// The options of `alexnet train`, a row each: from this table follow the flags and their --help, the type that
// the command works with, what an option changes in the recipe or the network, and whether a run may be resumed
// with another value. It is loaded for a --help, so it imports nothing that computes.

import type { AlexNetOptions } from '@alexnet/core'
import type { OptimizerRecord, Recipe, ScheduleRecord, WeightRule } from '@alexnet/train'
import { recipes } from '@alexnet/train/recipes'
import { InvalidArgumentError } from 'commander'
import { number, whole } from '../arguments/shared.ts'
import type { EngineOptions } from '../backend.ts'
import type { OnBroken } from '../pictures.ts'
import type { RankOptions } from '../ranks.ts'
import type { RunSettings } from './run-settings.ts'

/** An option whose value is a T. */
export interface TrainOption<T> {
  /** As commander takes them; the name follows from them and must be the row's. */
  flags: string
  about: string
  parse?: (text: string, before?: T) => T
  choices?: readonly T[]
  default?: T
  /** A second flag for the same option, `--no-…`. */
  negation?: { flags: string; about: string }
  /** What it changes in a recipe, where that does not depend on other options. */
  recipe?: (value: T) => Partial<Recipe>
  /** What it changes in the network. */
  network?: (value: T) => AlexNetOptions
  /**
   * When a run is resumed: `free` to be another; `kept`, so that it may not be given at all; or what it was in
   * the run's settings, which it must then be again.
   */
  resumed: 'free' | 'kept' | ((settings: RunSettings) => unknown)
  /** A value as `resumed` has it; undefined for one that asks for nothing. */
  asSettings?: (value: T) => unknown
}

const row = <T>(option: TrainOption<T>) => option
const text = row<string>
const amount = row<number>
const list = (one: string, before: string[] = []) => [...before, one]

/** Parses `weights=value`, which may be given again. */
const byWeights =
  (example: string, rule: (weights: string, value: number) => WeightRule) =>
  (one: string, before: WeightRule[] = []): WeightRule[] => {
    const [weights, value, more] = one.split('=')
    if (!weights || !value || more !== undefined) {
      throw new InvalidArgumentError(`It must be a name and a factor, such as "${example}".`)
    }
    return [...before, rule(weights, number(0)(value))]
  }

const beginning = {
  recipe: text({
    flags: '-r, --recipe <name>',
    about: `one of ${Object.keys(recipes).join(', ')} (default: by pictures)`,
    resumed: ({ recipe }) => recipe.name,
  }),
  from: text({
    flags: '-f, --from <weights>',
    about:
      'begin with trained weights, with a new head for your classes: a file, a run, a name; a checkpoint keeps its head',
    resumed: ({ from }) => from,
  }),
  variant: text({
    flags: '--variant <name>',
    about: 'network (default: by recipe, else by the size of the pictures)',
    resumed: ({ model }) => model.variant,
  }),
  out: text({
    flags: '-o, --out <folder>',
    about: 'where model, checkpoints and log go',
    default: 'runs/latest',
    resumed: 'free',
  }),
  resume: row<boolean>({
    flags: '--resume',
    about: 'go on with the run in --out, exactly where it stopped',
    resumed: 'free',
  }),
}

const ofRecipe = {
  epochs: amount({
    flags: '--epochs <n>',
    about: 'passes over the data',
    parse: whole(1),
    recipe: (epochs) => ({ epochs }),
    resumed: ({ recipe }) => recipe.epochs,
  }),
  batchSize: amount({
    flags: '--batch-size <n>',
    about: 'pictures a step',
    parse: whole(1),
    recipe: (batchSize) => ({ batchSize }),
    resumed: ({ recipe }) => recipe.batchSize,
  }),
  optimizer: row<OptimizerRecord['kind']>({
    flags: '--optimizer <name>',
    about: 'adamw begins at a rate of 0.001',
    choices: ['sgd', 'adamw'],
    resumed: ({ recipe }) => recipe.optimizer.kind,
  }),
  learningRate: amount({
    flags: '--learning-rate <rate>',
    about: 'the highest of the schedule',
    parse: number(0),
    recipe: (learningRate) => ({ learningRate }),
    resumed: ({ recipe }) => recipe.learningRate,
  }),
  schedule: row<ScheduleRecord['kind']>({
    flags: '--schedule <name>',
    about: 'learning rate over time',
    choices: ['constant', 'steps', 'plateau', 'cosine', 'one-cycle'],
    resumed: ({ recipe }) => recipe.schedule.kind,
  }),
  warmUp: amount({
    flags: '--warm-up <epochs>',
    about: 'linear, before the schedule begins',
    parse: number(0),
    recipe: (warmUpEpochs) => ({ warmUpEpochs }),
    resumed: ({ recipe }) => recipe.warmUpEpochs,
  }),
  momentum: amount({
    flags: '--momentum <share>',
    about: 'of sgd',
    parse: number(0, 0.9999),
    resumed: ({ recipe: { optimizer } }) =>
      optimizer.kind === 'sgd' ? optimizer.momentum : undefined,
  }),
  weightDecay: amount({
    flags: '--weight-decay <factor>',
    about: 'of all weights that no rule is about',
    parse: number(0),
    resumed: ({ recipe }) => recipe.optimizer.weightDecay,
  }),
  labelSmoothing: amount({
    flags: '--label-smoothing <share>',
    about: 'of the target, over all classes',
    parse: number(0, 0.99),
    recipe: (labelSmoothing) => ({ labelSmoothing }),
    resumed: ({ recipe }) => recipe.labelSmoothing ?? 0,
  }),
  augment: row<string | boolean>({
    flags: '--augment <name>',
    about: 'paper, torchvision-train, trivial-wide, cifar, cifar-color-noise, …',
    negation: { flags: '--no-augment', about: 'train on the pictures as evaluation sees them' },
    recipe: (name) => augmentationOf(name),
    resumed: ({ recipe }) => recipe.augmentation,
    asSettings: (name) => augmentationOf(name).augmentation,
  }),
  mixUp: amount({
    flags: '--mix-up <alpha>',
    about: 'mix pairs of pictures',
    parse: number(1e-6),
    recipe: (mixUp) => ({ mixUp }),
    resumed: ({ recipe }) => recipe.mixUp,
  }),
  cutMix: amount({
    flags: '--cut-mix <alpha>',
    about: 'paste parts of pictures into others',
    parse: number(1e-6),
    recipe: (cutMix) => ({ cutMix }),
    resumed: ({ recipe }) => recipe.cutMix,
  }),
  clipNorm: amount({
    flags: '--clip-norm <length>',
    about: 'cut gradients to this length',
    parse: number(1e-9),
    recipe: (clipNorm) => ({ clipNorm }),
    resumed: ({ recipe }) => recipe.clipNorm,
  }),
  averageDecay: amount({
    flags: '--average-decay <share>',
    about: "validate and save the weights' running mean; 0: the weights themselves",
    parse: number(0, 0.999999),
    recipe: (averageDecay) => ({ averageDecay: averageDecay || undefined }),
    resumed: ({ recipe }) => recipe.averageDecay ?? 0,
  }),
  headEpochs: amount({
    flags: '--head-epochs <n>',
    about: 'train the last layer alone first',
    parse: whole(0),
    recipe: (headEpochs) => ({ headEpochs }),
    resumed: ({ recipe }) => recipe.headEpochs,
  }),
  freeze: row<string[]>({
    flags: '--freeze <weights>',
    about: 'leave as they are, "features.*" say; may be repeated',
    parse: list,
    resumed: 'kept',
  }),
  layerRate: row<WeightRule[]>({
    flags: '--layer-rate <weights=factor>',
    about: 'of the learning rate; may be repeated',
    parse: byWeights('features.*=0.1', (weights, learningRate) => ({ weights, learningRate })),
    resumed: 'kept',
  }),
  layerDecay: row<WeightRule[]>({
    flags: '--layer-decay <weights=factor>',
    about: 'weight decay, "*.bias=0" say; may be repeated',
    parse: byWeights('*.bias=0', (weights, weightDecay) => ({ weights, weightDecay })),
    resumed: 'kept',
  }),
  earlyStop: amount({
    flags: '--early-stop <epochs>',
    about: 'stop when so many were no better',
    parse: whole(1),
    recipe: (earlyStop) => ({ earlyStop }),
    resumed: ({ recipe }) => recipe.earlyStop,
  }),
}

const ofNetwork = {
  dropout: amount({
    flags: '--dropout <rate>',
    about: "default: the variant's own",
    parse: number(0, 0.99),
    network: (dropout) => ({ dropout }),
    resumed: ({ model }) => model.dropout,
  }),
  activation: row<NonNullable<AlexNetOptions['activation']>>({
    flags: '--activation <name>',
    about: "default: the variant's own",
    choices: ['relu', 'tanh', 'sigmoid'],
    network: (activation) => ({ activation }),
    resumed: ({ model }) => model.activation,
  }),
  normalization: row<boolean>({
    flags: '--no-normalization',
    about: 'leave local response normalisation out',
    network: (normalization) => (normalization ? {} : { normalization }),
    resumed: 'kept',
  }),
  overlappingPooling: row<boolean>({
    flags: '--no-overlapping-pooling',
    about: 'pools as wide as their stride',
    network: (overlappingPooling) => (overlappingPooling ? {} : { overlappingPooling }),
    resumed: 'kept',
  }),
  inputSize: amount({
    flags: '--input-size <pixels>',
    about: "default: the variant's own",
    parse: whole(1),
    network: (inputSize) => ({ inputSize }),
    resumed: ({ model }) => model.inputSize,
  }),
}

const ofRunning = {
  validation: amount({
    flags: '--validation <share>',
    about:
      'part of the training pictures kept for validation (default: 0.1 where there is no part to validate or test on)',
    parse: number(0, 0.9),
    resumed: ({ validation }) => validation,
  }),
  limit: amount({
    flags: '--limit <n>',
    about: 'train on n pictures only, with the same share of each class',
    parse: whole(1),
    resumed: ({ limit }) => limit,
  }),
  seed: amount({
    flags: '--seed <n>',
    about: 'weights, order, augmentation and dropout follow from it (default: 0)',
    parse: whole(0),
    resumed: ({ seed }) => seed,
  }),
  microBatch: amount({
    flags: '--micro-batch <n>',
    about: 'pictures at once, where a whole batch takes too much memory',
    parse: whole(1),
    resumed: ({ microBatch }) => microBatch,
  }),
  workers: amount({
    flags: '--workers <n>',
    about: 'threads that prepare pictures (default: none of their own)',
    parse: whole(0),
    resumed: 'free',
  }),
  onBroken: row<OnBroken>({
    flags: '--on-broken <what>',
    about: 'at a picture that cannot be used, stop or skip it',
    choices: ['stop', 'skip'],
    resumed: ({ onBroken }) => onBroken ?? 'stop',
  }),
  checkpointEvery: amount({
    flags: '--checkpoint-every <steps>',
    about: 'also save inside an epoch (default: 100)',
    parse: whole(1),
    resumed: 'free',
  }),
  keep: amount({
    flags: '--keep <n>',
    about: 'last checkpoints to keep (default: 2)',
    parse: whole(1),
    resumed: 'free',
  }),
  report: row<boolean>({
    flags: '--no-report',
    about: 'leave report.html out',
    resumed: 'free',
  }),
}

/** How ranks share a run; of these only `wire` changes its numbers. */
const ofRanks = {
  parallel: row<'auto' | 'data' | 'hybrid'>({
    flags: '--parallel <how>',
    about:
      'every rank has all weights, or columns of the linear layers; auto takes what sends less',
    choices: ['auto', 'data', 'hybrid'],
    default: 'auto',
    resumed: 'free',
  }),
  wire: row<'float32' | 'float16'>({
    flags: '--wire <type>',
    about: 'how gradients travel; their sums are float32',
    choices: ['float32', 'float16'],
    default: 'float32',
    resumed: 'free',
  }),
  overlap: row<boolean>({
    flags: '--no-overlap',
    about: 'exchange gradients after the backward pass, not during it',
    resumed: 'free',
  }),
}

/** What `--augment` and `--no-augment` say of the pictures; nothing where neither is given. */
const augmentationOf = (name: string | boolean): { augmentation?: string } =>
  name === true ? {} : { augmentation: name === false ? 'none' : name }

/** In the order of --help, under their headings. */
export const optionGroups = {
  '': beginning,
  'Instead of what the recipe says:': ofRecipe,
  'Network:': ofNetwork,
  'Pictures and running:': ofRunning,
  'Under mpirun (docs/guides/scale-out.md):': ofRanks,
}

const options = { ...beginning, ...ofRecipe, ...ofNetwork, ...ofRunning, ...ofRanks }
type Options = typeof options
type Given = { [K in keyof Options]?: Options[K] extends TrainOption<infer T> ? T : never }

/** The options as the command line gives them. */
export interface TrainOptions extends Given, EngineOptions, RankOptions {
  out: string
  json?: boolean
}

/** The rows whose option is given, each with its value. */
export const given = (values: TrainOptions): { row: TrainOption<unknown>; value: unknown }[] =>
  Object.entries(options as Record<string, TrainOption<unknown>>)
    .map(([key, found]) => ({ row: found, value: values[key as keyof TrainOptions] }))
    .filter(({ value }) => value !== undefined)
