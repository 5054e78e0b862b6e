// Arguments of `alexnet weights` and its subcommands.

import { type Command, Option } from 'commander'
import { examples, json } from './shared.ts'

const mirror = () =>
  new Option('--mirror <url>', 'download from here; the file is looked for below it').env(
    'ALEXNET_MIRROR',
  )
const run = () => import('../commands/weights.ts')

export function addWeights(program: Command): void {
  const weights = program
    .command('weights')
    .description('published weights: list, download, verify, remove')
    .addHelpText(
      'after',
      `${examples(
        'alexnet weights list',
        'alexnet weights pull imagenet',
        'alexnet classify cat.jpg --weights imagenet',
      )}
Downloads are kept in ALEXNET_CACHE, by default the system's folder for caches;
afterwards no network is needed. A broken download goes on where it stopped.`,
    )
  weights
    .command('list')
    .description('what there is, and what of it is here')
    .addOption(json())
    .addHelpText(
      'after',
      `${examples('alexnet weights list', 'alexnet weights list --json')}
JSON: [{ name, description, state, bytes, received, path, url, sha256,
architecture, classes, preprocessing, metrics, licence }], state being bundled,
cached, partial or absent.`,
    )
    .action(async (options) => (await run()).list(options))
  weights
    .command('pull')
    .description('download weights, and check them')
    .argument('<name...>', 'as `alexnet weights list` has them')
    .addOption(mirror())
    .addOption(json())
    .addHelpText(
      'after',
      `${examples(
        'alexnet weights pull imagenet',
        'alexnet weights pull imagenet --mirror https://mirror.example/models',
      )}
JSON: [{ name, path }]`,
    )
    .action(async (names, options) => (await run()).pull(names, options))
  weights
    .command('verify')
    .description('compare what is here with the published SHA-256')
    .argument('[name...]', 'default: all that are here')
    .addOption(json())
    .addHelpText(
      'after',
      `${examples('alexnet weights verify', 'alexnet weights verify imagenet')}
Exit code 1 when any are damaged, or named and not here.
JSON: [{ name, state }], state being ok, damaged or absent.`,
    )
    .action(async (names, options) => (await run()).verify(names, options))
  weights
    .command('remove')
    .description('remove weights from the cache, unfinished downloads too')
    .argument('<name...>', 'as `alexnet weights list` has them')
    .addOption(json())
    .addHelpText('after', `${examples('alexnet weights remove imagenet')}\nJSON: [{ name, freed }]`)
    .action(async (names, options) => (await run()).remove(names, options))
}
