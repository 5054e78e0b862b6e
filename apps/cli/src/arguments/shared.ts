// What the commands' arguments have in common: parsers of numbers, options that mean the same wherever they
// stand, the examples under a --help.

import { InvalidArgumentError, Option } from 'commander'

export const examples = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`

/** A parser for whole numbers from `least` on. */
export function whole(least: number) {
  return (text: string) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
    }
    return value
  }
}

/** A parser for numbers in [least, most]. */
export function number(least: number, most = Number.POSITIVE_INFINITY) {
  return (text: string) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!(value >= least && value <= most)) {
      const range =
        most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`
      throw new InvalidArgumentError(`It must be a number ${range}.`)
    }
    return value
  }
}

export const onBroken = () =>
  new Option('--on-broken <what>', 'at a picture that cannot be used, stop or skip it').choices([
    'stop',
    'skip',
  ])
export const json = () => new Option('--json', 'print the result as JSON, nothing else on stdout')
/** The names of src/backend.ts, which loads TensorFlow.js and so not for a --help. */
export const backend = () =>
  new Option('--backend <name>', 'what computes: the processor, or a GPU by WebGPU (npm i webgpu)')
    .choices(['cpu', 'webgpu'])
    .default('cpu')
export const threads = () =>
  new Option('--threads <n>', 'CPU threads (default: all cores)').argParser(whole(1))
/** With neither, vectors are joined where the engine's version was tested so. */
export const widen = () =>
  new Option('--widen', 'use 256-bit vectors (default on Node 22, 24 and 26 on x86-64)')
export const noWiden = () => new Option('--no-widen', 'compute without them')
/** Whatever openModel of @alexnet/model opens. */
export const weights = () =>
  new Option(
    '-w, --weights <what>',
    'a file (safetensors, .pth, .npz, ONNX, …), the folder of a run, a URL, a model of the Hub (hf:owner/name), or a name: cifar10, cifar10-int8, imagenet',
  )
export const views = () =>
  new Option('--views <which>', 'crops of each picture: its centre, or ten and their mean')
    .choices(['center', 'ten'])
    .default('center')
export const keepInt8 = () =>
  new Option(
    '--keep-int8',
    "compute fully connected layers with an int8 file's own numbers (faster for single pictures)",
  )
/** Of weights whose tensors fit several variants, as those of `caffe` and `caffenet` do. */
export const variantOption = (about = 'network, for weights that fit several: caffe, caffenet') =>
  new Option('--variant <name>', about)
export const batchSize = (about: string) =>
  new Option('--batch-size <n>', about).argParser(whole(1))
/** The two options of every command that can run under mpirun. */
export const distributed = () =>
  new Option('--distributed', 'join an MPI job where its launcher (mpirun, srun) cannot be seen')
export const deadline = () =>
  new Option(
    '--deadline <seconds>',
    'end an MPI job when a rank keeps the others waiting so long (default: 300)',
  ).argParser(number(1))
