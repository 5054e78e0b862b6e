// Arguments of `alexnet evaluate`.

import { type Command, Option } from 'commander'
import {
  backend,
  batchSize,
  deadline,
  distributed,
  examples,
  json,
  noWiden,
  onBroken,
  threads,
  variantOption,
  views,
  weights,
  widen,
} from './shared.ts'

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure loss and accuracy of a model on labelled pictures')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .addOption(weights())
    .addOption(variantOption())
    .addOption(
      new Option('--split <name>', 'part of a divided data set')
        .choices(['train', 'validation', 'test'])
        .default('test'),
    )
    .addOption(views())
    .addOption(batchSize('pictures at a time (default: 64)'))
    .addOption(onBroken())
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addOption(distributed())
    .addOption(deadline())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet evaluate ./pictures --weights runs/mine',
        'alexnet evaluate cifar-10-batches-bin --weights model.safetensors --json',
        'alexnet evaluate ./pictures --weights imagenet --views ten',
      )}
JSON: { pictures, loss, top1, top5, confusion: [class][class given], classes:
[{ label, pictures, top1 }], skipped: [{ path, problem }] }, top1 and top5 as
shares from 0 to 1. With more than 1,000 classes confusion is a list of [class,
class given, pictures].`,
    )
    .action(async (dataset, options) =>
      (await import('../commands/evaluate.ts')).evaluateCommand(dataset, options),
    )
}
