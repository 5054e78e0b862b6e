// Chromium for the browser tests: where it is, the options it runs with, and how it is brought to a machine
// that has none, with the loader by which Node finds its software Vulkan driver for WebGPU. Debian's own packages
// are used; nothing downloads a browser from anywhere else. Run as a program (`node scripts/chromium.ts`), it
// installs what is missing if it can and prints the browser's file; where it cannot it says in one line which
// tests are skipped, why, and what would bring them. With REQUIRE_DEVICES set nothing is
// skipped: it fails.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { win32 } from 'node:path'
import process from 'node:process'
import { installPackages } from './debian.ts'

/** Software drivers for WebGL and WebGPU, the same on every machine. */
const software = [
  '--use-webgpu-adapter=swiftshader',
  // Clearing workgroup memory is compiled into each shader, seconds each on the software driver.
  '--enable-dawn-features=disable_workgroup_init',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]

/** No GPU is needed unless `CHROMIUM_GPU=1` asks for the machine's; and no traffic of the browser's own. */
export const chromiumFlags = [
  ...(process.env.CHROMIUM_GPU === '1' ? ['--enable-gpu'] : software),
  '--no-sandbox',
  '--enable-unsafe-webgpu',
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

/** Where Chromium, Chrome or, on Windows, where it always is, Edge are installed, the first that should be taken first. */
export function usualPlaces(
  platform: NodeJS.Platform = process.platform,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string[] {
  if (platform === 'win32') {
    const folders = [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]
    const files = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Chromium\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ]
    return files.flatMap((file) =>
      folders.flatMap((folder) => (folder ? [win32.join(folder, file)] : [])),
    )
  }
  if (platform === 'darwin') {
    return [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ]
  }
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
}

/** The browser's file: `$CHROMIUM_PATH`, or one of the usual places; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH
  if (named) return existsSync(named) ? named : undefined
  return usualPlaces().find((place) => existsSync(place))
}

const packages = ['chromium', 'libvulkan1']

/** Why there is no browser to test in, and what would bring it, in one line. */
export function missingChromium(): string {
  const named = process.env.CHROMIUM_PATH
  if (named) return `there is no Chromium at ${named}, which CHROMIUM_PATH names`
  const how = process.platform === 'linux' ? ` (Debian: apt install ${packages.join(' ')})` : ''
  return `no Chromium, Chrome${process.platform === 'win32' ? ' or Edge' : ''} found: install it${how} or name its file in CHROMIUM_PATH`
}

/** Whether Node finds Vulkan drivers, a software driver too, by the system's loader. */
function hasVulkanLoader(): boolean {
  if (process.platform !== 'linux') return true
  const { stdout } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' })
  return stdout?.includes('libvulkan.so.1') ?? false
}

if (process.argv[1] === import.meta.filename) {
  const named = Boolean(process.env.CHROMIUM_PATH)
  const complete = named || (findChromium() !== undefined && hasVulkanLoader())
  const why = complete ? undefined : installPackages(packages, 'the device tests')
  const file = findChromium()
  if (file) {
    console.log(file)
    if (why) {
      process.stderr.write(
        `▸ without libvulkan1 Node finds no software driver for WebGPU (apt install libvulkan1): ${why}\n`,
      )
    }
  } else {
    const reason = why ? `${missingChromium()} (${why})` : missingChromium()
    const skipped = process.env.REQUIRE_DEVICES
      ? 'cannot run, and REQUIRE_DEVICES skips none'
      : 'are skipped'
    process.stderr.write(
      `▸ tests in Chromium, and on its software drivers, ${skipped}: ${reason}\n`,
    )
    if (process.env.REQUIRE_DEVICES) process.exitCode = 1
  }
}
