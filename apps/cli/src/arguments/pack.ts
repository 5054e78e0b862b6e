// Arguments of `alexnet pack`.

import { type Command, InvalidArgumentError } from 'commander'
import { deadline, distributed, examples, json, whole } from './shared.ts'

function quality(text: string): number {
  const value = whole(1)(text)
  if (value > 100) throw new InvalidArgumentError('It must be a whole number from 1 to 100.')
  return value
}

export function addPack(program: Command): void {
  program
    .command('pack')
    .description('write a data set to files that load several times as fast')
    .argument('<dataset>', 'whatever alexnet train takes')
    .argument('<out>', 'folder to write to; train from it as from any data set')
    .option('--size <pixels>', 'shorter side; smaller pictures stay as they are', whole(1), 256)
    .option('--raw', 'pixels as they are: fastest, 200 KB a picture of 256 (the default)')
    .option('--quality <n>', 'as JPEG of this quality, 1 to 100: a tenth of the size', quality)
    .option('--skip-broken', 'leave pictures out that cannot be used, and count them')
    .addOption(distributed())
    .addOption(deadline())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet pack ./imagenet packed/imagenet',
        'alexnet pack ./imagenet packed/imagenet-small --size 128 --quality 90',
      )}
A data set with train and test parts gives train.alexpack and test.alexpack,
another one pictures.alexpack. A file appears when it is whole.
JSON: { files: [{ path, pictures, bytes, skipped: [path] }] }`,
    )
    .action(async (dataset, out, options) =>
      (await import('../commands/pack.ts')).pack(dataset, out, options),
    )
}
