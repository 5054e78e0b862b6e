// What docs/experiments says of the bundled CIFAR-10 model, from what apps/cli/scripts/measure-model.ts measured
// (cifar10.json) and the logs of its runs, of which it keeps an epoch a line (cifar10.jsonl): tables in cifar10.md, the
// curve and the reliability as pictures.
//
//   node scripts/experiments/bundled-model.ts RUN/log.jsonl …   new runs, each from the one before
//   node scripts/experiments/bundled-model.ts                   the same anew

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { drawCurves, drawReliability } from './plot.ts'

/** Answers whose probability lay in one range; see `Reliability` of `@alexnet/train`. */
export interface ReliabilityBin {
  pictures: number
  confidence: number
  top1: number
}

interface Calibration {
  error: number
  bins: ReliabilityBin[]
}

/** What measure-model.ts writes; shares in [0, 1]. */
export interface Measured {
  pictures: { test: number; corrupted: number }
  /** Where the run kept pictures out of training. */
  kept?: { pictures: number; top1: number }
  test: {
    top1: number
    top5: number
    loss: number
    mirror: number
    tenViews: number
    classes: Record<string, number>
    confusions: { own: string; given: string; count: number }[]
  }
  calibration: {
    temperature: number
    /** Pictures that the temperature was fitted on, and others that it was measured on. */
    fitted: number
    measured: number
    before: Calibration
    after: Calibration
  }
  corruptions: { clean: number } & Record<string, { strength: number; top1: number }[]>
}

interface Epoch {
  epoch: number
  seconds: number
  train: { top1: number; loss: number }
  /** Of the pictures that were kept out, where some were. */
  validation?: { top1: number; loss: number }
}

const percent = (share: number, digits = 2) => `${(100 * share).toFixed(digits)} %`

/** A table as Biome formats it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)))
  return [head, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
    .join('\n')
}

/** The page about the model. */
export function pageOf(measured: Measured, epochs: readonly Epoch[]): string {
  const { pictures, kept, test, calibration, corruptions } = measured
  const { clean, ...kinds } = corruptions
  const last = epochs.at(-1)!
  // Of those that the machine had time for: a run may have waited in the middle of an epoch.
  const seconds = epochs.map((epoch) => epoch.seconds).sort((a, b) => a - b)[epochs.length >> 1]!
  return `# The bundled CIFAR-10 model

Written by \`node scripts/experiments/bundled-model.ts\` from what \`apps/cli/scripts/measure-model.ts\` measured.
How it was trained: [its card](../../packages/cifar10/MODEL_CARD.md).

${table(
  ['measured on', 'pictures', 'top-1'],
  [
    ...(kept
      ? [['kept out of training, to choose by', String(kept.pictures), percent(kept.top1)]]
      : []),
    ['test, plain', String(pictures.test), `**${percent(test.top1)}**`],
    ['test, with its mirror image', String(pictures.test), percent(test.mirror)],
    ['test, ten views', String(pictures.test), percent(test.tenViews)],
  ],
)}

Top-5 ${percent(test.top5)}, loss ${test.loss.toFixed(4)}. ${last.epoch} epochs of ${seconds.toFixed(0)} s (median) on a machine with other work; after the last,
${percent(last.train.top1, 1)} of the augmented training pictures were right, dropout on.

![error by epoch](cifar10.svg)

## By class

${table(
  ['class', 'top-1'],
  Object.entries(test.classes).map(([name, top1]) => [name, percent(top1, 1)]),
)}

Taken for each other most: ${test.confusions
    .slice(0, 5)
    .map(({ own, given, count }) => `${own} for ${given} (${count})`)
    .join(', ')}.

## Calibration

Of the answers given with a probability, how many are right
([Guo et al. 2017](https://arxiv.org/abs/1706.04599), fifteen bins). Logits divided by the temperature
**${calibration.temperature.toFixed(3)}**, fitted on ${calibration.fitted} ${kept ? 'pictures kept out' : 'of the test pictures'}, bring the expected calibration error on ${calibration.measured} ${kept ? 'test pictures' : 'others'} from
${percent(calibration.before.error)} to ${percent(calibration.after.error)}; no answer changes.

![reliability](cifar10-reliability.svg)

## Corruptions

Top-1 of ${pictures.corrupted} test pictures (${percent(clean, 1)} as they are) under the corruptions of CIFAR-10-C that need no file
([Hendrycks and Dietterich 2019](https://arxiv.org/abs/1903.12261)), drawn anew with the strengths of its script.

${table(
  ['corruption', ...[1, 2, 3, 4, 5].map((severity) => `severity ${severity}`)],
  Object.entries(kinds).map(([name, points]) => [
    name,
    ...points.map(({ strength, top1 }) => `${percent(top1, 1)} (${strength})`),
  ]),
)}
`
}

/** An epoch a line, without what tables of classes take. */
export function epochsOf(log: string): Epoch[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{"type":"epoch"'))
    .map((line) => {
      const { epoch, seconds, train, validation } = JSON.parse(line)
      if (!validation) return { epoch, seconds, train }
      const { top1, loss } = validation
      return { epoch, seconds, train, validation: { top1, loss } }
    })
}

if (import.meta.main) {
  const docs = join(import.meta.dirname, '../../docs/experiments')
  const kept = join(docs, 'cifar10.jsonl')
  const logs = argv.slice(2)
  if (logs.length > 0) {
    const lines = logs
      .flatMap((log) => epochsOf(readFileSync(log, 'utf8')))
      .map((epoch, at) => JSON.stringify({ ...epoch, epoch: at + 1 }))
    writeFileSync(kept, `${lines.join('\n')}\n`)
  }
  const epochs: Epoch[] = readFileSync(kept, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const measured: Measured = JSON.parse(readFileSync(join(docs, 'cifar10.json'), 'utf8'))
  const validated = measured.kept ? 'kept-out' : 'test'
  const curve = (name: string, shares: readonly number[]) => ({
    name,
    curves: [{ errors: shares.map((share) => 100 * (1 - share)) }],
  })
  writeFileSync(join(docs, 'cifar10.md'), pageOf(measured, epochs))
  writeFileSync(
    join(docs, 'cifar10.svg'),
    drawCurves({
      title: 'The CIFAR-10 model',
      measure: `augmented training and ${validated}`,
      target: null,
      groups: [
        curve(
          'training, augmented',
          epochs.map(({ train }) => train.top1),
        ),
        curve(
          validated,
          epochs.flatMap(({ validation }) => validation?.top1 ?? []),
        ),
      ],
    }),
  )
  const { before, after, temperature } = measured.calibration
  writeFileSync(
    join(docs, 'cifar10-reliability.svg'),
    drawReliability({
      'as they are': before.bins,
      [`temperature ${temperature.toFixed(2)}`]: after.bins,
    }),
  )
}
