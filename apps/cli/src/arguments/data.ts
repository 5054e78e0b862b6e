// Arguments of `alexnet data preview` and `alexnet data stats`.

import { type Command, Option } from 'commander'
import { deadline, distributed, examples, json, whole } from './shared.ts'

const split = () =>
  new Option('--split <part>', 'of a divided data set')
    .choices(['train', 'validation', 'test'])
    .default('train')

export function addData(program: Command): void {
  const data = program
    .command('data')
    .description('look at a data set: what augmentation makes of it, what is in it')
  data
    .command('preview')
    .description('draw pictures as training sees them: a row a picture, augmented anew each time')
    .argument('<dataset>', 'whatever alexnet train takes')
    .option('--preset <name>', 'how pictures are prepared', 'torchvision-train')
    .option('--crop <pixels>', "side of the network's input (default: the preset's)", whole(8))
    .option('--pictures <n>', 'pictures, a row each', whole(1), 6)
    .option('--times <n>', 'augmented pictures in a row', whole(1), 7)
    .option('--seed <n>', 'which pictures, and what is drawn', whole(0), 0)
    .addOption(split())
    .option('-o, --out <file>', 'PNG to write', 'preview.png')
    .addHelpText(
      'after',
      `${examples(
        'alexnet data preview ./pictures --preset trivial-wide --out sheet.png',
        'alexnet data preview shapes --preset cifar --crop 32 --pictures 10',
      )}
The first picture of a row is the one in the data set.`,
    )
    .action(async (dataset, options) =>
      (await import('../commands/data.ts')).previewData(dataset, options),
    )
  data
    .command('stats')
    .description('count classes, measure sizes and colours, find broken and equal pictures')
    .argument('<dataset>', 'whatever alexnet train takes')
    .addOption(split())
    .option('--limit <n>', 'read at most n pictures, evenly spread', whole(1))
    .addOption(distributed())
    .addOption(deadline())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet data stats ./pictures',
        'alexnet data stats cifar-10-batches-bin --split test --json',
      )}
JSON: { name, split, pictures, classes: { counts: [{ name, count }], smallest,
largest, evenness }, read, broken: [{ path, problem }], width: { least, median,
greatest }, height, mean, std, colorPca: { mean, eigenvectors, deviations },
duplicates: [{ first, second, sameClass }] }; colours are from 0 to 1.`,
    )
    .action(async (dataset, options) =>
      (await import('../commands/data.ts')).describeData(dataset, options),
    )
}
