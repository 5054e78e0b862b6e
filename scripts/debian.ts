// Debian's own packages for tests that need more than Node: nothing is downloaded from anywhere else.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'

/** Installs Debian's packages for `tests`; returns why that could not be done, or undefined if it was. */
export function installPackages(packages: readonly string[], tests: string): string | undefined {
  if (!existsSync('/etc/debian_version')) return 'this is no Debian'
  if (process.getuid?.() !== 0) return 'only root may install it'
  process.stderr.write(`▸ installing ${packages.join(' and ')} for ${tests} (apt-get, once)\n`)
  for (const command of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const { status, stderr } = spawnSync('apt-get', command, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) {
      return `apt-get ${command[0]} failed: ${stderr?.trim().split('\n').at(-1) ?? 'no apt-get'}`
    }
  }
  return undefined
}
