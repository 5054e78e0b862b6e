// Time to accuracy: the same network, recipe and pictures here and in PyTorch, in one run. The engines
// are processes of their own that train an epoch each in turn while the others wait, so that what else
// the machine does falls on all of them; only training is counted, each epoch is evaluated apart. Every
// epoch is saved as it is done: started again, the comparison goes on.
//
//   node scripts/experiments/time-to-accuracy.ts --data cifar-10-batches-bin

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { type Epoch, type Machine, report } from './time-to-accuracy-report.ts'

const usage = `usage: node scripts/experiments/time-to-accuracy.ts --data DIR [options]

Trains the same network here and in PyTorch, an epoch each in turn, and tells the
time to 75 and 84 % of the test pictures.

  --data <folder>          CIFAR-10, in any form that alexnet train opens
  --recipe <name>          of alexnet train, one with a one-cycle schedule
                           (default: cifar-fast)
  --epochs <n>             default: the recipe's
  --learning-rate <rate>   default: the recipe's
  --dropout <rate>         default: the network's
  --batch-size <n>         default: the recipe's
  --limit <n>              train on n pictures only, to try it out
  --seed <n>               default: 0
  --threads <n>            CPU threads of each (default: 2)
  --plain-epochs <n>       epochs of ours also without 256-bit vectors (default: 1)
  --python <command>       a Python that has PyTorch (default: python3)
  --targets <percents>     default: 75,84
  --out <folder>           where the runs go (default: runs/time-to-accuracy)
  --docs <folder>          where table, curves and plot go (default: docs/experiments)
  --report                 only write what there is
  --json                   the result on standard output, as JSON

Examples:
  $ node scripts/experiments/time-to-accuracy.ts --data cifar-10-batches-bin --epochs 10
  $ node scripts/experiments/time-to-accuracy.ts --data cifar-10-batches-bin \\
      --limit 2000 --epochs 2 --out runs/try --docs runs/try
`

function fail(message: string): never {
  process.stderr.write(`time-to-accuracy: ${message}\n`)
  process.exit(2)
}

function parse() {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      options: {
        data: text,
        epochs: text,
        dropout: text,
        limit: text,
        'learning-rate': text,
        'batch-size': text,
        recipe: { type: 'string', default: 'cifar-fast' },
        seed: { type: 'string', default: '0' },
        threads: { type: 'string', default: '2' },
        'plain-epochs': { type: 'string', default: '1' },
        python: { type: 'string', default: 'python3' },
        targets: { type: 'string', default: '75,84' },
        out: { type: 'string', default: 'runs/time-to-accuracy' },
        docs: { type: 'string', default: 'docs/experiments' },
        report: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return fail((error as Error).message)
  }
}

const values = parse()
if (values.help) {
  process.stdout.write(usage)
  process.exit(0)
}

function number(name: keyof typeof values, least: number): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value >= least)) fail(`--${name} must be a number from ${least} on, not '${text}'`)
  return value
}

/** What `alexnet train` is told. */
const options = withoutUndefined({
  recipe: values.recipe,
  epochs: number('epochs', 1),
  learningRate: number('learning-rate', 0),
  dropout: number('dropout', 0),
  batchSize: number('batch-size', 1),
  limit: number('limit', 1),
  seed: number('seed', 0),
})
const threads = number('threads', 1)!
const plainEpochs = number('plain-epochs', 0)!
const targets = values.targets.split(',').map(Number)
const out = resolve(values.out)
const place = (...names: string[]) => join(out, ...names)

function withoutUndefined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, is]) => is !== undefined)) as T
}

const trainer = join(import.meta.dirname, '../../apps/cli/scripts/train-epochs.ts')
const peer = join(import.meta.dirname, 'time_to_accuracy.py')

/**
 * All engines keep what they free: glibc would give large blocks back after each step, and every step
 * would pay for page faults again, which cost PyTorch most.
 */
const environment = {
  ...process.env,
  MALLOC_MMAP_THRESHOLD_: String(2 ** 35),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 35),
  // Pools are made before a program can say how large.
  OMP_NUM_THREADS: String(threads),
  OPENBLAS_NUM_THREADS: String(threads),
}

/** An engine between its epochs: a process that waits for a line, if it runs at all. */
class Engine {
  readonly name: string
  readonly most: number
  readonly #command: readonly string[]
  readonly #goesAtOnce: boolean
  #child: ChildProcess | undefined
  #lines: AsyncIterator<string> | undefined
  #errors = ''

  /** @param goesAtOnce whether its first epoch begins without a line. */
  constructor(name: string, most: number, command: readonly string[], goesAtOnce: boolean) {
    this.name = name
    this.most = most
    this.#command = command
    this.#goesAtOnce = goesAtOnce
  }

