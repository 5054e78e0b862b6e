// What the runs of an experiment give, for people and for pages: NAME.json (every curve), NAME.svg (the
// curves drawn), NAME.md (the table, with the commands). Only runs that are done count; what is missing is
// said. A run that NAME.json holds already, with the same options, stays there without its folder.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Experiment } from './experiments.ts'
import { drawCurves } from './plot.ts'
import { epochsOf, errorsOf, isDone, type Run } from './run.ts'

/** One run, as far as the answer needs it. */
export interface Curve {
  seed: number
  /** Error in percent after each epoch. */
  errors: number[]
  /** Error in percent on the training pictures of the last epoch, as they were augmented and with dropout on; where `errors` are others. */
  training?: number
  /** First epoch whose error is at most the target, counted from 1; null if none. */
  reached: number | null
  seconds: number
}

/** The runs of a group and what they say together. */
export interface GroupResult {
  name: string
  options: readonly string[]
  curves: Curve[]
  /** Mean and sample standard deviation of the last epoch's error, in percent. */
  error: Spread
  /** The same of the epoch that reached the target; null where a run never did. */
  reached: Spread | null
}

export interface Spread {
  mean: number
  deviation: number
}

/** What NAME.json holds. */
export interface Result {
  name: string
  title: string
  claim: string
  measure: Experiment['measure']
  target: number | null
  groups: GroupResult[]
  /** Runs that were asked for and are not done, by their group's name. */
  missing: Record<string, number>
}

/** The runs that are written down already; undefined if none are. */
export function recorded(name: string, folder: string): Result | undefined {
  const path = join(folder, `${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** The curves of a group in what is written down, if its options are still the same. */
function recordedCurves(before: Result | undefined, group: string, options: readonly string[]) {
  const same = before?.groups.find(
    (one) => one.name === group && one.options.join(' ') === options.join(' '),
  )
  return same?.curves ?? []
}

/** The curve of a run in what is written down. */
export function recordedCurve(before: Result | undefined, run: Run): Curve | undefined {
  return recordedCurves(before, run.group, run.options).find(({ seed }) => seed === run.seed)
}

/** Sums up runs and all those of `before`; groups without a finished run are left out. */
export function summarize(
  name: string,
  experiment: Experiment,
  runs: readonly Run[],
  before?: Result,
): Result {
  const { title, claim, measure, target = null } = experiment
  const missing: Record<string, number> = {}
  const groups = experiment.groups.flatMap((group) => {
    const asked = runs.filter((run) => run.group === group.name)
    const done = asked.filter(isDone).map(curveOf)
    const kept = recordedCurves(before, group.name, group.options)
    const older = kept.filter(({ seed }) => done.every((curve) => curve.seed !== seed))
    const curves = [...done, ...older].sort((a, b) => a.seed - b.seed)
    const open = asked.filter(({ seed }) => curves.every((curve) => curve.seed !== seed))
    if (open.length > 0) missing[group.name] = open.length
    if (curves.length === 0) return []
    const reached = curves.map((curve) => curve.reached)
    return [
      {
        name: group.name,
        options: group.options,
        curves,
        error: spread(curves.map(({ errors }) => errors.at(-1)!)),
        reached: reached.every((epoch) => epoch !== null) && target ? spread(reached) : null,
      },
    ]
  })
  return { name, title, claim, measure, target, groups, missing }
}

function curveOf(run: Run): Curve {
  const { seed, folder, target } = run
  const errors = errorsOf(run)
  const index = target === undefined ? -1 : errors.findIndex((error) => error <= target)
  const seconds = epochsOf(folder).reduce((sum, epoch) => sum + epoch.seconds, 0)
  const training = errorsOf({ folder, measure: 'training' }).at(-1)!
  return {
    seed,
    errors,
    ...(run.measure !== 'training' && { training }),
    reached: index < 0 ? null : index + 1,
    seconds: Math.round(seconds),
  }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))

export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0
  return { mean: round(mean, 3), deviation: round(deviation, 3) }
}

/** An argument as a shell takes it: one with a star would be looked for among the files. */
const quoted = (argument: string) => (/[*?[\s]/.test(argument) ? `'${argument}'` : argument)

/** The table of a result, in Markdown. */
export function table({ name, title, claim, measure, target, groups, missing }: Result): string {
  // One run has no deviation, and none of 0 either.
  const text = ({ mean, deviation }: Spread, { length }: readonly Curve[], unit: string) =>
    `${mean.toFixed(2)}${length > 1 ? ` ± ${deviation.toFixed(2)}` : ''}${unit}`
  const trainings = groups.map(({ curves }) => curves.flatMap(({ training = [] }) => training))
  const hasTraining = groups.every(({ curves }, at) => curves.length === trainings[at]!.length)
  const rows = groups.map(({ name: group, curves, error, reached, options }, at) => [
    group,
    `${curves.length}`,
    text(error, curves, ' %'),
    ...(hasTraining ? [text(spread(trainings[at]!), curves, ' %')] : []),
    ...(target === null ? [] : [reached ? text(reached, curves, '') : neverReached(curves)]),
    `\`alexnet train DATA ${options.map(quoted).join(' ')}\``,
  ])
  const header = [
    `${measure} pictures`,
    'runs',
    'error at the end',
    ...(hasTraining ? ['on augmented training pictures'] : []),
    ...(target === null ? [] : [`epochs to ${target} %`]),
    'command (and --seed)',
  ]
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    `# ${title}`,
    '',
    `The source says: ${claim}.`,
    '',
    `![error by epoch](${name}.svg)`,
    '',
    line(header),
    line(header.map(() => '---')),
    ...rows.map(line),
    '',
    ...Object.entries(missing).map(
      ([group, count]) => `Not run yet: ${group}, ${count} of its runs.`,
    ),
    ...(target === null ? [] : ['A run ends once it is there.']),
    ...(groups.every(({ curves }) => curves.length > 1) ? [] : ['One run tells no deviation.']),
    'Mean and sample standard deviation over the seeds; the curves are in',
    `[${name}.json](${name}.json). \`npm run -s experiments -- ${name} --data DATA\` repeats it all.`,
    '',
  ].join('\n')
}

/** What is said where not every run reached the target. */
function neverReached(curves: readonly Curve[]): string {
  const least = Math.min(...curves.flatMap(({ errors }) => errors))
  const epochs = Math.max(...curves.map(({ errors }) => errors.length))
  const reached = curves.flatMap((curve) => curve.reached ?? [])
  if (reached.length === 0) return `not in ${epochs} (least ${least.toFixed(1)} %)`
  return `${reached.length} of ${curves.length}, in ${reached.join(', ')}; the rest not in ${epochs}`
}

/** Writes the three files and says on stderr what is missing. */
export async function report(
  name: string,
  experiment: Experiment,
  runs: readonly Run[],
  folder: string,
): Promise<void> {
  const result = summarize(name, experiment, runs, recorded(name, folder))
  const missing = Object.values(result.missing).reduce((sum, count) => sum + count, 0)
  if (missing > 0) process.stderr.write(`${name}: ${missing} runs are missing\n`)
  if (result.groups.length === 0) return
  mkdirSync(folder, { recursive: true })
  const files = {
    [`${name}.json`]: `${JSON.stringify(result)}\n`,
    [`${name}.svg`]: drawCurves(result),
    [`${name}.md`]: table(result),
  }
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, file)
    writeFileSync(`${path}.partial`, text)
    renameSync(`${path}.partial`, path)
  }
  process.stdout.write(table(result))
}
