// Mutation testing with Stryker: the code is changed in one place after the other (`<` for `<=`, `+` for `-`, a block
// left out), and the tests should fail each time. What no test notices is printed, a line a change; the score is the
// share that was noticed. It takes long, one change after the other on one processor, and is no part of `npm test`.
// Needs a build.
//
//     node scripts/mutation/main.ts [package …] [--files PATTERN]

import { join, relative } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { leftOut, targets } from './targets.ts'

type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

const root = join(import.meta.dirname, '../..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string' } },
})
const folders = positionals.length > 0 ? positionals : Object.keys(targets)
const unknown = folders.filter((folder) => !(folder in targets))
if (unknown.length > 0) {
  console.error(
    `no targets for ${unknown.join(', ')}; there are some for ${Object.keys(targets).join(', ')}`,
  )
  process.exit(2)
}

const NOTICED = ['Killed', 'Timeout']
const UNNOTICED = ['Survived', 'NoCoverage']

/** A change as a line: where, what stood there and what stood there instead. */
function line({ fileName, location, mutatorName, replacement, status }: MutantResult, at: string) {
  const place = `${relative(at, fileName)}:${location.start.line}:${location.start.column}`
  return `${place} ${mutatorName} → ${replacement.replace(/\s+/g, ' ').slice(0, 100)}${status === 'NoCoverage' ? ' (not run)' : ''}`
}

async function mutate(folder: string): Promise<string[]> {
  const place = join(root, 'packages', folder)
  process.chdir(place)
  process.env.MUTATION_PACKAGE = folder
  const stryker = new Stryker({
    mutate: values.files ? [values.files] : [...targets[folder]!.mutate],
    mutator: { excludedMutations: leftOut },
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    testRunner: 'vitest',
    vitest: { configFile: join(import.meta.dirname, 'vitest.config.ts') },
    coverageAnalysis: 'perTest',
    // What is changed in a constant of a file needs every test anew, from the import on.
    ignoreStatic: true,
    concurrency: 1,
    reporters: ['progress-append-only'],
    tempDirName: '.stryker-tmp',
    // Stryker reads them by an interface that TypeScript 7 has not.
    ignorePatterns: ['tsconfig*.json', 'coverage'],
    allowConsoleColors: false,
    timeoutMS: 5_000,
  })
  const results = await stryker.runMutationTest()
  const files = new Map<string, MutantResult[]>()
  for (const result of results) {
    const name = relative(place, result.fileName)
    files.set(name, [...(files.get(name) ?? []), result])
  }
  const count = (found: readonly MutantResult[], kinds: readonly string[]) =>
    found.filter(({ status }) => kinds.includes(status)).length
  const row = (name: string, found: readonly MutantResult[]) => {
    const [noticed, unnoticed] = [count(found, NOTICED), count(found, UNNOTICED)]
    const share = ((100 * noticed) / (noticed + unnoticed)).toFixed(1)
    return `| ${name} | ${noticed + unnoticed} | ${unnoticed} | ${share} % |`
  }
  for (const result of results.filter(({ status }) => UNNOTICED.includes(status))) {
    console.log(`${folder}/${line(result, place)}`)
  }
  return [
    row(`**${folder}**`, results),
    ...[...files].map(([name, found]) => row(`${folder}/${name}`, found)),
  ]
}

const table = [
  '| file | changes | not noticed | score |',
  '| ---- | ------- | ----------- | ----- |',
]
for (const folder of folders) table.push(...(await mutate(folder)))
console.log(table.join('\n'))
