// Arguments of `alexnet train`.

import { type Command, Option } from 'commander'
import {
  batchSize,
  examples,
  json,
  number,
  threads,
  variantOption,
  whole,
  widen,
} from './shared.ts'

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('train a network on pictures; Ctrl-C saves and says how to go on')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .addOption(variantOption('network (default: cifar for small pictures, else torchvision)'))
    .option('--epochs <n>', 'passes over the data (default: 10)', whole(1))
    .addOption(batchSize('pictures a step (default: by variant)'))
    .option('--learning-rate <rate>', 'the peak of the schedule (default: by variant)', number(0))
    .addOption(
      new Option('--schedule <name>', 'learning rate over time (default: by variant)').choices([
        'constant',
        'steps',
        'one-cycle',
      ]),
    )
    .option('--momentum <share>', 'default: 0.9', number(0, 0.9999))
    .option('--weight-decay <factor>', 'default: by variant', number(0))
    .option('--label-smoothing <share>', 'default: 0', number(0, 0.99))
    .option('--dropout <rate>', "default: the variant's own", number(0, 0.99))
    .option('--input-size <pixels>', "default: the variant's own", whole(1))
    .option('--no-augment', 'train on the pictures as evaluation sees them')
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
    .option('-o, --out <folder>', 'where model, checkpoint and log go', 'runs/latest')
    .option('--resume', 'go on with the run in --out, exactly where it stopped')
    .option('--checkpoint-every <steps>', 'also save inside an epoch (default: 100)', whole(1))
    .addOption(threads())
    .addOption(widen())
    .addOption(json().default(undefined, 'one event a line'))
    .addHelpText(
      'after',
      examples(
        'alexnet train ./pictures --epochs 20 --out runs/mine',
        'alexnet train cifar-10-batches-bin --variant cifar --epochs 14',
        'alexnet train ./pictures --out runs/mine --resume',
      ),
    )
    .action(async (dataset, options) =>
      (await import('../commands/train.ts')).train(dataset, options),
    )
}
