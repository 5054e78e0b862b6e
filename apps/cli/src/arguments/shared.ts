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

export const json = () => new Option('--json', 'print the result as JSON, nothing else on stdout')
export const threads = () =>
  new Option('--threads <n>', 'CPU threads (default: all cores)').argParser(whole(1))
export const widen = () =>
  new Option('--widen', "let V8 use 256-bit vectors (faster; experimental in Node's engine)")
export const weights = () =>
  new Option('-w, --weights <file>', 'a model file (.safetensors) or the folder of a run')
export const variantOption = (about: string) => new Option('--variant <name>', about)
export const batchSize = (about: string) =>
  new Option('--batch-size <n>', about).argParser(whole(1))
