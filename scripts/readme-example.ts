// The test that every package runs beside its own (vitest.config.ts includes it): the first example of
// README.md, run as a user would run it, prints what the README says it prints.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const readme = readFileSync('README.md', 'utf8')
const example = /```ts\n(.*?)```/s.exec(readme)?.[1]

it.skipIf(example === undefined)('the example of README.md prints what it says', () => {
  // From standard input: Node strips no types below node_modules, and finds the package by its own name
  // from its folder.
  const result = spawnSync(process.execPath, ['--input-type=module-typescript'], {
    input: example!,
    encoding: 'utf8',
  })
  expect(result.stdout, result.stderr).toBe(/```text\n(.*?)```/s.exec(readme)?.[1])
  expect(result.status).toBe(0)
})