  /** The engine adds a line once an epoch is saved, so that both are of the same epoch. */
  get #path(): string {
    return place(`${this.name}.jsonl`)
  }

  /** The epochs that are done, those of earlier calls included. */
  get epochs(): Epoch[] {
    if (!existsSync(this.#path)) return []
    const lines = readFileSync(this.#path, 'utf8').trim().split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line))
  }

  async nextEpoch(): Promise<Epoch> {
    const starts = !this.#child
    if (starts) await this.#start()
    if (!starts || !this.#goesAtOnce) this.#child!.stdin!.write('\n')
    const epoch = JSON.parse(await this.#nextLine()) as Epoch
    const { length } = this.epochs
    if (epoch.epoch !== length) {
      throw new Error(
        `${this.name} has done epoch ${epoch.epoch}, and ${this.#path} holds ${length}: start anew in another --out`,
      )
    }
    return epoch
  }

  async #start(): Promise<void> {
    const [file, ...args] = this.#command
    // A group of its own: Ctrl-C is for this program, which ends the engines without their saving.
    const child = spawn(file!, args, { env: environment, detached: true })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    child.on('error', (error) => fail(`${file} could not be started: ${error.message}`))
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    if (!this.#goesAtOnce) await this.#nextLine()
  }

  async #nextLine(): Promise<string> {
    const { done, value } = await this.#lines!.next()
    if (done) throw new Error(`${this.name} ended: ${this.#errors.trim().split('\n').at(-1)}`)
    return value
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}

const alexnet = (mode: string, argument: object) => [
  ...[process.execPath, trainer, mode],
  JSON.stringify({ data: values.data && resolve(values.data), ...argument }),
]

/** Pictures, network and initial weights for the peer; kept, as they only depend on the options. */
function describe(): { epochs: number } {
  const path = place('description', 'network.json')
  if (!existsSync(path)) {
    const [file, ...args] = alexnet('describe', {
      options: { ...options, threads, out: place('description') },
      folder: place('description'),
    })
    const { status } = spawnSync(file!, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) fail('the network could not be described (see above)')
  }
  return JSON.parse(readFileSync(path, 'utf8')).recipe
}

/** Refuses a folder that holds a comparison with other options. */
function claim(): void {
  const path = place('options.json')
  const text = JSON.stringify({ ...options, threads })
  mkdirSync(out, { recursive: true })
  if (!existsSync(path)) writeFileSync(path, text)
  const stored = readFileSync(path, 'utf8')
  if (stored !== text)
    fail(`${out} holds a comparison with other options (${stored}): name another`)
}

function machine(): Machine {
  const { status, stdout } = spawnSync(
    values.python,
    ['-c', 'import torch; print(torch.__version__)'],
    { encoding: 'utf8' },
  )
  if (status !== 0) {
    fail(`'${values.python}' has no PyTorch: name a Python that has it with --python`)
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    node: process.versions.node,
    pytorch: stdout.trim(),
  }
}

if (values.data === undefined && !values.report) fail('--data is needed: the folder of CIFAR-10')
const where = machine()
claim()
const recipe = describe()
const ours = (folder: string, widen: boolean) =>
  alexnet('train', { options: { ...options, threads, widen, out: place(folder) } })
const checkpoints = place('pytorch')
const engines = [
  new Engine('ours', recipe.epochs, ours('ours', true), true),
  new Engine(
    'pytorch',
    recipe.epochs,
    [values.python, peer, place('description'), checkpoints, `${threads}`, `${recipe.epochs}`],
    false,
  ),
  new Engine('ours-plain', Math.min(plainEpochs, recipe.epochs), ours('ours-plain', false), true),
]
const stop = () => {
  for (const engine of engines) engine.stop()
}
process.on('exit', stop)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    process.stderr.write('stopped; the same command goes on from the last whole epoch\n')
    process.exit(130)
  })
}
if (!values.report) {
  for (let number = 1; number <= recipe.epochs; number++) {
    for (const engine of engines) {
      if (engine.most < number || engine.epochs.length >= number) continue
      const { seconds, test } = await engine.nextEpoch()
      process.stderr.write(
        `epoch ${number}/${recipe.epochs}  ${engine.name.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  test ${(100 * test).toFixed(2)} %\n`,
      )
    }
  }
  stop()
}
const [mine, theirs, plain] = engines.map((engine) => engine.epochs)
const result = report(
  { machine: where, recipe, options, threads, targets },
  { ours: mine!, pytorch: theirs!, plain: plain! },
  values.docs,
)
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : result.table)
