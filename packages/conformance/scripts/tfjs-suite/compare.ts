// A run of tfjs-core's tests on one of our backends, beside one on tfjs's own in the same runtime.

import type { Runtime, SuiteBackend } from './bundled/backends.ts'
import { differences, entryFor, UNSTEADY } from './bundled/differences.ts'
import type { SuiteRun } from './launch.ts'

export interface SuiteRow {
  backend: string
  runtime: Runtime
  tests: number
  passed: number
  pending: number
  /** Failures here that tfjs's own backend has too. */
  failedBoth: number
  /** Failures here alone that are on purpose, by their reason. */
  different: { test: string; reason: string }[]
  /** Failures here alone that are not. */
  faults: { test: string; message: string }[]
  /** Tests that are to differ and do not. */
  passedAfterAll: string[]
  error?: string
}

/** @param own tfjs's own run; undefined where this is one */
export function compareRuns(
  { name, beside }: SuiteBackend,
  runtime: Runtime,
  run: SuiteRun,
  own: SuiteRun | undefined,
): SuiteRow {
  const { results, error } = run
  const failed = results.filter(({ status }) => status === 'failed')
  const failedThere = new Set(
    own?.results.filter(({ status }) => status === 'failed').map((result) => result.name),
  )
  const both = failed.filter((result) => !beside || failedThere.has(result.name))
  const alone = failed.filter((result) => !both.includes(result))
  const listed = alone.map((result) => ({
    test: result.name,
    message: result.message ?? '',
    reason: entryFor(differences, name, result.name)?.reason,
  }))
  const steady = (test: string) => !new RegExp(UNSTEADY).test(test)
  return {
    backend: name,
    runtime,
    tests: results.length,
    passed: results.filter(({ status }) => status === 'passed').length,
    pending: results.filter(({ status }) => status === 'pending').length,
    failedBoth: both.length,
    different: listed.flatMap(({ test, reason }) => (reason ? [{ test, reason }] : [])),
    faults: listed
      .filter(({ test, reason }) => !reason && steady(test))
      .map(({ test, message }) => ({ test, message })),
    passedAfterAll: results
      .filter(({ status, name: test }) => status === 'passed' && entryFor(differences, name, test))
      .map((result) => result.name),
    error,
  }
}
