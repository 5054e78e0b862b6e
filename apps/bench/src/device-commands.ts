// The command lines of `bench webgl`, `bench dawn` and `bench sums`: a GPU backend of ours beside tfjs's on the
// same device.
// The tasks are loaded when they are asked for: they bring a bundler, a browser's driver, a GPU's.

import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatDeviceRecord } from './device-record.ts'
import { type DeviceResult, type DeviceTaskOptions, formatDevice } from './device-report.ts'
import { formatSums, formatSumsRecord } from './sums-report.ts'

interface Options extends Omit<DeviceTaskOptions, 'work'> {
  work: 'train' | 'infer' | 'both'
  json: boolean
  record?: string
}

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.')
  }
  return value
}

const about = {
  webgl: "our WebGL backend beside tfjs's on the same device, in Chromium",
  dawn: "our WebGPU backend beside tfjs's on the same GPU, in Node",
}

async function compare(task: keyof typeof about, options: DeviceTaskOptions) {
  if (task === 'webgl') return (await import('./tasks/webgl.ts')).compareWebGL(options)
  return (await import('./tasks/dawn.ts')).compareDawn(options)
}

export function addDeviceCommands(program: Command): void {
  addSums(program)
  for (const task of ['webgl', 'dawn'] as const) {
    const command = program
      .command(task)
      .description(about[task])
      .configureHelp({ helpWidth: 80 })
      .option('--variant <name>', 'network', 'cifar')
      .option('--batch <pictures>', 'pictures at a time', whole, 16)
      .option('--rounds <count>', 'turns of each', whole, 7)
      .addOption(
        new Option('--work <what>', 'what to time')
          .choices(['train', 'infer', 'both'])
          .default('train'),
      )
    if (task === 'webgl') {
      command
        .option('--gpu', "the machine's GPU instead of Chromium's software driver", false)
        .option('--chromium <file>', 'browser (default: $CHROMIUM, or where Linux has it)')
    }
    command
      .option('--json', 'print JSON, a line for each work, to keep or to contribute', false)
      .option('--record <file>', 'also write a benchmark record (Markdown)')
      .action(async (options: Options) => {
        const results: DeviceResult[] = []
        for (const work of options.work === 'both'
          ? (['train', 'infer'] as const)
          : [options.work]) {
          const result = await compare(task, { ...options, work })
          results.push(result)
          const text = options.json ? JSON.stringify(result) : formatDevice(result)
          process.stdout.write(`${text}\n${options.json ? '' : '\n'}`)
        }
        if (options.record) await writeFile(options.record, formatDeviceRecord(results, options))
      })
  }
}

function addSums(program: Command): void {
  program
    .command('sums')
    .description('sums, means and losses on WebGPU in Node: by subgroups, without, and tfjs')
    .configureHelp({ helpWidth: 80 })
    .option('--rounds <count>', 'turns of each', whole, 15)
    .option('--json', 'print JSON, to keep or to contribute', false)
    .option('--record <file>', 'also write a benchmark record (Markdown)')
    .action(
      async ({ rounds, json, record }: { rounds: number; json: boolean; record?: string }) => {
        const { compareSums } = await import('./tasks/sums.ts')
        const result = await compareSums({ rounds })
        process.stdout.write(`${json ? JSON.stringify(result) : formatSums(result)}\n`)
        if (record) await writeFile(record, formatSumsRecord(result))
      },
    )
}
