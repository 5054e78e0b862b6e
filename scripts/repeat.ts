// Runs the tests of packages again and again, those that need no device, and tells of each that failed how often: a
// test that fails now and then is a fault of the test or of what it tests. Needs a build. Fails where any did.
//
//     node scripts/repeat.ts TIMES [folder …]

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { readMembers } from './check-structure/workspace.ts'

const root = join(import.meta.dirname, '..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const [times = '', ...asked] = process.argv.slice(2)
const members = readMembers(root)
const unknown = asked.filter((name) => !members.some(({ folder }) => folder === name))
if (!/^[1-9]\d*$/.test(times) || unknown.length > 0) {
  const why = unknown.length > 0 ? `there is no ${unknown.join(', ')}\n` : ''
  process.stderr.write(`${why}usage: node scripts/repeat.ts TIMES [folder …]\n`)
  process.exit(2)
}

/** What vitest's JSON reporter writes, as far as it is used. */
interface Report {
  numTotalTests: number
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

/** Tests that failed, with the first line of why. */
function run(path: string, output: string): { tests: number; failed: [string, string][] } {
  rmSync(output, { force: true })
  const settings = ['--root', '.', '--config', '../../vitest.config.ts']
  const reports = ['--reporter=json', `--outputFile=${output}`]
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...settings, ...reports], {
    cwd: join(root, path),
    stdio: 'ignore',
  })
  const { numTotalTests, testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report
  const failed = testResults.flatMap(({ name, status: state, message, assertionResults }) => {
    const file = relative(root, name)
    const own = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test): [string, string] => [`${file}: ${test.fullName}`, test.failureMessages[0] ?? ''])
    return state === 'failed' && own.length === 0 ? [[file, message] as [string, string]] : own
  })
  if (status !== 0 && failed.length === 0) failed.push([path, `vitest ended with ${status}`])
  return { tests: numTotalTests, failed }
}

const folder = mkdtempSync(join(tmpdir(), 'repeat-'))
const failures = new Map<string, { times: number; why: string }>()
const table = [
  '| package | tests | repeats | failures |',
  '| ------- | ----- | ------- | -------- |',
]
try {
  for (const { folder: name, path } of members) {
    if (asked.length > 0 && !asked.includes(name)) continue
    let [tests, count] = [0, 0]
    for (let repeat = 0; repeat < Number(times); repeat++) {
      const result = run(path, join(folder, 'report.json'))
      tests = result.tests
      count += result.failed.length
      for (const [test, why] of result.failed) {
        const before = failures.get(test)
        const reason = why.split('\n')[0] ?? ''
        failures.set(test, { times: (before?.times ?? 0) + 1, why: before?.why ?? reason })
        process.stderr.write(`${name}, repeat ${repeat + 1}: ${test}: ${reason}\n`)
      }
    }
    table.push(`| ${name} | ${tests} | ${times} | ${count} |`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(table.join('\n'))
for (const [test, { times: count, why }] of failures)
  console.log(`- ${count} times: ${test}: ${why}`)
if (failures.size > 0) process.exitCode = 1
