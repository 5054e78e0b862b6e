// The import map of a page that no tool has built: what the browser would ask for by name, found by following the
// imports of a program from file to file.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

type Exports = string | null | { [condition: string]: Exports }
interface Manifest {
  main?: string
  module?: string
  exports?: Exports
}

/** TensorFlow.js' own files for bundlers lack endings; this one is for pages. */
const forPages: Record<string, string> = { '@tensorflow/tfjs': 'dist/tf.fesm.min.js' }

/**
 * Names and the files they stand for, relative to the folder.
 *
 * @param folder with `node_modules`
 * @param entry the program's first file, within the folder
 */
export function importMap(folder: string, entry: string): Record<string, string> {
  const map: Record<string, string> = {}
  const seen = new Set<string>()
  const follow = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const name of importsOf(readFileSync(file, 'utf8'))) {
      if (name.startsWith('.')) {
        const next = join(dirname(file), name)
        if (existsSync(next)) follow(next)
      } else if (!name.startsWith('node:')) {
        const next = resolve(folder, name)
        if (next === undefined) continue
        map[name] = `./${relative(folder, next).replaceAll('\\', '/')}`
        follow(next)
      }
    }
  }
  follow(join(folder, entry))
  return map
}

const importsOf = (code: string) =>
  [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"\n]+)['"]/g)].map(([, name]) => name!)

/** The file that a name stands for in a page; undefined where it is not installed. */
function resolve(folder: string, name: string): string | undefined {
  const parts = name.split('/')
  const packageName = parts.slice(0, name.startsWith('@') ? 2 : 1).join('/')
  const place = join(folder, 'node_modules', packageName)
  if (!existsSync(join(place, 'package.json'))) return undefined
  if (forPages[name]) return join(place, forPages[name])
  const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest
  const entry = `.${name.slice(packageName.length)}`
  const { exports, module, main } = manifest
  if (exports === undefined) return join(place, entry === '.' ? (module ?? main ?? '') : entry)
  const entries =
    typeof exports === 'object' && exports && '.' in exports ? exports : { '.': exports }
  const file = choose((entries as Record<string, Exports>)[entry])
  return file === undefined ? undefined : join(place, file)
}

/** The first of an entry's conditions that a page has. */
function choose(entry: Exports | undefined): string | undefined {
  if (typeof entry === 'string') return entry
  for (const [condition, inside] of Object.entries(entry ?? {})) {
    if (!['browser', 'import', 'default'].includes(condition)) continue
    const file = choose(inside)
    if (file !== undefined) return file
  }
  return undefined
}
