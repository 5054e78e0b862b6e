// The command line of `bench dawn`. The task itself is loaded when it is asked for.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DawnTaskOptions } from './tasks/dawn.ts'

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  }
  return value
}

export function addDawnCommand(program: Command): void {
  program
    .command('dawn')
    .description("our WebGPU backend beside tfjs's on the same GPU, in Node")
    .configureHelp({ helpWidth: 80 })
    .option('--variant <name>', 'network', 'cifar')
    .option('--batch <pictures>', 'pictures at a time', whole, 16)
    .option('--rounds <count>', 'turns of each', whole, 7)
    .addOption(
      new Option('--work <what>', 'what to time').choices(['train', 'infer']).default('train'),
    )
    .option('--json', 'print JSON, to keep or to contribute', false)
    .action(async (options: DawnTaskOptions & { json: boolean }) => {
      const { compareDawn, formatDawn } = await import('./tasks/dawn.ts')
      const result = await compareDawn(options)
      process.stdout.write(`${options.json ? JSON.stringify(result) : formatDawn(result)}\n`)
    })
}
