// Programs with two copies of TensorFlow.js, each of which has the engine that the other made.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterAll, expect, it } from 'vitest'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'copies-')))
afterAll(() => rmSync(folder, { recursive: true }))

const umbrella = createRequire(import.meta.url).resolve('@tensorflow/tfjs')
const core = dirname(dirname(createRequire(umbrella).resolve('@tensorflow/tfjs-core')))
// Another copy of tfjs-core beside the packages that it needs.
const copy = join(folder, 'tfjs-core')
mkdirSync(join(copy, 'dist'), { recursive: true })
copyFileSync(join(core, 'dist/tf-core.node.js'), join(copy, 'dist/tf-core.node.js'))
symlinkSync(dirname(dirname(core)), join(folder, 'node_modules'))

/** What a program, a line an item, says to its standard error. */
function run(program: readonly string[]): string {
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program.join('\n')],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  )
  expect(status).toBe(0)
  return stderr
}

const loadCopy = `process.getBuiltinModule('node:module').createRequire(${JSON.stringify(join(folder, 'x.js'))})('./tfjs-core/dist/tf-core.node.js')`
const loadOurs = `const { tfjsCpu, useBackend } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})`
const USE = 'await useBackend([tfjsCpu()])'

it.each([
  { which: 'other', first: [loadCopy, loadOurs], places: [copy, core] },
  { which: 'own', first: [loadOurs, loadCopy], places: [core, copy] },
])(
  'tells of two copies once, where they are and the way out, the $which first',
  ({ first, places }) => {
    const told = run([...first, USE, USE])
    const lines = told.split('\n').filter((line) => line.includes('two copies'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`(${places.join(' and ')})`)
    expect(lines[0]).toMatch(
      /`npm dedupe`.*"overrides": \{ "@tensorflow\/tfjs": "\$@tensorflow\/tfjs" \}.*pnpm.*'@tensorflow\/tfjs': '4\.22\.0'/,
    )
  },
)

it('says nothing of one', () => {
  expect(run([loadOurs, USE])).not.toContain('copies')
})
