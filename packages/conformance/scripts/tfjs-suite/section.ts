// The section of docs/conformance.md on tfjs-core's own tests.

import { markdownTable } from '../conformance/results.ts'
import { leftOut, UNSTEADY } from './bundled/differences.ts'
import type { SuiteRow } from './compare.ts'

const HEADING = "## TensorFlow.js's own tests"
const runtimes = { node: 'Node', chromium: 'Chromium' }

/** The section that a text has, or nothing. */
export function suiteSection(text: string): string {
  const at = text.indexOf(HEADING)
  return at < 0 ? '' : text.slice(at)
}

/** A text with the section in place of the one that it has, at its end. */
export function withSuiteSection(text: string, section: string): string {
  const at = text.indexOf(HEADING)
  const before = (at < 0 ? text : text.slice(0, at)).trimEnd()
  return section === '' ? `${before}\n` : `${before}\n\n${section.trimEnd()}\n`
}

export function sectionOf(rows: readonly SuiteRow[], machine: string): string {
  const reasons = new Map<string, { backends: Set<string>; tests: Set<string> }>()
  for (const { backend, different } of rows) {
    for (const { test, reason } of different) {
      const entry = reasons.get(reason) ?? { backends: new Set(), tests: new Set() }
      entry.backends.add(backend.replace(/,.*/, ''))
      entry.tests.add(test)
      reasons.set(reason, entry)
    }
  }
  const left = leftOut.filter(({ backends, runtime }) =>
    rows.some((row) => row.runtime === runtime && backends.some((b) => row.backend.startsWith(b))),
  )
  return [
    HEADING,
    '',
    'Written by `npm run -s conformance -- --tfjs --record`. The jasmine tests that tfjs-core 4.22 publishes, on each',
    "of our backends and on tfjs's own beside it. A test that fails on tfjs's own backend too is no question about",
    'ours; what fails on ours alone is on purpose, with its reason below, or it is a fault. Tests of times',
    `(\`${UNSTEADY}\`) count as passed or failed, and as no fault.`,
    '',
    `${machine}`,
    '',
    markdownTable([
      [
        'backend',
        'runtime',
        'tests',
        'passed',
        'pending',
        "fail on tfjs's too",
        'on purpose',
        'faults',
      ],
      ...rows.map((row) => [
        row.backend,
        runtimes[row.runtime],
        String(row.tests),
        String(row.passed),
        String(row.pending),
        String(row.failedBoth),
        String(row.different.length),
        row.error ? 'ended early' : String(row.faults.length),
      ]),
    ]),
    '',
    'On purpose:',
    '',
    ...[...reasons].map(
      ([reason, { backends, tests }]) =>
        `- ${[...backends].join(', ')}: ${[...tests].map((test) => `\`${test}\``).join(', ')}: ${reason}.`,
    ),
    ...(left.length > 0 ? ['', 'Left out:', ''] : []),
    ...left.map(
      ({ backends, runtime, test, reason }) =>
        `- ${backends.join(', ')}, ${runtimes[runtime]}: \`${test}\`: ${reason}.`,
    ),
    ...rows.flatMap(({ faults, backend, runtime }) =>
      faults.map(
        ({ test, message }) => `- A fault of ${backend}, ${runtime}: \`${test}\`: ${message}`,
      ),
    ),
    '',
  ].join('\n')
}
