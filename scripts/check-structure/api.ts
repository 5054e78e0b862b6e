// Checks that the committed reports of what packages export (docs/api) are those of the built packages, and that
// no name is declared in two packages.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiReport, sharedNames } from '../api-report/api-report.ts'
import type { CheckResult, Violation } from './violation.ts'
import type { Member } from './workspace.ts'

/** Compares the report of every published package with the committed one. */
export function checkApi(root: string, members: readonly Member[]): CheckResult {
  const packages = members.filter(({ group, published }) => group === 'packages' && published)
  const violations: Violation[] = []
  for (const { folder, path } of packages) {
    const file = `docs/api/${folder}.md`
    const committed = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
    const line = firstDifference(committed, apiReport(join(root, path)))
    if (line === undefined) continue
    violations.push({
      file: `${file}:${line}`,
      what: `is not what ${path} exports`,
      remedy: 'if the change is meant, run `node scripts/api-report/main.ts` and commit the file',
    })
  }
  for (const [name, places] of sharedNames(packages.map(({ path }) => join(root, path)))) {
    const [first, ...others] = places.map((place) => place.slice(root.length + 1))
    violations.push({
      file: first!,
      what: `exports ${name}, and so does ${others.join(', ')}`,
      remedy: 'give one of them a name of its own, or export the same declaration',
    })
  }
  return { checked: `what ${packages.length} packages export, and their reports`, violations }
}

/** The number of the first line that differs. */
function firstDifference(one: string, two: string): number | undefined {
  if (one === two) return undefined
  const lines = two.split('\n')
  const at = one.split('\n').findIndex((line, index) => line !== lines[index])
  return (at < 0 ? one.split('\n').length : at) + 1
}
