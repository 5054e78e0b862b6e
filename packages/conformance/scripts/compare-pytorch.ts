// Compares our networks with PyTorch's on this machine, whole tensors: every layer's output and the
// gradient of every weight, from the same generated weights. The tests do the same with samples that
// make-pytorch-fixtures.py kept; this command needs PyTorch and serves other sizes and batches too.

import { execFile, spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures, getArchitecture, OptionError, type Variant } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import {
  BOUND,
  measure,
  type ParityCase,
  type PyTorchTensor,
  relativeError,
} from '../src/pytorch/parity.ts'

const HELP = `Compares every layer's output and every weight's gradient with PyTorch's.

Usage: npm run -s compare:pytorch -- [options]

  --variant NAME   one of ${Object.keys(architectures).join(', ')};
                   may be repeated (default: every case of the fixtures, about 3 minutes)
  --size PIXELS    height and width of the pictures (default: the variant's own);
                   without --variant, of torchvision's network
  --batch COUNT    pictures (default 1)
  --classes COUNT  outputs of the last layer (default: the variant's own)
  --json           prints one JSON array of the cases in place of tables
  --help

Weights are generated on both sides and copied by name; PyTorch computes in float64. Exits with 1 when
a relative error (largest difference over largest value) exceeds ${BOUND}, with 2 on wrong use
or without PyTorch. PYTHON names the interpreter to take in place of python3 and /usr/bin/python3.

  npm run -s compare:pytorch -- --variant torchvision --size 96 --batch 3`

/** Where a case is written by pytorch/dump_case.py. */
interface DumpedCase extends ParityCase {
  pytorch: string
  outputs: DumpedTensor[]
  gradients: DumpedTensor[]
}

interface DumpedTensor {
  name: string
  shape: number[]
  /** In tensors.bin, in bytes. */
  offset: number
}

type Wanted = Pick<ParityCase, 'variant' | 'classes' | 'inputSize' | 'batch'>

/** One line of the table. */
interface Comparison {
  kind: 'output' | 'gradient'
  name: string
  shape: number[]
  error: number
}

/** A mistake of the caller's, shown without a stack. */
class UsageError extends Error {}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      variant: { type: 'string', multiple: true },
      size: { type: 'string' },
      batch: { type: 'string' },
      classes: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const cases = values.variant || values.size ? namedCases(values) : fixtureCases()
  const python = findPython()
  const backend = await useBackend([cpu()])
  const results = []
  for (const wanted of cases) {
    const { variant, batch, inputSize } = wanted
    const { pytorch, loss, tensors } = await compare(python, wanted)
    const worst = Math.max(loss, ...tensors.map(({ error }) => error))
    results.push({
      ...wanted,
      pytorch,
      backend: backend.device,
      bound: BOUND,
      worst,
      loss,
      tensors,
    })
    if (values.json) continue
    console.log(`${variant}, ${batch} × ${inputSize} px; ${pytorch}; ${backend.device}`)
    console.log(table(tensors, loss))
    console.log(`worst ${worst.toExponential(1)}, ${worst <= BOUND ? 'within' : 'OVER'} ${BOUND}\n`)
  }
  if (values.json) console.log(JSON.stringify(results))
  tf.removeBackend(backend.name)
  return results.every(({ worst }) => worst <= BOUND) ? 0 : 1
}

/** The cases of the fixtures. */
function fixtureCases(): Wanted[] {
  const folder = new URL('../fixtures/', import.meta.url)
  return readdirSync(folder)
    .filter((file) => file.startsWith('pytorch-'))
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as ParityCase)
    .map(({ variant, classes, inputSize, batch }) => ({ variant, classes, inputSize, batch }))
}

/** The cases that the options name. */
function namedCases(values: {
  variant?: string[]
  size?: string
  batch?: string
  classes?: string
}): Wanted[] {
  return (values.variant ?? ['torchvision']).map((name) => {
    const architecture = getArchitecture(name)
    return {
      variant: name as Variant,
      classes: count('classes', values.classes, architecture.classes),
      inputSize: count('size', values.size, architecture.inputSize),
      batch: count('batch', values.batch, 1),
    }
  })
}

function count(option: string, value: string | undefined, standard: number): number {
  if (value === undefined) return standard
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new UsageError(`--${option} must be a whole number of at least 1, found '${value}'`)
}

/** An interpreter that has PyTorch. */
function findPython(): string {
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3']
  const reasons = candidates.map((python) => {
    const run = spawnSync(python, ['-c', 'import numpy, torch, torchvision'], { encoding: 'utf8' })
    if (run.status === 0) return undefined
    return `  ${python}: ${run.error?.message ?? run.stderr.trim().split('\n').at(-1)}`
  })
  const found = candidates[reasons.indexOf(undefined)]
  if (found !== undefined) return found
  throw new UsageError(
    `this comparison needs Python with PyTorch, torchvision and NumPy, and found none:
${reasons.join('\n')}
Install them (Debian: apt-get install python3-torchvision; elsewhere: pip install torch torchvision numpy)
or name the interpreter that has them in the environment variable PYTHON.`,
  )
}

/** Runs a case on both sides. */
async function compare(python: string, wanted: Wanted) {
  const folder = mkdtempSync(join(tmpdir(), 'alexnet-parity-'))
  try {
    const script = fileURLToPath(new URL('pytorch/dump_case.py', import.meta.url))
    const { variant, inputSize, batch, classes } = wanted
    const options = { variant, size: inputSize, batch, classes, out: folder }
    const list = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
    try {
      await promisify(execFile)(python, ['-B', script, ...list])
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string }
      throw new UsageError(`PyTorch's side failed: ${stderr?.trim() || message}`)
    }
    const truth = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as DumpedCase
    const found = await measure(truth)
    const file = openSync(join(folder, 'tensors.bin'), 'r')
    const tensors = [
      ...errors('output', found.outputs, truth.outputs, file),
      ...errors('gradient', found.gradients, truth.gradients, file),
    ]
    closeSync(file)
    const loss = relativeError([found.loss], [truth.loss])
    return { pytorch: truth.pytorch, loss, tensors }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function errors(
  kind: Comparison['kind'],
  found: Map<string, PyTorchTensor>,
  truths: DumpedTensor[],
  file: number,
): Comparison[] {
  return truths.map(({ name, shape, offset }) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const truth = new Float32Array(size)
    readSync(file, truth, 0, truth.byteLength, offset)
    const ours = found.get(name)
    const isOfShape = ours?.shape.join() === shape.join()
    return { kind, name, shape, error: isOfShape ? relativeError(ours!.data, truth) : Infinity }
  })
}

/** A case's tensors, one a line. */
function table(tensors: Comparison[], loss: number): string {
  const rows = tensors.map(({ kind, name, shape, error }) => [
    `${kind} ${name}`,
    shape.join('×'),
    error.toExponential(1),
  ])
  rows.unshift(['tensor', 'shape', 'max relative error'], ['loss', '', loss.toExponential(1)])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(([name, shape, error]) =>
      [name!.padEnd(widths[0]!), shape!.padEnd(widths[1]!), error!.padStart(widths[2]!)].join('  '),
    )
    .join('\n')
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage =
    error instanceof UsageError ||
    error instanceof OptionError ||
    `${(error as { code?: unknown }).code}`.startsWith('ERR_PARSE_ARGS')
  if (!isUsage) throw error
  console.error(`compare-pytorch: ${(error as Error).message}`)
  process.exitCode = 2
}
