// Arguments of `alexnet features`.

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
  weights,
  widen,
} from './shared.ts'

export function addFeatures(program: Command): void {
  program
    .command('features')
    .description("write a layer's output for each picture, a row a picture in the order given")
    .argument('<picture...>', 'JPEG, PNG or WebP files')
    .addOption(weights())
    .requiredOption('-l, --layer <name>', 'layer, as `alexnet inspect` lists them')
    .requiredOption('-o, --out <file>', '.npy, .safetensors or .jsonl')
    .addOption(variantOption())
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
        'alexnet features photos/*.jpg -w runs/mine -l classifier.2 -o hidden.npy',
        'alexnet features cat.jpg -w runs/mine -l features.0 -o maps.jsonl',
      )}
Convolution layers give [height, width, channels] a picture.
With --on-broken skip there is a row a picture that can be used (.jsonl and
.safetensors name them), and the exit code is 1 where some were left out.
JSON: { out, layer, shape }`,
    )
    .action(async (pictures, options) =>
      (await import('../commands/features.ts')).features(pictures, options),
    )
}
