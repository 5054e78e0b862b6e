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
  noWiden,
  onBroken,
  threads,
  variantOption,
  views,
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
    .addOption(variantOption())
    .option('-k, --top <n>', 'classes to show', whole(1), 5)
    .addOption(views())
    .addOption(batchSize('pictures at a time (default: 32)'))
    .addOption(onBroken())
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
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
With --on-broken skip it shows the others, lists those it left out, and ends
with exit code 1 where there are any.
JSON: [{ file, top: [{ index, label, probability }] }], or [{ file, error }]`,
    )
    .action(async (pictures, options) =>
      (await import('../commands/classify.ts')).classify(pictures, options),
    )
}
