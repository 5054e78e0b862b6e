// A program whose own TensorFlow.js is another copy than the one that this package finds, as npm nests them where
// versions do not agree.

import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'copies-')))
/** tfjs's packages as this one finds them, and what they need from others. */
const umbrella = createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json')
const ours = dirname(dirname(umbrella))
const core = realpathSync(join(ours, 'tfjs-core'))
const needs = ['long', 'node-fetch', 'seedrandom']

beforeAll(() => {
  const modules = join(folder, 'node_modules')
  for (const name of readdirSync(ours)) {
    const from = realpathSync(join(ours, name))
    // What Node loads of it.
    const filter = (path: string) =>
      path === from || /([\\/]package\.json|[\\/]dist|\.node\.js)$/.test(path)
    cpSync(from, join(modules, '@tensorflow', name), { recursive: true, filter })
  }
  for (const name of needs) symlinkSync(join(dirname(dirname(core)), name), join(modules, name))
})
afterAll(() => rmSync(folder, { recursive: true }))

const IMPORT_THEIRS = "import * as tf from '@tensorflow/tfjs'"
const importOurs = `import { createAlexNet } from '${import.meta.dirname}/index.ts'`

it.each([
  { which: 'program', imports: [IMPORT_THEIRS, importOurs] },
  { which: 'package', imports: [importOurs, IMPORT_THEIRS] },
])(
  'tells of the copies when a model is built, once, where tfjs of the $which came first',
  ({ imports }) => {
    const file = join(folder, 'program.mjs')
    const lines = [
      ...imports,
      "const model = createAlexNet({ variant: 'lenet-5', initialize: false })",
      "createAlexNet({ variant: 'lenet-5', initialize: false })",
      "console.warn('built')",
      // Caught, so that the program ends once all is written that it has said.
      'try { tf.layers.dense({ units: 2 }).apply(model.output) } catch (error) { console.warn(error.message) }',
    ]
    writeFileSync(file, lines.join('\n'))
    const { stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    const [before, after] = stderr.split('\nbuilt\n')
    const told = before!.split('\n').filter((line) => line.includes('two copies of TensorFlow.js'))
    expect(told).toHaveLength(1)
    for (const place of [folder, core]) expect(told[0]).toContain(place)
    expect(told[0]).toContain('"overrides": { "@tensorflow/tfjs": "$@tensorflow/tfjs" }')
    // What would have been the only word of it.
    expect(after).toContain("must be a Tensor or TensorLike, but got 'SymbolicTensor'")
  },
)
