// Runs the browser tests of the package in the current folder (`x.browser.test.ts`) in Chromium, or with
// --plain-page those for a page without cross-origin isolation (`x.plain-page.test.ts`); other arguments go on
// to vitest. Where the machine has no Chromium it says so in one line and ends well, but fails where
// REQUIRE_DEVICES is set.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { findChromium, missingChromium } from './chromium.ts'

if (findChromium() === undefined) {
  console.log(`browser tests skipped: ${missingChromium()}`)
  if (process.env.REQUIRE_DEVICES) process.exitCode = 1
} else {
  // The workspace's own vitest: the browser provider is installed beside it.
  const root = join(import.meta.dirname, '..')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const config = join(root, 'vitest.browser.config.ts')
  const given = process.argv.slice(2)
  const run = [vitest, 'run', '--root', '.', '--config', config]
  const env = { ...process.env, ...(given.includes('--plain-page') && { PLAIN_PAGE: '1' }) }
  const rest = given.filter((argument) => argument !== '--plain-page')
  const { status } = spawnSync(process.execPath, [...run, ...rest], { stdio: 'inherit', env })
  process.exitCode = status ?? 1
}
