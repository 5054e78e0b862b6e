// The command line: each task with its options, and what they stand at if nobody says.

import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { addAnyCommand } from './any-command.ts'
import { addDataCommand } from './data-command.ts'
import { addDeviceCommands } from './device-commands.ts'
import { engineNames } from './engines/catalog.ts'
import { type WeightFormat, weightFormats } from './engines/session.ts'
import type { Report } from './results.ts'
import type { Settings } from './settings.ts'

function whole(least: number) {
  return (text: string) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
    }
    return value
  }
}

function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) {
    throw new InvalidArgumentError('It must be names with commas between them.')
  }
  return names
}

function numbers(text: string): number[] {
  return list(text).map(whole(1))
}

/** `none` and `all` stand for what they say. */
function peerList(text: string): string[] {
  if (text === 'none') return []
  if (text === 'all') return engineNames
  const names = list(text)
  const unknown = names.find((name) => !engineNames.includes(name))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no peer '${unknown}'.`)
  }
  return names
}

function weightList(text: string): WeightFormat[] {
  return list(text).map((name) => {
    const known = weightFormats.find((format) => format === name)
    if (!known) throw new InvalidArgumentError(`They must be among ${weightFormats.join(', ')}.`)
    return known
  })
}

interface TaskDefaults {
  about: string
  batches: number[]
  rounds: number
  roundsAbout?: string
}

const tasks: Record<Report['task'], TaskDefaults> = {
  infer: { about: 'milliseconds a picture of inference', batches: [1, 8, 32], rounds: 11 },
  train: { about: 'milliseconds a picture of a training step', batches: [16, 64], rounds: 7 },
  kernels: {
    about: 'GFLOP/s of forward, dX and dW of each layer',
    batches: [16],
    rounds: 5,
  },
  memory: {
    about: 'peak resident memory of training steps',
    batches: [64],
    rounds: 3,
    roundsAbout: 'training steps',
  },
  browser: {
    about: 'milliseconds a picture of inference in Chromium',
    batches: [32],
    rounds: 7,
  },
}

const examples = `
Examples:
  $ bench infer --batch 1,32 --peers ort-web,ort-node
  $ bench train --batch 16 --threads 2 --record docs/benchmarks/today.md
  $ bench kernels --layers features --peers pytorch
  $ bench browser --chromium /usr/bin/chromium

Peers that are not installed are named, with how to get them. Ratios are ours
divided by theirs, round by round: below 1 ours is faster.`

/** Builds the command; `run` gets the settings of the task that was asked for. */
export function createProgram(run: (settings: Settings) => Promise<void>): Command {
  const program = new Command('bench')
    .description('This project beside its peers: one network, the same weights and pictures.')
    .configureHelp({ helpWidth: 80 })
    .addHelpText('after', examples)
  for (const [task, defaults] of Object.entries(tasks)) {
    addTask(program, task as Report['task'], defaults, run)
  }
  addAnyCommand(program)
  addDeviceCommands(program)
  addDataCommand(program)
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'bench: ')),
    })
  }
  return program
}

function addTask(
  program: Command,
  task: Report['task'],
  { about, batches, rounds, roundsAbout }: TaskDefaults,
  run: (settings: Settings) => Promise<void>,
): void {
  const command = program
    .command(task)
    .description(about)
    .configureHelp({ helpWidth: 80 })
    .option('--variant <name>', 'network', 'torchvision')
    .option('--size <pixels>', "pixels a side (default: the variant's)", whole(1))
    .addOption(
      new Option('--batch <list>', 'pictures at a time, one table each')
        .argParser(numbers)
        .default(batches, batches.join(',')),
    )
    .addOption(
      new Option('--threads <n>', 'threads of every engine')
        .argParser(whole(1))
        .default(availableParallelism(), 'all processors'),
    )
    .addOption(
      new Option('--peers <list>', `of ${engineNames.join(', ')}; or none, all`)
        .argParser(peerList)
        .default(undefined, 'those that take no minutes'),
    )
    .addOption(
      new Option('--rounds <n>', roundsAbout ?? 'rounds in which the engines alternate')
        .argParser(whole(1))
        .default(rounds),
    )
    .addOption(
      new Option('--builds <list>', 'WebAssembly builds of ours, a row each')
        .argParser(list)
        .default([], 'the fastest'),
    )
  if (task !== 'browser') {
    command
      .option('--widen', "let V8 join ours' vectors to 256 bits (experimental)", false)
      .option('--python <file>', 'a Python that has PyTorch')
  } else {
    command.option('--chromium <file>', 'browser (default: $CHROMIUM, or where Linux has it)')
  }
  if (task === 'infer' || task === 'browser') {
    command.addOption(
      new Option('--weights <list>', 'rows of ours with fully connected weights in int8, float16')
        .argParser(weightList)
        .default([], 'none'),
    )
  }
  if (task === 'kernels') command.option('--layers <text>', 'only layers whose name contains it')
  if (task !== 'kernels' && task !== 'memory') {
    command.option('--scaling', 'also time ours on one thread', false)
  }
  command
    .option('--json', 'print JSON, a line a batch size, and nothing else on stdout', false)
    .option('--record <file>', 'also write a benchmark record (Markdown)')
    .action(async (options) => {
      const { batch, ...rest } = options
      await run({ widen: false, scaling: false, weights: [], ...rest, task, batches: batch })
    })
}
