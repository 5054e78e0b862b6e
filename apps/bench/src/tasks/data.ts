// How many pictures a second are read, decoded, augmented and put into batches, beside torchvision's
// DataLoader on the same files: each engine in a process of its own, an epoch a turn. Both keep their workers
// between epochs.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { imageFolder, packDataset, shapes } from '@alexnet/data'
import type { DataWork } from '../data-main.ts'
import { keepingMemory } from '../engine-process.ts'
import { BenchError } from '../errors.ts'
import { describeMachine, isBusy, type Machine } from '../machine.ts'

export interface DataSettings {
  source: string
  peers: boolean
  rounds: number
  workers: number
  memory?: number
  python?: string
  json: boolean
  record?: string
}

/** One row. */
export interface DataResult {
  engine: 'alexnet' | 'torchvision'
  work: string
  workers: number
  /** Median over the rounds. */
  picturesPerSecond: number
  samples: number[]
  /** Of `memory`: resident bytes after each tenth of the pictures. */
  residentBytes?: number[]
}

/** What `--json` prints. */
export interface DataReport {
  task: 'data'
  results: DataResult[]
  /** Of the comparisons: ours over the other's, round by round, its median. */
  ratios: { what: string; ratio: number }[]
  machine: Machine
  absent: { engine: string; reason: string }[]
}

const oursMain = fileURLToPath(new URL('../data-main.js', import.meta.url))
const theirsMain = fileURLToPath(new URL('../../scripts/torchvision_loader.py', import.meta.url))
const CIFAR_PICTURES = 10_000

/** Runs the benchmark and prints its result. */
export async function dataTask(settings: DataSettings): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-data-'))
  try {
    const report = await measure(settings, folder)
    const text = settings.json ? JSON.stringify(report) : format(report)
    process.stdout.write(`${text}\n`)
    if (settings.record !== undefined) await writeFile(settings.record, markdown(report))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Row {
  engine: DataResult['engine']
  name: string
  work: DataWork
}

async function measure(settings: DataSettings, folder: string): Promise<DataReport> {
  const show = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  }
  show('preparing the pictures')
  const photos = await photoFolder(settings.source, join(folder, 'photos'))
  const dataset = await imageFolder(photos)
  const pack = join(folder, 'photos.alexpack')
  await packDataset(dataset, pack, { onBroken: 'skip' })
  const cifar = await writeCifar(join(folder, 'cifar'))
  const python = settings.peers ? findTorchvision(settings.python) : undefined
  const absent =
    settings.peers && !python
      ? [{ engine: 'torchvision', reason: 'no Python here has it (Debian: python3-torchvision)' }]
      : []

  // An epoch of some hundred pictures, so that what it begins and ends with counts for little.
  const repeats = Math.max(1, Math.round(400 / dataset.length))
  const jpeg = { work: 'jpeg', path: photos, batchSize: 32, output: 'float32', repeats } as const
  const often = repeats * 2
  const small = {
    work: 'cifar',
    path: cifar,
    batchSize: 128,
    workers: 0,
    output: 'float32',
    repeats: 2,
  } as const
  const { workers } = settings
  const ours: Omit<Row, 'engine'>[] = [
    { name: 'crop-jpeg', work: { ...jpeg, workers: 0 } },
    { name: 'crop-jpeg', work: { ...jpeg, workers, repeats: often } },
    {
      name: 'crop-packed',
      work: { ...jpeg, work: 'packed', path: pack, workers: 0, repeats: often },
    },
    {
      name: 'crop-packed-uint8',
      work: { ...jpeg, work: 'packed', path: pack, workers: 0, repeats: often, output: 'uint8' },
    },
    { name: 'cifar-batches', work: small },
  ]
  const rows: Row[] = ours.map((row) => ({ engine: 'alexnet', ...row }))
  if (python) {
    for (const row of ours) {
      if (row.work.work !== 'packed') {
        rows.push({
          engine: 'torchvision',
          ...row,
          ...(row.work.work === 'cifar' && { work: { ...row.work, repeats: 1 } }),
        })
      }
    }
  }

  const results = rows.map(
    (row): DataResult => ({
      engine: row.engine,
      work: row.name,
      workers: row.work.workers,
      picturesPerSecond: 0,
      samples: [],
    }),
  )
  const engines = rows.map((row) => new Engine(row, python))
  try {
    for (const engine of engines) {
      show(`warming up ${engine.name}`)
      await engine.run()
    }
    for (let round = 0; round < settings.rounds; round++) {
      for (const [at, engine] of engines.entries()) {
        show(`round ${round + 1} of ${settings.rounds}: ${engine.name}`)
        const { pictures, seconds } = await engine.run()
        results[at]!.samples.push(pictures / seconds)
      }
    }
  } finally {
    for (const engine of engines) engine.stop()
  }
  for (const result of results) result.picturesPerSecond = median(result.samples)
  if (settings.memory !== undefined) {
    show(`memory over ${settings.memory} pictures`)
    results.push(await watchMemory(settings.memory, { ...jpeg, workers: 0 }, dataset.length))
  }
  show('')
  return { task: 'data', results, ratios: compare(results), machine: describeMachine(), absent }
}

