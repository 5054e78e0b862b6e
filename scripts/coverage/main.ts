// Lines of each package that its own tests run, in workers and in processes that they start, too (sources.js), as a
// table, and as files for other tools under each package's `coverage/`. Fails where a package is below its floor (floors.ts). Needs a build.
//
//     node scripts/coverage/main.ts [folder …]

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readMembers } from '../check-structure/workspace.ts'
import { floors } from './floors.ts'

const root = join(import.meta.dirname, '../..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const sources = pathToFileURL(join(import.meta.dirname, 'sources.js')).href
const asked = process.argv.slice(2)
const members = readMembers(root).filter(({ folder }) =>
  asked.length > 0 ? asked.includes(folder) : folder in floors,
)

interface Share {
  covered: number
  total: number
  pct: number
}

const table = [
  '| package | lines | branches | functions | floor |',
  '| ------- | ----- | -------- | --------- | ----- |',
]
const failed: string[] = []
for (const { folder, path } of members) {
  const place = join(root, path)
  rmSync(join(place, 'coverage'), { recursive: true, force: true })
  const settings = [
    '--root',
    '.',
    '--config',
    '../../vitest.config.ts',
    '--coverage',
    '--reporter=dot',
  ]
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...settings], {
    cwd: place,
    env: {
      ...process.env,
      COVERAGE_PACKAGE: place,
      // Functions that come from compiled code are not counted apart.
      NODE_DISABLE_COMPILE_CACHE: '1',
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${sources}`,
    },
    stdio: ['ignore', process.stderr, process.stderr],
  })
  const summary = join(place, 'coverage/coverage-summary.json')
  if (status !== 0 || !existsSync(summary)) {
    failed.push(`${folder}: its tests failed`)
    continue
  }
  const { lines, branches, functions } = JSON.parse(readFileSync(summary, 'utf8')).total as Record<
    'lines' | 'branches' | 'functions',
    Share
  >
  const floor = floors[folder]
  const [line, branch, called] = [lines, branches, functions].map(
    ({ pct }) => `${pct.toFixed(1)} %`,
  )
  table.push(`| ${folder} | ${line} | ${branch} | ${called} | ${floor ?? ''} |`)
  if (floor !== undefined && lines.pct < floor) {
    failed.push(`${folder}: ${lines.pct} % of its lines are run, below its floor of ${floor} %`)
  }
}
console.log(table.join('\n'))
for (const line of failed) console.error(line)
process.exitCode = failed.length > 0 ? 1 : 0
