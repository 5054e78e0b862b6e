// Arguments of `alexnet train`: the table of its options, and what it shares with other commands.

import { type Command, Option } from 'commander'
import { optionGroups, type TrainOption } from '../train/options.ts'
import {
  backend,
  deadline,
  distributed,
  examples,
  json,
  noWiden,
  threads,
  widen,
} from './shared.ts'

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train a network on pictures; Ctrl-C saves and says how to go on')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
  for (const [heading, rows] of Object.entries(optionGroups)) {
    if (heading) command.optionsGroup(heading)
    for (const row of Object.values(rows)) addOption(command, row)
  }
  command
    .addOption(distributed())
    .addOption(deadline())
    .optionsGroup('Machine:')
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
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

function addOption<T>(command: Command, row: TrainOption<T>): void {
  const option = new Option(row.flags, row.about)
  if (row.parse) option.argParser(row.parse)
  if (row.choices) option.choices(row.choices.map(String))
  if (row.default !== undefined) option.default(row.default)
  command.addOption(option)
  if (row.negation) command.option(row.negation.flags, row.negation.about)
}
