// Where and with what a benchmark ran: without it a number says nothing.

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import os from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Machine {
  date: string
  processor: string
  processors: number
  memoryGigabytes: number
  system: string
  node: string
  v8: string
  /** Of this project; `+` marks changes that are not committed. */
  commit: string
  /** Processes that wanted to run in the minute before, on average. */
  load: number
}

export function describeMachine(): Machine {
  const [first] = os.cpus()
  return {
    date: new Date().toISOString(),
    processor: first?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memoryGigabytes: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    commit: commit(),
    load: Math.round(os.loadavg()[0]! * 100) / 100,
  }
}

/** Version of a package that this one depends on. */
export function versionOf(name: string): string {
  const require = createRequire(import.meta.url)
  return (require(`${name}/package.json`) as { version: string }).version
}

/** True where other work takes part of the processors, so that times mean little. */
export function isBusy({ load, processors }: Machine): boolean {
  return load > processors * 0.3
}

function commit(): string {
  const cwd = dirname(fileURLToPath(import.meta.url))
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
