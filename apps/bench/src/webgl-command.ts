// The command line of `bench webgl`. The task itself is loaded when it is asked for: it brings a bundler and a
// browser's driver.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { WebGLTaskOptions } from './tasks/webgl.ts'

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  }
  return value
}

export function addWebGLCommand(program: Command): void {
  program
    .command('webgl')
    .description("our WebGL backend beside tfjs's on the same device, in Chromium")
    .configureHelp({ helpWidth: 80 })
    .option('--variant <name>', 'network', 'cifar')
    .option('--batch <pictures>', 'pictures at a time', whole, 16)
    .option('--rounds <count>', 'turns of each', whole, 7)
    .addOption(
      new Option('--work <what>', 'what to time').choices(['train', 'infer']).default('train'),
    )
    .option('--chromium <file>', 'browser (default: $CHROMIUM, or where Linux has it)')
    .option('--json', 'print JSON, to keep or to contribute', false)
    .action(async (options: WebGLTaskOptions & { json: boolean }) => {
      const { compareWebGL, formatWebGL } = await import('./tasks/webgl.ts')
      const result = await compareWebGL(options)
      process.stdout.write(`${options.json ? JSON.stringify(result) : formatWebGL(result)}\n`)
    })
}
