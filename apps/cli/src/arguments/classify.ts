// Arguments of `alexnet classify`.

import type { Command } from 'commander'
import {
  backend,
  batchSize,
  deadline,
  distributed,
  examples,
  json,
  keepInt8,
  threads,
  variantOption,
  weights,
  whole,
  widen,
} from './shared.ts'

export function addClassify(program: Command): void {
  program
    .command('classify')
    .description('say what is in pictures')
    .argument('<picture...>', 'JPEG, PNG or WebP files')
    .addOption(weights())
    .addOption(variantOption('network, for weight files that do not say'))
    .option('-k, --top <n>', 'classes to show', whole(1), 5)
    .addOption(batchSize('pictures at a time (default: 32)'))
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(keepInt8())
    .addOption(distributed())
    .addOption(deadline())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet classify cat.jpg dog.png --weights runs/mine',
        'alexnet classify photos/*.jpg --weights runs/mine --top 3 --json',
      )}
JSON: [{ file, top: [{ index, label, probability }] }]`,
    )
    .action(async (pictures, options) =>
      (await import('../commands/classify.ts')).classify(pictures, options),
    )
}
