// Arguments of `alexnet inspect`.

import type { Command } from 'commander'
import { examples, json, variantOption, weights, whole } from './shared.ts'

export function addInspect(program: Command): void {
  program
    .command('inspect')
    .description(
      'show the layers of a network: shapes, parameters, multiply-adds, receptive fields',
    )
    .addOption(variantOption('network (default: torchvision, or what the weights hold)'))
    .addOption(weights())
    .option('--classes <n>', "number of classes (default: the variant's own)", whole(1))
    .option('--input-size <pixels>', "picture size (default: the variant's own)", whole(1))
    .addOption(json())
    .addHelpText(
      'after',
      `${examples('alexnet inspect --variant paper', 'alexnet inspect --weights runs/mine --json')}
JSON: { variant, inputSize, classes, layers: [{ name, kind, outputShape,
parameters, multiplyAdds, receptiveField, stride }], parameters, multiplyAdds }`,
    )
    .action(async (options) => (await import('../commands/inspect.ts')).inspect(options))
}
