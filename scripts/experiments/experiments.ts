// What is repeated of the paper and of cuda-convnet, as data: each run is a call of `alexnet train`, so
// that anyone can repeat one of them by hand.

/** Runs that differ in their seed alone. */
export interface Group {
  /** `relu`, `without LRN`: what the plots and tables call it. */
  readonly name: string
  /** Arguments of `alexnet train` besides the data set, the seed and the folder. */
  readonly options: readonly string[]
}

/** A claim, and the runs that test it. */
export interface Experiment {
  readonly title: string
  /** What the source says, and where. */
  readonly claim: string
  /** Of which pictures the error is compared, epoch by epoch; kept out of training are those of `--validation`. */
  readonly measure: 'training' | 'test' | 'kept-out'
  /** Error in percent that is waited for; the answer is the epoch that reaches it, and a run ends there. */
  readonly target?: number
  readonly groups: readonly Group[]
  /** Seeds a group. Default 3. */
  readonly seeds?: number
}

/**
 * Learning rates are each activation's own best of a few by two or three epochs, as the paper chose them: of
 * .001, .002, .003 for ReLU (the largest tried), of .001, .003, .01, .03 for tanh; the sigmoid has tanh's.
 */
const figure1 = (activation: string, learningRate: number, epochs: number): Group => ({
  name: activation,
  options: [
    ...['--recipe', 'figure-1', '--no-normalization', '--activation', activation],
    ...['--learning-rate', `${learningRate}`, '--epochs', `${epochs}`],
  ],
})

/** The paper's layers at CIFAR size as they are, and with each part left out. */
function ablations(epochs: number): Group[] {
  const group = (name: string, ...options: string[]): Group => ({
    name,
    options: ['--recipe', 'ablation', '--epochs', `${epochs}`, ...options],
  })
  return [
    group('everything'),
    group('without dropout', '--dropout', '0'),
    group('without crops and mirror', '--augment', 'none'),
    group('without LRN', '--no-normalization'),
    group('without overlapping pools', '--no-overlapping-pooling'),
    group('with colour noise', '--augment', 'cifar-color-noise'),
  ]
}

const PAPER_SAYS =
  'LRN 13 → 11 % on CIFAR-10 (section 3.3); overlapping pooling −0.4 % on ImageNet (3.4); colour noise more than 1 % (4.1); dropout against overfitting (4.2)'

/** The recipe of the bundled model, shorter, as it is and with each part left out or another in its place. */
const recipeParts = (): Group[] => {
  const group = (epochs: number, name: string, ...options: string[]): Group => ({
    name,
    options: ['--recipe', 'cifar10', '--epochs', `${epochs}`, '--validation', '0.1', ...options],
  })
  return [
    group(12, 'as it is'),
    group(12, 'without TrivialAugment', '--augment', 'cifar'),
    group(12, 'without label smoothing', '--label-smoothing', '0'),
    group(12, 'without the mean of weights', '--average-decay', '0'),
    group(12, 'without dropout', '--dropout', '0'),
    group(12, 'with MixUp', '--mix-up', '0.2'),
    // Without the warm-up its loss is NaN at step 21.
    group(12, 'with a cosine after a warm-up', '--schedule', 'cosine', '--warm-up', '1'),
    // What keeps from overfitting pays later.
    group(30, '30 epochs'),
    group(30, '30 epochs, no TrivialAugment', '--augment', 'cifar'),
  ]
}

/** The larger network of cuda-convnet with a schedule that its source does not have. */
const withCosine = (name: string, ...options: string[]): Group => ({
  name,
  options: [
    ...['--recipe', 'cuda-convnet-18pct', '--schedule', 'cosine', '--learning-rate', '0.003'],
    ...options,
  ],
})

/** So many pictures of each of ten drawn classes, three ways: DATA is shapes:1000:500. */
const fewPictures = (each: number): Group[] => {
  const common = ['--limit', `${10 * each}`, '--epochs', '30', '--batch-size', '16']
  return [
    {
      name: `${each} a class, last layer alone`,
      options: [
        ...['--from', 'cifar10', ...common],
        ...['--freeze', 'features.*', '--freeze', 'classifier.1.*'],
      ],
    },
    { name: `${each} a class, all layers`, options: ['--from', 'cifar10', ...common] },
    {
      name: `${each} a class, from scratch`,
      options: ['--recipe', 'small', '--variant', 'cifar', ...common],
    },
  ]
}

export const experiments = {
  'figure-1': {
    title: 'ReLU against tanh and the sigmoid',
    claim:
      'a four-layer network with ReLUs reaches 25 % training error on CIFAR-10 six times sooner than one with tanh (section 3.1, figure 1)',
    measure: 'training',
    target: 25,
    groups: [figure1('relu', 0.003, 20), figure1('tanh', 0.01, 40), figure1('sigmoid', 0.01, 15)],
  },
  ablations: {
    title: "The paper's parts, each left out",
    claim: PAPER_SAYS,
    measure: 'test',
    groups: [
      ...ablations(8),
      {
        name: 'LeNet-5',
        options: ['--recipe', 'ablation', '--epochs', '8', '--variant', 'lenet-5'],
      },
    ],
  },
  'ablations-long': {
    title: "The paper's parts, each left out, until the network overfits",
    claim: PAPER_SAYS,
    measure: 'test',
    groups: ablations(60),
    seeds: 1,
  },
  'few-pictures': {
    title: 'Few pictures of new classes: begin with trained weights, or not',
    claim:
      'features learned from other pictures serve new classes (section 5 of the paper; Yosinski et al. 2014, https://arxiv.org/abs/1411.1792)',
    measure: 'test',
    groups: [20, 50, 100].flatMap(fewPictures),
    seeds: 2,
  },
  'recipe-parts': {
    title: "Parts of the bundled model's recipe, each left out",
    claim:
      'TrivialAugment (Müller and Hutter 2021), label smoothing (Szegedy et al. 2016), a mean of the weights (Polyak and Juditsky 1992), dropout (Srivastava et al. 2014) and MixUp (Zhang et al. 2018) each lower the error',
    measure: 'kept-out',
    groups: recipeParts(),
    seeds: 1,
  },
  'cuda-convnet': {
    title: "cuda-convnet's networks",
    claim: '26 % (layers-80sec) and 18 % (layers-18pct) test error, without augmentation',
    measure: 'test',
    groups: [
      { name: '80sec', options: ['--recipe', 'cuda-convnet-80sec'] },
      { name: '18pct', options: ['--recipe', 'cuda-convnet-18pct'] },
      withCosine('18pct, cosine', '--label-smoothing', '0.1'),
      withCosine(
        '18pct, crops and mirror',
        ...['--augment', 'cifar', '--epochs', '100'],
        // Pictures that are never twice the same let it overfit less: it needs less decay.
        ...['--weight-decay', '0.001', '--layer-decay', 'classifier.*=0.03'],
      ),
    ],
    seeds: 1,
  },
} as const satisfies Record<string, Experiment>

export type ExperimentName = keyof typeof experiments
