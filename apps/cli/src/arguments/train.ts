// Arguments of `alexnet train`.

import type { WeightRule } from '@alexnet/train'
import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  backend,
  batchSize,
  deadline,
  distributed,
  examples,
  json,
  number,
  threads,
  variantOption,
  whole,
  widen,
} from './shared.ts'

/** The recipes of @alexnet/train, which is not loaded for a --help; a test holds the two together. */
export const recipeNames =
  'paper, krizhevsky-2012, caffe, torchvision, cifar10, cifar-fast, ablation, figure-1, cuda-convnet-80sec, cuda-convnet-18pct, fine-tune, small, large'

const list = (text: string, before: string[] = []) => [...before, text]

/** Parses `weights=value`, which may be given again. */
const byWeights =
  (key: 'learningRate' | 'weightDecay', example: string) =>
  (text: string, before: WeightRule[] = []): WeightRule[] => {
    const [weights, value, more] = text.split('=')
    if (!weights || !value || more !== undefined) {
      throw new InvalidArgumentError(`It must be a name and a factor, such as "${example}".`)
    }
    return [...before, { weights, [key]: number(0)(value) }]
  }

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a network on pictures; Ctrl-C saves and says how to go on')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .option('-r, --recipe <name>', `one of ${recipeNames} (default: by pictures)`)
    .option(
      '-f, --from <weights>',
      'begin with trained weights, with a new head for your classes: a file, a run, a name',
    )
    .addOption(variantOption('network (default: by recipe, else by the size of the pictures)'))
    .option('-o, --out <folder>', 'where model, checkpoints and log go', 'runs/latest')
    .option('--resume', 'go on with the run in --out, exactly where it stopped')
    .optionsGroup('Instead of what the recipe says:')
    .option('--epochs <n>', 'passes over the data', whole(1))
    .addOption(batchSize('pictures a step'))
    .addOption(
      new Option('--optimizer <name>', 'adamw begins at a rate of 0.001').choices(['sgd', 'adamw']),
    )
    .option('--learning-rate <rate>', 'the highest of the schedule', number(0))
    .addOption(
      new Option('--schedule <name>', 'learning rate over time').choices([
        'constant',
        'steps',
        'plateau',
        'cosine',
        'one-cycle',
      ]),
    )
    .option('--warm-up <epochs>', 'linear, before the schedule begins', number(0))
    .option('--momentum <share>', 'of sgd', number(0, 0.9999))
    .option('--weight-decay <factor>', 'of all weights that no rule is about', number(0))
    .option('--label-smoothing <share>', 'of the target, over all classes', number(0, 0.99))
    .option(
      '--augment <name>',
      'paper, torchvision-train, trivial-wide, cifar, cifar-color-noise, …',
    )
    .option('--no-augment', 'train on the pictures as evaluation sees them')
    .option('--mix-up <alpha>', 'mix pairs of pictures', number(1e-6))
    .option('--cut-mix <alpha>', 'paste parts of pictures into others', number(1e-6))
    .option('--clip-norm <length>', 'cut gradients to this length', number(1e-9))
    .option(
      '--average-decay <share>',
      "validate and save the weights' running mean",
      number(1e-6, 0.999999),
    )
    .option('--head-epochs <n>', 'train the last layer alone first', whole(0))
    .option('--freeze <weights>', 'leave as they are, "features.*" say; may be repeated', list)
    .option(
      '--layer-rate <weights=factor>',
      'of the learning rate; may be repeated',
      byWeights('learningRate', 'features.*=0.1'),
    )
    .option(
      '--layer-decay <weights=factor>',
      'weight decay, "*.bias=0" say; may be repeated',
      byWeights('weightDecay', '*.bias=0'),
    )
    .option('--early-stop <epochs>', 'stop when so many were no better', whole(1))
    .optionsGroup('Network:')
    .option('--dropout <rate>', "default: the variant's own", number(0, 0.99))
    .addOption(
      new Option('--activation <name>', "default: the variant's own").choices([
        'relu',
        'tanh',
        'sigmoid',
      ]),
    )
    .option('--no-normalization', 'leave local response normalisation out')
    .option('--no-overlapping-pooling', 'pools as wide as their stride')
    .option('--input-size <pixels>', "default: the variant's own", whole(1))
    .optionsGroup('Pictures and running:')
    .option(
      '--validation <share>',
      'part kept for validation where there is no test set',
      number(0, 0.9),
    )
    .option('--limit <n>', 'train on n pictures only, with the same share of each class', whole(1))
    .option(
      '--seed <n>',
      'weights, order, augmentation and dropout follow from it (default: 0)',
      whole(0),
    )
    .option(
      '--micro-batch <n>',
      'pictures at once, where a whole batch takes too much memory',
      whole(1),
    )
    .option('--workers <n>', 'threads that prepare pictures (default: none of their own)', whole(0))
    .option('--checkpoint-every <steps>', 'also save inside an epoch (default: 100)', whole(1))
    .option('--keep <n>', 'last checkpoints to keep (default: 2)', whole(1))
    .option('--no-report', 'leave report.html out')
    .optionsGroup('Under mpirun (docs/guides/scale-out.md):')
    .addOption(
      new Option('--parallel <how>', 'all ranks have all weights, or columns of linear layers')
        .choices(['auto', 'data', 'hybrid'])
        .default('auto'),
    )
    .addOption(
      new Option('--wire <type>', 'how gradients travel')
        .choices(['float32', 'float16'])
        .default('float32'),
    )
    .option('--no-overlap', 'exchange gradients after the backward pass, not during it')
    .addOption(distributed())
    .addOption(deadline())
    .optionsGroup('Machine:')
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(json().default(undefined, 'one event a line'))
    .addHelpText(
      'after',
      examples(
        'alexnet train ./pictures --epochs 20 --out runs/mine',
        'alexnet train cifar-10-batches-bin --recipe cifar10 --out runs/cifar10',
        'alexnet train ./pictures --from imagenet --out runs/mine',
        'alexnet train ./pictures --out runs/mine --resume',
      ),
    )
    .action(async (dataset, options) =>
      (await import('../commands/train.ts')).train(dataset, options),
    )
}
