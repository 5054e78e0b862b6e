// Arguments of `alexnet filters`.

import type { Command } from 'commander'
import { examples, json, variantOption, weights, whole } from './shared.ts'

export function addFilters(program: Command): void {
  program
    .command('filters')
    .description("draw a convolution's filters as a PNG file")
    .addOption(weights())
    .addOption(variantOption())
    .option('-l, --layer <name>', 'a convolution (default: the first, whose filters are colours)')
    .option('-o, --out <file>', 'PNG file', 'filters.png')
    .option('--limit <n>', 'draw the first n filters', whole(1), 256)
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet filters --weights runs/mine --out filters.png',
        'alexnet filters --weights runs/mine --layer features.3 --out conv2.png',
      )}
Filters of later layers see maps, not colours: each is a row of its first 32
channels, red above zero and blue below.
JSON: { layer, count, height, width, channels, out }`,
    )
    .action(async (options) => (await import('../commands/filters.ts')).filters(options))
}
