// What a comparison of time-to-accuracy.ts gives: time-to-accuracy.json (every epoch), .md (the table) and
// .svg (accuracy by training time).

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawAccuracies } from './plot.ts'

/** An epoch as an engine tells it. */
export interface Epoch {
  /** From 1. */
  epoch: number
  /** Of training alone. */
  seconds: number
  /** Mean training loss. */
  loss: number
  /** Share of the training pictures, as they were augmented, whose class came out best. */
  training: number
  /** The same of the test pictures, after the epoch. */
  test: number
}

export interface Machine {
  date: string
  processor: string
  processors: number
  node: string
  pytorch: string
}

/** What was compared. */
export interface Comparison {
  machine: Machine
  recipe: object
  /** What `alexnet train` was told. */
  options: object
  /** Of each engine. */
  threads: number
  /** In percent of the test pictures. */
  targets: readonly number[]
}

export interface Runs {
  ours: readonly Epoch[]
  pytorch: readonly Epoch[]
  /** Ours without 256-bit vectors, for the first epochs. */
  plain: readonly Epoch[]
}

/** The first epoch that reached a share of the test pictures, and all training until then. */
export interface Reached {
  epoch: number
  seconds: number
}

export interface Target {
  percent: number
  ours: Reached | null
  pytorch: Reached | null
  /** Ours in PyTorch's time; null unless both reached it. */
  ratio: number | null
}

/** What the JSON file holds. */
export interface Result extends Comparison {
  name: string
  runs: Runs
  reached: readonly Target[]
  /** Mean seconds an epoch, over the epochs that both have. */
  secondsAnEpoch: { ours: number; pytorch: number; ratio: number }
  /** The same of ours without 256-bit vectors; null where it was not run. */
  plain: { seconds: number; ratio: number } | null
}

const sum = (epochs: readonly Epoch[]) => epochs.reduce((total, { seconds }) => total + seconds, 0)
const round = (value: number, digits: number) => Number(value.toFixed(digits))

/** When a run first reached so many percent of the test pictures. */
export function reach(epochs: readonly Epoch[], percent: number): Reached | null {
  // Of whole pictures: 0.84 is not above 84 / 100 as numbers are stored.
  const index = epochs.findIndex(({ test }) => test * 100 >= percent - 1e-6)
  if (index < 0) return null
  return { epoch: index + 1, seconds: round(sum(epochs.slice(0, index + 1)), 1) }
}

export function summarize(comparison: Comparison, runs: Runs): Result {
  const { ours, pytorch, plain } = runs
  const both = Math.min(ours.length, pytorch.length)
  const first = (epochs: readonly Epoch[], count: number) => sum(epochs.slice(0, count)) / count
  const reached = comparison.targets.map((percent) => {
    const target = { ours: reach(ours, percent), pytorch: reach(pytorch, percent) }
    const ratio =
      target.ours && target.pytorch ? round(target.ours.seconds / target.pytorch.seconds, 3) : null
    return { percent, ...target, ratio }
  })
  const shared = Math.min(plain.length, pytorch.length)
  return {
    name: 'time-to-accuracy',
    ...comparison,
    runs,
    reached,
    secondsAnEpoch: {
      ours: round(first(ours, both), 2),
      pytorch: round(first(pytorch, both), 2),
      ratio: round(first(ours, both) / first(pytorch, both), 3),
    },
    plain:
      shared === 0
        ? null
        : {
            seconds: round(first(plain, shared), 2),
            // Beside the same epochs, so that both had the same noise.
            ratio: round(first(plain, shared) / first(pytorch, shared), 3),
          },
  }
}

/** The page, in Markdown. */
export function table(result: Result): string {
  const { machine, threads, options, reached, secondsAnEpoch, runs, plain } = result
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const time = (found: Reached | null) =>
    found ? `${found.seconds.toFixed(0)} s (epoch ${found.epoch})` : 'not reached'
  const best = (epochs: readonly Epoch[]) =>
    `${(100 * Math.max(...epochs.map(({ test }) => test))).toFixed(2)} %`
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`)
  return [
    '# Time to accuracy beside PyTorch',
    '',
    `The same network, recipe, pictures and initial weights here and in PyTorch ${machine.pytorch}, ${threads} threads each, an`,
    'epoch each in turn; training time alone, each epoch evaluated apart. Ratios are ours ÷ PyTorch:',
    'below 1 is faster.',
    '',
    '![accuracy by training time](time-to-accuracy.svg)',
    '',
    line(['CIFAR-10', 'ours', 'PyTorch', 'ratio']),
    line(['---', '---', '---', '---']),
    ...reached.map((target) =>
      line([
        `${target.percent} % of the test pictures`,
        time(target.ours),
        time(target.pytorch),
        target.ratio?.toFixed(2) ?? '–',
      ]),
    ),
    line([
      'an epoch',
      `${secondsAnEpoch.ours.toFixed(1)} s`,
      `${secondsAnEpoch.pytorch.toFixed(1)} s`,
      secondsAnEpoch.ratio.toFixed(2),
    ]),
    ...(plain
      ? [
          line([
            'an epoch of ours without `--widen`',
            `${plain.seconds.toFixed(1)} s`,
            '',
            plain.ratio.toFixed(2),
          ]),
        ]
      : []),
    line(['best epoch', best(runs.ours), best(runs.pytorch), '']),
    '',
    `${machine.date}, ${machine.processor}, ${machine.processors} processors, Node ${machine.node}. ${given.join(', ')}.`,
    'Both keep freed memory (`MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_` raised): page faults cost PyTorch',
    'most. Order, crops and dropout are drawn apart, so the curves agree in their course, not in each epoch.',
    'Every epoch is in [time-to-accuracy.json](time-to-accuracy.json);',
    '`node scripts/experiments/time-to-accuracy.ts --help` says how to repeat it.',
    '',
  ].join('\n')
}

/** Writes the three files. @returns the result, with its table */
export function report(
  comparison: Comparison,
  runs: Runs,
  folder: string,
): Result & { table: string } {
  if (runs.ours.length === 0 || runs.pytorch.length === 0) {
    throw new Error('nothing to report yet: neither engine may be without an epoch')
  }
  const result = summarize(comparison, runs)
  const text = table(result)
  mkdirSync(folder, { recursive: true })
  const files = {
    'time-to-accuracy.json': `${JSON.stringify(result)}\n`,
    'time-to-accuracy.svg': drawAccuracies(result.runs, comparison.targets),
    'time-to-accuracy.md': text,
  }
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file)
    writeFileSync(`${path}.partial`, content)
    renameSync(`${path}.partial`, path)
  }
  return { ...result, table: text }
}
