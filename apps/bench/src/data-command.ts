// Arguments of `bench data`: what it is told differs from the other tasks, so it has a command of its own.

import { type Command, InvalidArgumentError } from 'commander'
import type { DataSettings } from './tasks/data.ts'

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  }
  return value
}

function peers(text: string): boolean {
  if (text === 'torchvision' || text === 'all') return true
  if (text === 'none') return false
  throw new InvalidArgumentError('It must be torchvision or none.')
}

export function addDataCommand(program: Command): void {
  program
    .command('data')
    .description('pictures a second of loading and augmenting')
    .configureHelp({ helpWidth: 80 })
    .requiredOption('--source <folder>', 'JPEG pictures, in class folders or not')
    .option('--peers <name>', 'torchvision or none', peers, true)
    .option('--rounds <n>', 'rounds in which the engines alternate', whole, 5)
    .option('--workers <n>', 'workers of the rows that have some', whole, 2)
    .option('--memory <pictures>', 'also watch memory over so many pictures', whole)
    .option('--python <file>', 'a Python that has torchvision')
    .option('--json', 'print JSON and nothing else on stdout', false)
    .option('--record <file>', 'also write the result as a Markdown table')
    .addHelpText(
      'after',
      `
Examples:
  $ bench data --source ./photos
  $ bench data --source ./photos --memory 60000 --json

Rows with no workers have one core each (taskset), where the system can do that.`,
    )
    .action(async (settings: DataSettings) => {
      await (await import('./tasks/data.ts')).dataTask(settings)
    })
}
