// Carries out the runs of an experiment: `alexnet train` as a process of its own each, several side by
// side. A run ends with its epochs, or where it reaches the error that the experiment waits for. One that is
// there already is resumed, or left alone when it is done, so that stopping costs nothing.

import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Experiment, Group } from './experiments.ts'

const command = join(import.meta.dirname, '../../apps/cli/dist/main.js')

export interface RunOptions {
  /** CIFAR-10, in any form that `alexnet train` opens. */
  data: string
  /** Folder of all runs. */
  out: string
  /** Seeds from 0 on, in place of the experiment's own number. */
  seeds?: number | undefined
  /** Runs side by side. */
  jobs: number
  /** CPU threads a run. */
  threads: number
  /** Told as a line a run: begun, done, stopped. */
  say: (line: string) => void
}

/** One run: its place, its command, and when it ends. */
export interface Run {
  group: string
  seed: number
  folder: string
  options: readonly string[]
  measure: Experiment['measure']
  target: number | undefined
}

const slug = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

/** The runs of an experiment, the seeds of all groups before the next seed. */
export function runsOf(
  name: string,
  { groups, measure, target, seeds = 3 }: Experiment,
  { out, seeds: asked = seeds }: Pick<RunOptions, 'out' | 'seeds'>,
): Run[] {
  return Array.from({ length: asked }, (_, seed) =>
    groups.map((group: Group) => ({
      group: group.name,
      seed,
      folder: join(out, name, `${slug(group.name)}-${seed}`),
      options: group.options,
      measure,
      target,
    })),
  ).flat()
}

/** Whether a run has done all its epochs, or has reached its target. */
export function isDone(run: Run): boolean {
  const path = join(run.folder, 'run.json')
  if (!existsSync(path)) return false
  const { recipe } = JSON.parse(readFileSync(path, 'utf8'))
  return epochsOf(run.folder).at(-1)?.epoch === recipe.epochs || hasReached(run)
}

/** Error in percent after each epoch. */
export function errorsOf({ folder, measure }: Pick<Run, 'folder' | 'measure'>): number[] {
  return epochsOf(folder).map(({ train, validation }) => {
    const { top1 } = measure === 'training' ? train : (validation ?? train)
    return Number((100 * (1 - top1)).toFixed(3))
  })
}

function hasReached(run: Run): boolean {
  const { target } = run
  return target !== undefined && errorsOf(run).some((error) => error <= target)
}

/** An epoch's line of a run's log. */
export interface Epoch {
  epoch: number
  seconds: number
  train: { loss: number; top1: number }
  validation?: { loss: number; top1: number }
}

/** The epochs that a run has done. */
export function epochsOf(folder: string): Epoch[] {
  const path = join(folder, 'log.jsonl')
  if (!existsSync(path)) return []
  // What follows the last newline is still being written.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch')
}

/**
 * Carries out what is not done yet.
 *
 * @returns how many runs failed or were stopped
 */
export async function carryOut(runs: readonly Run[], options: RunOptions): Promise<number> {
  const waiting = runs.filter((run) => !isDone(run))
  options.say(`${runs.length - waiting.length} of ${runs.length} runs are done`)
  let unfinished = 0
  let stopped = false
  const stop = () => {
    stopped = true
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const worker = async () => {
    for (let run = waiting.shift(); run && !stopped; run = waiting.shift()) {
      options.say(`begun: ${run.group}, seed ${run.seed}`)
      const code = await carryOutOne(run, options)
      if (code !== 0) unfinished++
      const error = errorsOf(run).at(-1)?.toFixed(2)
      options.say(
        code === 0
          ? `done: ${run.group}, seed ${run.seed}: ${error} % error`
          : `stopped with ${code}: ${run.group}, seed ${run.seed}; see ${run.folder}.log`,
      )
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, worker))
  process.off('SIGINT', stop)
  process.off('SIGTERM', stop)
  return unfinished + (stopped ? waiting.length : 0)
}

function carryOutOne(run: Run, { data, threads }: RunOptions): Promise<number> {
  const resume = existsSync(join(run.folder, 'run.json'))
  const what = resume ? ['--resume'] : [...run.options, '--seed', `${run.seed}`]
  const how = ['--threads', `${threads}`, '--widen', '--no-report', '--json']
  mkdirSync(join(run.folder, '..'), { recursive: true })
  const log = createWriteStream(`${run.folder}.log`, { flags: 'a' })
  const child = spawn(
    process.execPath,
    [command, 'train', data, ...what, '--out', run.folder, ...how],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  child.stderr.pipe(log)
  const watch = setInterval(() => {
    if (!hasReached(run)) return
    clearInterval(watch)
    // Saves where it is, as by Ctrl-C.
    child.kill('SIGINT')
  }, 1000)
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(hasReached(run) ? 0 : (code ?? 1)))
  }).finally(() => clearInterval(watch))
}
