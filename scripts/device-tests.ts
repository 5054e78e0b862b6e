// Runs the tests on devices of the package in the current folder that are no pages (`x.device.test.ts`): vitest with
// DEVICE_TESTS=1, which no line of a manifest can set on every system alike. Arguments go on to vitest.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const config = join(root, 'vitest.config.ts')
const run = [vitest, 'run', '--root', '.', '--config', config]
const { status } = spawnSync(process.execPath, [...run, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, DEVICE_TESTS: '1' },
})
process.exitCode = status ?? 1
