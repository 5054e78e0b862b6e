// Reading AlexNet's 244 MB beside torch.load: time of the call and peak memory, each in a fresh process, the
// two in turn. The files are made by PyTorch first, and both readers' numbers are added up and compared.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readCheckpointFile } from '../src/node.ts'

const HELP = `Times reading AlexNet's 244 MB checkpoint, zip and legacy, beside torch.load.

Usage: node scripts/read-speed.ts [options]

  --rounds N     how often each reads each file (default 7)
  --python PATH  a Python with PyTorch and torchvision (default: the environment's PYTHON, or python3)

Exits with 1 if a median is over 1.5 times torch.load's, or a read takes more memory than the file and
64 MiB on top of the process's own.`

/** What one process says of reading one file; memory in bytes, resident. */
interface Reading {
  milliseconds: number
  /** Milliseconds of all processors together: what other work on the machine does not stretch. */
  processor: number
  /** Peak of the process before it read. */
  before: number
  peak: number
  tensors: number
  /** Of all elements: whether both read the same. */
  sum: number
  version: string
}

const MOST_TIME = 1.5
const MOST_MEMORY = 64 * 1024 * 1024

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    python: { type: 'string', default: process.env.PYTHON ?? 'python3' },
    // The process that reads: this script again.
    one: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

async function readOne(path: string): Promise<Reading> {
  const before = process.resourceUsage().maxRSS * 1024
  const [start, worked] = [performance.now(), process.cpuUsage()]
  const { tensors } = await readCheckpointFile(path)
  const milliseconds = performance.now() - start
  const { user, system } = process.cpuUsage(worked)
  const processor = (user + system) / 1000
  const peak = process.resourceUsage().maxRSS * 1024
  let sum = 0
  for (const { data } of tensors.values()) for (const value of data) sum += Number(value)
  return {
    milliseconds,
    processor,
    before,
    peak,
    tensors: tensors.size,
    sum,
    version: process.version,
  }
}

function compare(): void {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { encoding: 'utf8' })
  const folder = mkdtempSync(join(tmpdir(), 'alexnet-read-speed-'))
  try {
    run(values.python, here('read-speed.py'), 'make', folder)
    for (const format of ['zip', 'legacy']) {
      const path = join(folder, `${format}.pth`)
      const [ours, theirs]: [Reading[], Reading[]] = [[], []]
      for (let round = 0; round < Number(values.rounds); round++) {
        theirs.push(JSON.parse(run(values.python, here('read-speed.py'), 'load', path)))
        ours.push(JSON.parse(run(process.execPath, here('read-speed.ts'), '--one', path)))
      }
      report(format, statSync(path).size, ours, theirs)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function report(format: string, size: number, ours: Reading[], theirs: Reading[]): void {
  const [mine, other] = [ours, theirs].map((readings) => times(readings, 'milliseconds'))
  const [work, otherWork] = [ours, theirs].map((readings) => times(readings, 'processor'))
  const ratio = mine!.median / other!.median
  const extra = Math.max(...ours.map(({ before, peak }) => peak - before))
  const whole = Math.max(...ours.map(({ peak }) => peak))
  const torchExtra = Math.max(...theirs.map(({ before, peak }) => peak - before))
  const difference = Math.abs(ours[0]!.sum - theirs[0]!.sum)
  console.log(
    `${format}, ${megabytes(size)} MB, ${ours[0]!.tensors} tensors\n` +
      `  Node ${ours[0]!.version}: ${mine!.text} ms, PyTorch ${theirs[0]!.version}: ${other!.text} ms, ` +
      `ratio of medians ${ratio.toFixed(2)} (at most ${MOST_TIME})\n` +
      `  processor time: ${work!.text} ms, PyTorch ${otherWork!.text} ms\n` +
      `  memory for reading: file + ${megabytes(extra - size)} MB (at most 67), the process altogether ` +
      `${megabytes(whole)} MB; torch.load: file + ${megabytes(torchExtra - size)} MB\n` +
      `  sums of all elements differ by ${difference.toExponential(1)}`,
  )
  const isSame = difference < 1e-6 && ours[0]!.tensors === theirs[0]!.tensors
  if (ratio > MOST_TIME || extra > size + MOST_MEMORY || !isSame) process.exitCode = 1
}

function times(readings: Reading[], clock: 'milliseconds' | 'processor') {
  const sorted = readings.map((reading) => reading[clock]).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]!
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  return { median, text: `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})` }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)

if (values.help) console.log(HELP)
else if (values.one !== undefined) console.log(JSON.stringify(await readOne(values.one)))
else compare()
