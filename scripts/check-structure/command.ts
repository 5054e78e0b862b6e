// The command that keeps the workspace in its shape: who imports whom, what is declared, what is
// published, and that published changes carry a changeset. It reads and reports; it changes nothing.
// Code style and types are other commands' business.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkChangesets } from './changesets.ts'
import { checkContents } from './contents.ts'
import { checkImports } from './imports.ts'
import { checkManifests } from './manifests.ts'
import { writeManifests } from './published-fields.ts'
import { checkPublishedShape } from './published-shape.ts'
import { type CheckResult, formatViolation } from './violation.ts'
import { type Member, readMembers } from './workspace.ts'

const usage = `usage: pnpm check-structure [--base REF] [CHECK…]

  imports      who imports whom, cycles between files, undeclared dependencies (build first)
  manifests    the same directions in package.json, cycles between packages
  contents     README, tests and manifest fields of published packages
  published    publint and are-the-types-wrong on the packed packages (build first)
  changesets   a changeset for every changed published package

  --base REF   what changesets compares with (default: the pull request's base, or origin/main)
  --write      writes what all published manifests share (published-fields.ts), and checks nothing
  --root DIR   the workspace to check (default: this one)

Without CHECK, all of them. Exit code 1 for violations, 2 when a check cannot be made.
`

/**
 * Runs the command.
 *
 * @returns the exit code, 0 or 1
 * @throws Error when a check cannot be made
 */
export async function checkStructure(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      root: { type: 'string' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    print(usage)
    return 0
  }
  const root = resolve(values.root ?? join(import.meta.dirname, '..', '..'))
  const members = readMembers(root)
  if (values.write) {
    for (const file of writeManifests(root, members)) print(`wrote ${file}`)
    return 0
  }
  const checks: Record<string, () => CheckResult | Promise<CheckResult>> = {
    imports: () => checkImports(root, members),
    manifests: () => checkManifests(members),
    contents: () => checkContents(root, members),
    published: () => checkPublishedShape(root, members),
    changesets: () => checkChangesets(root, members, values.base),
  }
  const unknown = positionals.find((name) => !Object.hasOwn(checks, name))
  if (unknown !== undefined) {
    throw new Error(`no check is called ${unknown}; there are ${Object.keys(checks).join(', ')}`)
  }
  const chosen = Object.entries(checks).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name),
  )
  if (chosen.some(([name]) => ['imports', 'published'].includes(name))) askForBuild(root, members)
  let broken = 0
  for (const [name, check] of chosen) {
    const { checked, violations, skipped } = await check()
    broken += violations.length
    const mark = skipped ? '–' : violations.length > 0 ? '✗' : '✓'
    print(`${mark} ${name}: ${skipped ? `skipped, ${skipped}` : checked}`)
    for (const violation of violations) print(`    ${formatViolation(violation)}`)
  }
  if (broken > 0) print(`${broken} ${broken === 1 ? 'violation' : 'violations'}`)
  return broken > 0 ? 1 : 0
}

/** Imports resolve to what was built, and so do published entry points. */
function askForBuild(root: string, members: readonly Member[]): void {
  const missing = members
    .filter(({ published, path }) => published && !existsSync(join(root, path, 'dist')))
    .map(({ path }) => path)
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')}: not built; run \`pnpm turbo run build\` first`)
  }
}
