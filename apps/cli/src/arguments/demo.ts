// Arguments of `alexnet demo`.

import type { Command } from 'commander'
import { backend, examples, noWiden, threads, whole, widen } from './shared.ts'

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('the whole way in two minutes: train on drawn shapes, evaluate, classify')
    .option('-o, --out <folder>', 'where the result goes (default: a new folder in runs)')
    .option('--pictures <n>', 'training pictures', whole(100), 4000)
    .option('--epochs <n>', 'passes over them', whole(1), 3)
    .addOption(backend())
    .addOption(threads())
    .addOption(widen())
    .addOption(noWiden())
    .addHelpText('after', examples('alexnet demo', 'alexnet demo --pictures 8000 --epochs 5'))
    .action(async (options) => (await import('../commands/demo.ts')).demo(options))
}
