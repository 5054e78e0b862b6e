import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('the example in README.md runs and prints what it says', () => {
  const folder = join(import.meta.dirname, '..')
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const input = /```ts\n(.*?)```/s.exec(readme)![1]!
  // From standard input, since Node strips no types from files under node_modules and finds the
  // package by its own name from its folder.
  const options = { cwd: folder, input, encoding: 'utf8', timeout: 60_000 } as const
  const result = spawnSync(process.execPath, ['--input-type=module-typescript'], options)
  expect(result.stdout, result.stderr).toBe(/```text\n(.*?)```/s.exec(readme)![1])
  expect(result.status).toBe(0)
})
