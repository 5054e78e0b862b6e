// Our declarations under a strict consumer's settings: every entry of every package is imported, and libraries are
// checked too. What is wrong in the declarations of others (TensorFlow.js, WebGPU) is counted apart.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { layerOf } from '../check-structure/arrows.ts'
import type { Tarball } from './tarballs.ts'

/** Where a consumer's program runs, as TypeScript is told. */
export const settings = {
  'nodenext, Node without the DOM': {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib: ['es2023'],
    types: ['node'],
  },
  'nodenext, with the DOM': {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: ['node'],
  },
  'bundler, a page': {
    module: 'esnext',
    moduleResolution: 'bundler',
    customConditions: ['browser'],
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
  },
}
export type Setting = keyof typeof settings

/** Entries that are for pages alone, or for Node alone. TensorFlow.js's own types need the DOM's. */
const needsDom = /^@alexnet\/weights\/browser$/
const needsNode = /^@alexnet\/(cli|.*\/node)$/

/** What to import of the packages in a setting. */
export function entries(tarballs: readonly Tarball[], setting: Setting): string[] {
  return tarballs
    .filter(
      ({ member }) =>
        setting !== 'nodenext, Node without the DOM' || layerOf(member.folder)?.knowsTfjs === false,
    )
    .flatMap(({ name, member }) =>
      Object.keys(member.manifest.exports as object)
        .filter((entry) => !/[.](json|safetensors)$/.test(entry))
        .map((entry) => `${name}${entry.slice(1)}`),
    )
    .filter((entry) => {
      if (setting === 'bundler, a page') return !needsNode.test(entry)
      return setting !== 'nodenext, Node without the DOM' || !needsDom.test(entry)
    })
}

export interface Checked {
  /** Errors in our declarations and in the programs. */
  ours: string[]
  /** How many there are in those of others. */
  others: number
}

/**
 * Type-checks programs in a consumer's folder.
 *
 * @param files programs by name
 * @param libraries false passes over declarations, as most consumers do
 */
export function typeCheck(
  folder: string,
  files: Readonly<Record<string, string>>,
  {
    setting,
    typescript = 'typescript',
    libraries = true,
  }: { setting: Setting; typescript?: string; libraries?: boolean },
): Checked {
  const place = join(folder, 'types')
  mkdirSync(place, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text)
  const config = {
    compilerOptions: {
      ...settings[setting],
      target: 'es2023',
      strict: true,
      noEmit: true,
      skipLibCheck: !libraries,
      allowJs: true,
      checkJs: true,
    },
    files: Object.keys(files),
  }
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(folder, 'node_modules', typescript, 'bin/tsc')
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [compiler, '-p', place, '--pretty', 'false'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  const errors = stdout.split('\n').filter((line) => /: error TS|^error TS/.test(line))
  if (status !== 0 && errors.length === 0) throw new Error(`${typescript} failed: ${stderr}`)
  const isOurs = (line: string) => /^(types\/|error TS)|node_modules\/@alexnet\//.test(line)
  const ours = errors.filter(isOurs)
  return { ours, others: errors.length - ours.length }
}