interface Answer {
  pictures: number
  seconds: number
  residentBytes?: number
}

/** A process that goes over the data, as often as its work repeats it, when it is told to. */
class Engine {
  readonly name: string
  readonly #process: ChildProcess
  readonly #answers: AsyncIterator<string>
  #problem = ''

  constructor(row: Row, python: string | undefined) {
    this.name = `${row.engine} ${row.name}`
    const argument = JSON.stringify(row.work)
    const command =
      row.engine === 'alexnet'
        ? [process.execPath, oursMain, argument]
        : [python!, theirsMain, argument]
    const pinned =
      row.work.workers === 0 && hasTaskset() ? ['taskset', '-c', '0', ...command] : command
    const [file, ...args] = pinned
    const env = row.engine === 'alexnet' ? process.env : { ...process.env, ...keepingMemory }
    this.#process = spawn(file!, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process.stderr!.on('data', (text) => {
      this.#problem = `${this.#problem}${text}`.slice(-500)
    })
    this.#answers = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
  }

  async run(): Promise<Answer> {
    this.#process.stdin!.write('\n')
    const { value, done } = await this.#answers.next()
    if (done) throw new BenchError(`${this.name} failed: ${this.#problem.trim()}`)
    return JSON.parse(value) as Answer
  }

  stop(): void {
    this.#process.kill()
  }
}

/** Resident memory after each tenth of the pictures. */
async function watchMemory(pictures: number, work: DataWork, length: number): Promise<DataResult> {
  const repeats = Math.max(1, Math.ceil(pictures / 10 / length))
  const row = { engine: 'alexnet', name: 'memory', work: { ...work, repeats } } as const
  const engine = new Engine(row, undefined)
  try {
    const residentBytes: number[] = []
    const samples: number[] = []
    for (let tenth = 0; tenth < 10; tenth++) {
      const answer = await engine.run()
      residentBytes.push(answer.residentBytes!)
      samples.push(answer.pictures / answer.seconds)
    }
    const result = { engine: 'alexnet', work: 'memory', workers: work.workers } as const
    return { ...result, picturesPerSecond: median(samples), samples, residentBytes }
  } finally {
    engine.stop()
  }
}

