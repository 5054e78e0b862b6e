// From names on the command line to running engines: who takes part, who is missing and how to get it,
// who did not start.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { EngineProcess } from './engine-process.ts'
import { type EngineEntry, engineNames, ours, peers } from './engines/catalog.ts'
import type { EngineInfo, EngineSettings, Task } from './engines/session.ts'
import { BenchError, messageOf } from './errors.ts'
import { findPackage } from './peer-packages.ts'
import type { Absent } from './results.ts'
import type { Progress, Settings } from './settings.ts'

/** An engine that answers. */
export interface OpenEngine {
  entry: EngineEntry
  settings: EngineSettings
  process: EngineProcess
  info: EngineInfo
}

/** The peers that a task is to be compared with, and those named that cannot do it. */
export function choosePeers(
  { peers: names }: Pick<Settings, 'peers'>,
  task: Task,
  { inBrowser = false } = {},
): { chosen: EngineEntry[]; absent: Absent[] } {
  const able = (entry: EngineEntry) =>
    inBrowser ? entry.inBrowser === true : entry.tasks.includes(task)
  if (names === undefined) {
    const chosen = peers.filter((entry) => able(entry) && entry.byDefault.includes(task))
    return { chosen, absent: [] }
  }
  const chosen: EngineEntry[] = []
  const absent: Absent[] = []
  for (const name of names) {
    const entry = peers.find((candidate) => candidate.name === name)
    if (!entry) {
      throw new BenchError(`there is no peer '${name}': choose from ${engineNames.join(', ')}`)
    }
    if (able(entry)) chosen.push(entry)
    else {
      const what = inBrowser ? 'run in a browser here' : `do '${task}'`
      absent.push({ engine: name, why: 'skipped', reason: `it does not ${what}` })
    }
  }
  return { chosen, absent }
}

/** Settings of every row of ours: one a build, then those asked for: one thread, other weights. */
export function oursRows(settings: Settings, common: EngineSettings): EngineSettings[] {
  const base = { ...common, engine: ours.name, ...(settings.widen && { widen: true }) }
  const rows: EngineSettings[] =
    settings.builds.length === 0 ? [base] : settings.builds.map((build) => ({ ...base, build }))
  const first = rows[0]!
  if (settings.scaling && common.threads > 1) rows.push({ ...first, threads: 1 })
  rows.push(...settings.weights.map((weights) => ({ ...first, weights })))
  return rows
}

/** Starts ours and the peers; those that are missing or fail are added to `absent`. */
export async function openEngines(
  settings: Settings,
  common: EngineSettings,
  chosen: readonly EngineEntry[],
  absent: Absent[],
  progress: Progress,
): Promise<OpenEngine[]> {
  const wanted = [
    ...oursRows(settings, common).map((row) => ({ entry: ours, row })),
    ...chosen.map((entry) => ({ entry, row: { ...common, engine: entry.name } })),
  ]
  const open: OpenEngine[] = []
  for (const { entry, row } of wanted) {
    const host = await findHost(entry, settings)
    if (host.missing) {
      absent.push({ engine: entry.name, why: 'skipped', reason: host.missing })
      continue
    }
    progress(`starting ${entry.name}`)
    const process = new EngineProcess(entry, {
      threads: row.threads,
      keepMemory: row.task !== 'memory',
      ...host,
    })
    try {
      open.push({ entry, settings: row, process, info: await process.ask('start', row) })
    } catch (error) {
      const build = row.build === undefined ? {} : { build: row.build }
      absent.push({ engine: entry.name, ...build, why: 'failed', reason: messageOf(error) })
      await process.stop()
    }
  }
  return open
}

/** Versions of what took part, for a record. */
export function versionsOf(open: readonly { entry: EngineEntry; info: EngineInfo }[]) {
  const versions: Record<string, string> = {}
  for (const { entry, info } of open) {
    if (entry === ours) continue
    const version = entry.package ? (findPackage(entry.package)?.version ?? info.build) : info.build
    const threads = `${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`
    versions[entry.package ?? entry.name] = `${version}, ${threads}`
  }
  return versions
}

/** Where an engine runs, or how to get what is missing. */
async function findHost(
  entry: EngineEntry,
  settings: Settings,
): Promise<{ python?: string; missing?: string }> {
  if (entry.host === 'python') {
    const python = await findPython(settings.python)
    return python ? { python } : { missing: `no Python here has PyTorch; ${entry.install}` }
  }
  return isInstalled(entry.package!)
    ? {}
    : { missing: `the npm package ${entry.package} is not installed; ${entry.install}` }
}

export function isInstalled(name: string): boolean {
  return findPackage(name) !== undefined
}

const runFile = promisify(execFile)
let foundPython: { asked: string | undefined; python: string | undefined } | undefined

/** The first Python that can import PyTorch. */
async function findPython(asked: string | undefined): Promise<string | undefined> {
  if (foundPython && foundPython.asked === asked) return foundPython.python
  const candidates = asked === undefined ? ['python3', '/usr/bin/python3', 'python'] : [asked]
  let python: string | undefined
  for (const candidate of candidates) {
    if (candidate.startsWith('/') && !existsSync(candidate)) continue
    try {
      await runFile(candidate, ['-c', 'import torch, numpy'], { timeout: 60_000 })
      python = candidate
      break
    } catch {
      // It is not there or has no PyTorch: the next one may.
    }
  }
  foundPython = { asked, python }
  return python
}
