// A reporter of vitest that writes what became of each test to the file that $CONFORMANCE_RESULTS names, and
// a line on stderr for each as it ends: a software driver takes minutes.

import { writeFileSync } from 'node:fs'
import process from 'node:process'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import type { TestRecord } from './results.ts'

/**
 * A suite's describe stands in one of the backend's: backend > operation > test. What stands elsewhere is no test of
 * a backend, but for one that says why a backend was skipped.
 */
function place(test: TestCase): { backend: string; operation: string } | undefined {
  const names: string[] = []
  for (let at = test.parent; at.type === 'suite'; at = at.parent) names.unshift(at.name)
  const [backend, operation] = names
  if (backend === undefined) return undefined
  if (operation !== undefined) return { backend, operation }
  return test.name.startsWith('skipped: ') ? { backend, operation: 'start' } : undefined
}

function record(test: TestCase): TestRecord | undefined {
  const found = place(test)
  if (!found) return undefined
  const { backend, operation } = found
  const { state, errors } = test.result()
  return {
    backend,
    operation,
    test: test.name,
    state: state === 'pending' ? 'skipped' : state,
    ...(errors?.[0] && { message: errors[0].message.split('\n')[0] ?? '' }),
    worst: test.meta().worstError ?? null,
    device: test.meta().device ?? null,
    seconds: (test.diagnostic()?.duration ?? 0) / 1000,
  }
}

export default class Collect implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const found = record(test)
    if (!found || found.state === 'skipped') return
    const mark = found.state === 'passed' ? '✓' : '✗'
    const line = `${mark} ${found.backend}: ${found.operation}: ${found.test}`
    process.stderr.write(`${line} (${found.seconds.toFixed(1)} s)\n`)
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map(record))
    const failures = modules.flatMap((module) => module.errors().map(({ message }) => message))
    const file = process.env.CONFORMANCE_RESULTS
    if (!file) throw new Error('CONFORMANCE_RESULTS names no file to write the results to')
    writeFileSync(
      file,
      JSON.stringify({
        tests: tests.filter((test) => test !== undefined),
        errors: [...failures, ...errors.map(({ message }) => message)],
      }),
    )
  }
}