/** Round by round, so that what slows a round slows both sides of it. */
function compare(results: readonly DataResult[]): DataReport['ratios'] {
  const find = (engine: string, work: string, alone: boolean) =>
    results.find(
      (one) => one.engine === engine && one.work === work && (one.workers === 0) === alone,
    )
  const pairs = [
    [
      'one core, from JPEG, against torchvision',
      find('alexnet', 'crop-jpeg', true),
      find('torchvision', 'crop-jpeg', true),
    ],
    [
      'with workers, from JPEG, against torchvision',
      find('alexnet', 'crop-jpeg', false),
      find('torchvision', 'crop-jpeg', false),
    ],
    [
      'packed, against JPEG files',
      find('alexnet', 'crop-packed', true),
      find('alexnet', 'crop-jpeg', true),
    ],
    [
      'packed as bytes, against JPEG files',
      find('alexnet', 'crop-packed-uint8', true),
      find('alexnet', 'crop-jpeg', true),
    ],
    [
      'CIFAR-10 batches, against torchvision',
      find('alexnet', 'cifar-batches', true),
      find('torchvision', 'cifar-batches', true),
    ],
  ] as const
  return pairs.flatMap(([what, ours, other]) =>
    ours && other
      ? [{ what, ratio: median(ours.samples.map((sample, at) => sample / other.samples[at]!)) }]
      : [],
  )
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The pictures as a folder of one class, where they are not in class folders already. */
async function photoFolder(source: string, to: string): Promise<string> {
  const entries = await readdir(source, { withFileTypes: true }).catch(() => {
    throw new BenchError(
      `${source}: there is no such folder; --source names one with JPEG pictures`,
    )
  })
  if (entries.some((entry) => entry.isDirectory() && !entry.name.startsWith('.')))
    return resolve(source)
  const pictures = entries.filter(({ name }) => /\.jpe?g$/i.test(name))
  if (pictures.length === 0) throw new BenchError(`${source}: has no JPEG pictures`)
  await mkdir(join(to, 'all'), { recursive: true })
  for (const { name } of pictures) {
    await copyFile(join(source, name), join(to, 'all', basename(name)))
  }
  return to
}

/** Drawn pictures in CIFAR-10's binary files: loading takes the same time whatever they show. */
async function writeCifar(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const source = shapes({ count: CIFAR_PICTURES, size: 32 })
  const each = CIFAR_PICTURES / 5
  for (let file = 0; file < 5; file++) {
    const bytes = new Uint8Array(each * 3073)
    for (let at = 0; at < each; at++) {
      const { data } = await source.load(file * each + at)
      bytes[at * 3073] = source.label(file * each + at)
      for (let pixel = 0; pixel < 1024; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
          bytes[at * 3073 + 1 + channel * 1024 + pixel] = data[pixel * 3 + channel]!
        }
      }
    }
    await writeFile(join(folder, `data_batch_${file + 1}.bin`), bytes)
  }
  await writeFile(join(folder, 'batches.meta.txt'), `${source.classes.join('\n')}\n`)
  return folder
}

function findTorchvision(asked: string | undefined): string | undefined {
  const candidates = asked === undefined ? ['python3', '/usr/bin/python3', 'python'] : [asked]
  return candidates.find((python) => {
    try {
      execFileSync(python, ['-c', 'import torchvision'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

let taskset: boolean | undefined
function hasTaskset(): boolean {
  if (taskset === undefined) {
    try {
      execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' })
      taskset = true
    } catch {
      taskset = false
    }
  }
  return taskset
}

const columns = ['engine', 'work', 'workers', 'pictures/s', 'rounds'] as const

function cells({ engine, work, workers, picturesPerSecond, samples }: DataResult): string[] {
  const range = `${Math.min(...samples).toFixed(0)}–${Math.max(...samples).toFixed(0)}`
  return [engine, work, String(workers), picturesPerSecond.toFixed(0), range]
}

function format({ results, ratios, absent, machine }: DataReport): string {
  const rows = [[...columns], ...results.map(cells)]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  return [
    ...rows.map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    ),
    '',
    ...ratios.map(({ what, ratio }) => `${ratio.toFixed(2)} × ${what}`),
    ...memoryLines(results),
    ...absent.map(({ engine, reason }) => `skipped ${engine}: ${reason}`),
    ...(isBusy(machine) ? ['The machine did other things: these numbers mean little.'] : []),
  ].join('\n')
}

function memoryLines(results: readonly DataResult[]): string[] {
  const bytes = results.find(({ residentBytes }) => residentBytes)?.residentBytes
  if (!bytes) return []
  return [`memory after each tenth, MB: ${bytes.map((each) => (each / 1e6).toFixed(0)).join(' ')}`]
}

function markdown({ results, ratios, machine }: DataReport): string {
  return [
    `| ${columns.join(' | ')} |`,
    `| ${columns.map(() => '---').join(' | ')} |`,
    ...results.map((result) => `| ${cells(result).join(' | ')} |`),
    '',
    ...ratios.map(({ what, ratio }) => `- ${ratio.toFixed(2)} × ${what}`),
    ...memoryLines(results).map((line) => `- ${line}`),
    '',
    `${machine.processor}, ${machine.processors} processors, Node ${machine.node}, ${machine.date}, commit ${machine.commit}, load ${machine.load}`,
    '',
  ].join('\n')
}
