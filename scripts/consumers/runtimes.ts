// The packages in every Node that they are for, and in Bun and Deno, each from the registry: `require()`, the page's
// program with its loader workers, and in Node the READMEs' examples.

import { join } from 'node:path'
import process from 'node:process'
import { type Expected, readmes, runBlocks, runProgram } from './in-node.ts'
import type { Tarball } from './tarballs.ts'

const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
const denoPlatform: Record<string, string> = {
  'linux-x64': 'linux-x64-glibc',
  'linux-arm64': 'linux-arm64-glibc',
  'win-x64': 'win32-x64',
}
const packages = {
  bun: `@oven/bun-${platform === 'linux-arm64' ? 'linux-aarch64' : platform}`,
  deno: `@deno/${denoPlatform[platform] ?? platform}`,
}

/** What is installed: programs, none of which needs a script to be run for it. */
export const runtimeVersions: Record<string, string> = {
  node22: `npm:node-${platform}@^22.0.0`,
  node24: `npm:node-${platform}@^24.0.0`,
  node26: `npm:node-${platform}@^26.0.0`,
  [packages.bun]: '^1.4.0',
  [packages.deno]: '^2.9.0',
}

interface Runtime {
  name: string
  /** The package whose version counts. */
  package: string
  command: (folder: string) => string[]
  isNode: boolean
}

const inModules = (folder: string, ...path: string[]) => join(folder, 'node_modules', ...path)
const ending = process.platform === 'win32' ? '.exe' : ''

export const runtimes: readonly Runtime[] = [
  ...[22, 24, 26].map((major) => ({
    name: `Node ${major}`,
    package: `node${major}`,
    command: (folder: string) => [inModules(folder, `node${major}/bin/node${ending}`)],
    isNode: true,
  })),
  {
    name: 'Bun',
    package: packages.bun,
    command: (folder) => [inModules(folder, packages.bun, `bin/bun${ending}`), 'run'],
    isNode: false,
  },
  {
    name: 'Deno',
    package: packages.deno,
    command: (folder) => [
      inModules(folder, packages.deno, `deno${ending}`),
      ...['run', '--allow-all', '--node-modules-dir=manual', '--no-config', '--quiet'],
    ],
    isNode: false,
  },
]

const classifies = `
  import { classify } from './classify.js'
  console.log(JSON.stringify(await classify({ picture: 'picture.png' })))
  if (globalThis.process) process.exit(0)`

/** Faults of a runtime by what was asked of it; undefined where there is none. */
export function inRuntime(
  { command, isNode }: Runtime,
  folder: string,
  tarballs: readonly Tarball[],
  expected: Expected,
): [what: string, fault: string | undefined][] {
  const run = command(folder)
  const required = runProgram(folder, 'required.cjs', requiresAll(tarballs), run)
  const asked: [string, string | undefined][] = [
    [
      'classifies, with loader workers',
      classified(runProgram(folder, 'asks.mjs', classifies, run), expected),
    ],
    ['`require()` of every package', required.status === 0 ? undefined : lastLine(required.stderr)],
  ]
  if (!isNode) return asked
  const outcomes = runBlocks(folder, readmes(folder, tarballs), { command: run })
  const faults = outcomes.filter(({ fault }) => fault !== undefined)
  const told = faults.map(({ where, fault }) => `${where}: ${fault}`).join('; ') || undefined
  return [...asked, [`${outcomes.length} examples of the READMEs`, told]]
}

/** A CommonJS program that asks for every package but the command. */
export const requiresAll = (tarballs: readonly Tarball[]) =>
  tarballs
    .filter(({ name }) => name !== '@alexnet/cli')
    .map(({ name }) => `if (!Object.keys(require('${name}')).length) throw new Error('${name}')\n`)
    .join('')

function classified(
  { status, stdout, stderr }: ReturnType<typeof runProgram>,
  expected: Expected,
): string | undefined {
  if (status !== 0) return lastLine(stderr) || `ended with ${status}`
  const { label, probability, loaded } = JSON.parse(stdout.trim().split('\n').at(-1)!)
  if (label !== expected.label || Math.abs(probability - expected.probability) > 1e-4) {
    return `${label} ${probability}, in Node ${expected.label} ${expected.probability}`
  }
  if (typeof loaded !== 'number' || Math.abs(loaded - expected.loaded) > 1) {
    return `loader workers: ${loaded}`
  }
  return undefined
}

const lastLine = (text: string) => text.trim().split('\n').slice(-3).join(' ')
