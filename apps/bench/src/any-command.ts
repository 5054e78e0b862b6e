// The command line of `bench any`: networks that are not AlexNet on our CPU backend beside tfjs's.

import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AnyWork, formatAny, formatAnyRecord } from './any-report.ts'
import type { AnyPeer } from './tasks/any.ts'

const peers: readonly AnyPeer[] = ['tfjs-cpu', 'tfjs-wasm']

interface Options {
  peers: AnyPeer[]
  networks: string[]
  work: AnyWork | 'both'
  threads: number
  rounds: number
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

const list = (text: string) => text.split(',').map((name) => name.trim())

function peerList(text: string): AnyPeer[] {
  if (text === 'none') return []
  return list(text).map((name) => {
    const known = peers.find((peer) => peer === name)
    if (!known) throw new InvalidArgumentError(`They must be among ${peers.join(', ')}; or none.`)
    return known
  })
}

export function addAnyCommand(program: Command): void {
  program
    .command('any')
    .description("networks that are not AlexNet on our CPU backend beside tfjs's, in Node")
    .configureHelp({ helpWidth: 80 })
    .addOption(
      new Option('--peers <list>', `of ${peers.join(', ')} (inference alone); or none`)
        .argParser(peerList)
        .default(peers, 'both'),
    )
    .addOption(
      new Option('--networks <list>', 'of mobilenet, resnet, unet, head, lstm')
        .argParser(list)
        .default([], 'all'),
    )
    .addOption(
      new Option('--work <what>', 'what to time')
        .choices(['train', 'infer', 'both'])
        .default('both'),
    )
    .addOption(
      new Option('--threads <n>', 'threads of ours')
        .argParser(whole)
        .default(availableParallelism(), 'all processors'),
    )
    .option('--rounds <count>', 'turns of each', whole, 3)
    .option('--json', 'print JSON, to keep or to contribute', false)
    .option('--record <file>', 'also write a benchmark record (Markdown)')
    .action(async ({ work, json, record, ...options }: Options, command: Command) => {
      const { compareAny } = await import('./tasks/any.ts')
      const works: AnyWork[] = work === 'both' ? ['infer', 'train'] : [work]
      const result = await compareAny({ ...options, works })
      process.stdout.write(`${json ? JSON.stringify(result) : formatAny(result)}\n`)
      const given = `npm run -s bench -- ${command.parent?.args.join(' ') ?? 'any'}`
      if (record) await writeFile(record, formatAnyRecord(result, given))
    })
}
