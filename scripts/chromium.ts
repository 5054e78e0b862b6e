// Chromium for the browser tests: where it is, the options it runs with, and how it is brought to a machine
// that has none. Debian's own package is used; nothing downloads a browser from anywhere else. Run as a
// program (`node scripts/chromium.ts`), it installs Chromium if it can and prints the file's path; where it
// cannot it says why in one line, prints nothing and ends well, because the tests then skip.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import process from 'node:process'

/** Software drivers for WebGL and WebGPU, so that tests need no GPU; and no traffic of the browser's own. */
export const chromiumFlags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // Clearing workgroup memory is compiled into each shader, seconds each on the software driver.
  '--enable-dawn-features=disable_workgroup_init',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  // Pages wait for each other; none is to be slowed down for being behind another.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** The browser's file: `$CHROMIUM_PATH`, or one of the usual places; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH
  if (named) return existsSync(named) ? named : undefined
  return usualPlaces.find((place) => existsSync(place))
}

/** Why the browser tests are skipped, in one line. */
export function missingChromium(): string {
  const named = process.env.CHROMIUM_PATH
  return named
    ? `there is no Chromium at ${named}, which CHROMIUM_PATH names`
    : 'no Chromium found: install it (Debian: apt install chromium) or name its file in CHROMIUM_PATH'
}

/** Installs Debian's package; returns why that could not be done, or undefined if it was. */
function installChromium(): string | undefined {
  if (!existsSync('/etc/debian_version')) return 'this is no Debian'
  if (process.getuid?.() !== 0) return 'only root may install it'
  process.stderr.write('▸ installing chromium for the browser tests (apt-get, once)\n')
  for (const command of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
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

if (process.argv[1] === import.meta.filename) {
  const named = Boolean(process.env.CHROMIUM_PATH)
  const why = findChromium() || named ? undefined : installChromium()
  const file = findChromium()
  if (file) console.log(file)
  else {
    const reason = why ? `${missingChromium()} (${why})` : missingChromium()
    process.stderr.write(`▸ browser tests are skipped: ${reason}\n`)
  }
}
