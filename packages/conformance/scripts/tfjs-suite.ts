// The command `npm run -s conformance -- --tfjs`: tfjs-core's own tests on our backends, beside tfjs's.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { alignColumns } from './conformance/results.ts'
import { type Runtime, type SuiteBackend, suiteBackends } from './tfjs-suite/bundled/backends.ts'
import { leftOut } from './tfjs-suite/bundled/differences.ts'
import { compareRuns, type SuiteRow } from './tfjs-suite/compare.ts'
import { type Browser, launch, type SuiteRun } from './tfjs-suite/launch.ts'
import { sectionOf, withSuiteSection } from './tfjs-suite/section.ts'

const root = join(import.meta.dirname, '../../..')
const record = join(root, 'docs/conformance.md')
/** Runs are kept, so that a long record can be made in several goes. */
const kept = join(root, 'packages/conformance/node_modules/.cache/tfjs-suite')

export interface TfjsSuiteOptions {
  backend?: string
  runtime?: string
  only?: string
  json?: boolean
  record?: boolean
  /** Share and their number as in '2/3': runs that alone and keeps it, for a later `resume` to join. */
  share?: string
  /** Takes the runs that are kept where there are any. */
  resume?: boolean
}

/** @param browser undefined where there is no Chromium */
export async function tfjsSuite(
  options: TfjsSuiteOptions,
  browser: Browser | undefined,
): Promise<SuiteRow[]> {
  const runs = new Map<string, SuiteRun>()
  const runOf = async (backend: SuiteBackend, runtime: Runtime): Promise<SuiteRun> => {
    const key = `${backend.name}, ${runtime}`
    const part = options.share ? `, ${options.share}` : ''
    const file = keptAs(`${key}${part}`)
    const known = runs.get(key)
    if (known) return known
    const before = options.resume ? (readRun(file) ?? joined(key)) : undefined
    if (before) return before
    process.stderr.write(`▸ ${key}\n`)
    const without = leftOut
      .filter((entry) => entry.runtime === runtime && entry.backends.includes(backend.name))
      .map(({ test }) => test)
    let count = 0
    const onResult = () => {
      if (++count % 500 === 0) process.stderr.write(`  ${count} tests\n`)
    }
    const run = await launch(
      { backend, runtime, only: options.only, without, share: shareOf(options), onResult },
      browser,
    )
    if (run.error) process.stderr.write(`  ${run.error}\n`)
    runs.set(key, run)
    if (options.only === undefined) {
      mkdirSync(kept, { recursive: true })
      writeFileSync(file, JSON.stringify(run))
    }
    return run
  }
  const rows: SuiteRow[] = []
  for (const runtime of ['node', 'chromium'] as const) {
    if (options.runtime !== undefined && options.runtime !== runtime) continue
    if (runtime === 'chromium' && !browser) continue
    for (const backend of suiteBackends) {
      if (!backend.runtimes.includes(runtime)) continue
      if (!backend.name.includes(options.backend ?? '')) continue
      const own = suiteBackends.find(({ name }) => name === backend.beside)
      const beside = own && (await runOf(own, runtime))
      rows.push(compareRuns(backend, runtime, await runOf(backend, runtime), beside))
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else print(rows)
  if (options.record) writeRecord(rows)
  return rows
}

const keptAs = (key: string) => join(kept, `${key.replaceAll(/\W+/g, '-')}.json`)

const readRun = (file: string): SuiteRun | undefined =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined

/** The run that kept shares make together, where all of some number of them are there. */
function joined(key: string): SuiteRun | undefined {
  for (let count = 2; count <= MOST_SHARES; count++) {
    const shares = Array.from({ length: count }, (_, i) =>
      readRun(keptAs(`${key}, ${i + 1}/${count}`)),
    )
    if (!shares.every((share) => share !== undefined)) continue
    const error = shares.find((share) => share.error)?.error
    return { results: shares.flatMap(({ results }) => results), error }
  }
  return undefined
}

const MOST_SHARES = 12

/** `'2/3'` as numbers. @throws Error for anything else */
function shareOf({ share }: TfjsSuiteOptions): [number, number] | undefined {
  if (share === undefined) return undefined
  const [, number, count] = (/^(\d+)\/(\d+)$/.exec(share) ?? []).map(Number)
  if (!number || !count || number > count || count > MOST_SHARES) {
    throw new Error(
      `--share '${share}': give a share and their number, at most ${MOST_SHARES}, as in 2/3`,
    )
  }
  return [number, count]
}

/** Whether a row shows a fault of ours. */
export const isFaulty = ({ faults, error, passedAfterAll }: SuiteRow) =>
  faults.length > 0 || error !== undefined || passedAfterAll.length > 0

function print(rows: readonly SuiteRow[]): void {
  const head = [
    'backend',
    'runtime',
    'tests',
    'passed',
    'pending',
    'fail both',
    'on purpose',
    'faults',
  ]
  const cells = rows.map((row) => [
    row.backend,
    row.runtime,
    String(row.tests),
    String(row.passed),
    String(row.pending),
    String(row.failedBoth),
    String(row.different.length),
    String(row.faults.length),
  ])
  console.log(alignColumns([head, ...cells]))
  for (const { backend, runtime, faults, passedAfterAll, error } of rows) {
    for (const { test, message } of faults) {
      console.log(`\n${backend} in ${runtime}, ${test}:\n  ${message}`)
    }
    for (const test of passedAfterAll) {
      console.log(`\n${backend} in ${runtime}: '${test}' is listed as different and passes`)
    }
    if (error) console.log(`\n${backend} in ${runtime} ended early: ${error}`)
  }
}

function writeRecord(rows: readonly SuiteRow[]): void {
  const date = new Date().toISOString().slice(0, 10)
  const processor = cpus()[0]?.model.trim() ?? process.arch
  const inChromium = rows.some(({ runtime }) => runtime === 'chromium')
  const machine = `${date}, ${processor}, ${availableParallelism()} cores; Node ${process.versions.node}${inChromium ? ', Chromium with software drivers' : '; Chromium was left out'}.`
  const text = withSuiteSection(readFileSync(record, 'utf8'), sectionOf(rows, machine))
  writeFileSync(`${record}.tmp`, text)
  renameSync(`${record}.tmp`, record)
  process.stderr.write(`▸ wrote ${relative(root, record)}\n`)
}
