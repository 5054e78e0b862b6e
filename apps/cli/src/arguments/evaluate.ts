// Arguments of `alexnet evaluate`.

import { type Command, Option } from 'commander'
import { batchSize, examples, json, threads, variantOption, weights, widen } from './shared.ts'

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('measure loss and accuracy of a model on labelled pictures')
    .argument('<dataset>', 'folder of class folders, CIFAR-10 folder, or shapes')
    .addOption(weights().makeOptionMandatory())
    .addOption(variantOption('network, for weight files that do not say'))
    .addOption(
      new Option('--split <name>', 'part of a divided data set')
        .choices(['train', 'test'])
        .default('test'),
    )
    .addOption(batchSize('pictures at a time (default: 64)'))
    .addOption(threads())
    .addOption(widen())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet evaluate ./pictures --weights runs/mine',
        'alexnet evaluate cifar-10-batches-bin --weights model.safetensors --json',
      )}
JSON: { pictures, top1, top5, loss }, top1 and top5 as shares from 0 to 1.`,
    )
    .action(async (dataset, options) =>
      (await import('../commands/evaluate.ts')).evaluateCommand(dataset, options),
    )
}
