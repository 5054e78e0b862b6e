// The command line of `bench any`: networks that are not AlexNet on our CPU backend beside tfjs's.

import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type AnyNetworkName,
  type AnyPeer,
  type AnyWork,
  anyNetworkNames,
  anyPeers,
  formatAny,
  formatAnyRecord,
} from './any-report.ts'

interface Options {
  peers: readonly AnyPeer[]
  networks: readonly AnyNetworkName[]
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

/** A list of names, each one of those there are. */
function namesAmong<Name extends string>(known: readonly Name[]) {
  return (text: string): Name[] =>
    text.split(',').map((part) => {
      const found = known.find((name) => name === part.trim())
      if (!found) throw new InvalidArgumentError(`They must be among ${known.join(', ')}.`)
      return found
    })
}

const peerList = (text: string) => (text === 'none' ? [] : namesAmong(anyPeers)(text))

export function addAnyCommand(program: Command): void {
  program
    .command('any')
    .description("networks that are not AlexNet on our CPU backend beside tfjs's, in Node")
    .configureHelp({ helpWidth: 80 })
    .addOption(
      new Option('--peers <list>', `of ${anyPeers.join(', ')}; or none`)
        .argParser(peerList)
        .default(anyPeers, 'both'),
    )
    .addOption(
      new Option('--networks <list>', `of ${anyNetworkNames.join(', ')}`)
        .argParser(namesAmong(anyNetworkNames))
        .default(anyNetworkNames, 'all'),
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
    .action(async ({ work, json, record, ...options }: Options) => {
      const { compareAny } = await import('./tasks/any.ts')
      const works: AnyWork[] = work === 'both' ? ['infer', 'train'] : [work]
      const result = await compareAny({ ...options, works })
      process.stdout.write(`${json ? JSON.stringify(result) : formatAny(result)}\n`)
      const given = `npm run -s bench -- ${process.argv.slice(2).join(' ')}`
      if (record) await writeFile(record, formatAnyRecord(result, given))
    })
}
