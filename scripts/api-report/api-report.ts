// What a package gives to its users, as text that is committed: every name of every entry point with its
// declaration, read from the built .d.ts files, without comments. A change of it is seen in review. It reads
// declarations as tsc writes them (each begins at the start of a line) and judges nothing.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** One exported name. */
export interface ApiName {
  name: string
  /** File and name of its declaration; those of other packages as `@alexnet/backend#useBackend`. */
  origin: string
  /** The declaration, without comments. */
  text: string
}

/** One entry point. */
export interface Door {
  /** `@alexnet/data`, `@alexnet/data (browser)`, `@alexnet/data/transforms`. */
  title: string
  names: ApiName[]
}

interface Exports {
  [condition: string]: string | Exports
}

/** The entry points of the package in `folder`, in the order of their names. */
export function doorsOf(folder: string): Door[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    exports?: Exports
  }
  const doors: Door[] = []
  const add = (title: string, entry: string | Exports) => {
    if (typeof entry === 'string') return
    const { types, browser } = entry
    if (typeof types === 'string') {
      const names = [...readExports(join(folder, types), folder)].map(([name, found]) => ({
        ...found,
        name,
      }))
      doors.push({ title, names: names.sort((one, two) => (one.name < two.name ? -1 : 1)) })
    }
    if (browser) add(`${title} (browser)`, browser)
  }
  for (const [subpath, entry] of Object.entries(manifest.exports ?? {}).sort()) {
    add(join(manifest.name, subpath), entry)
  }
  return doors
}

/** The report of a package, as `docs/api/<folder>.md` holds it. */
export function apiReport(folder: string): string {
  const doors = doorsOf(folder)
  const sections = doors.map(({ title, names }) => {
    const others = new Map(
      title.endsWith(' (browser)')
        ? doors.find((door) => `${door.title} (browser)` === title)?.names.map((n) => [n.name, n])
        : [],
    )
    // What is the same in Node is not said twice.
    const shown = names.filter(({ name, text }) => others.get(name)?.text !== text)
    const missing = [...others.keys()].filter((name) => !names.some((one) => one.name === name))
    const count = `${names.length} names`
    const rest = missing.length > 0 ? `, without ${missing.join(', ')}` : ''
    const code =
      shown.length > 0 ? `\n\`\`\`ts\n${shown.map(({ text }) => text).join('\n')}\n\`\`\`\n` : ''
    return `## ${title}\n\n${count}${others.size > 0 ? `; Node's${rest}` : ''}.\n${code}`
  })
  const command = '`node scripts/api-report/main.ts`'
  return `# What a program can import\n\nMade by ${command} from the built declarations: not to be edited.\n\n${sections.join('\n')}`
}

/**
 * Names that are declared in two packages: for each, where. Backends stand for each other, so they may have names
 * in common.
 */
export function sharedNames(folders: readonly string[]): Map<string, string[]> {
  const places = new Map<string, Set<string>>()
  for (const folder of folders) {
    for (const { names } of doorsOf(folder)) {
      for (const { name, origin } of names) {
        if (origin.startsWith('@')) continue
        const owner = folder.replace(/backend-[^/]+$/, 'backend-*')
        places.set(name, (places.get(name) ?? new Set()).add(owner))
      }
    }
  }
  return new Map(
    [...places].filter(([, found]) => found.size > 1).map(([name, found]) => [name, [...found]]),
  )
}

type Found = Omit<ApiName, 'name'>

/** The names that a declaration file exports. */
function readExports(file: string, folder: string): Map<string, Found> {
  const found = new Map<string, Found>()
  const { statements, imported } = readStatements(file)
  const declared = new Map<string, string>()
  for (const statement of statements) {
    const name = declaredName(statement)
    if (!name) continue
    declared.set(name, [declared.get(name), statement].filter(Boolean).join('\n'))
  }
  const own = (name: string): Found => ({
    origin: `${relative(folder, file)}#${name}`,
    text: (declared.get(name) ?? '').replace(
      /^(?:export )?(?=(?:declare|interface|type|abstract) )/gm,
      'export ',
    ),
  })
  for (const statement of statements) {
    const name = declaredName(statement)
    if (name && statement.startsWith('export ')) found.set(name, own(name))
    const list = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/.exec(statement)
    for (const item of list?.[1]?.split(',') ?? []) {
      const [local, exported = local] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ')
      if (!local) continue
      const from = list?.[2] ?? imported.get(local)
      found.set(exported!, from ? lookUp(from, local) : own(local))
    }
    const all = /^export \* from '([^']+)'/.exec(statement)?.[1]
    if (all) {
      for (const [one, value] of readExports(resolved(all), folder)) {
        if (!found.has(one)) found.set(one, value)
      }
    }
  }
  return found

  function resolved(from: string): string {
    return join(dirname(file), from.replace(/\.(?:ts|js)$/, '.d.ts'))
  }
  function lookUp(from: string, name: string): Found {
    if (!from.startsWith('.')) {
      return { origin: `${from}#${name}`, text: `export { ${name} } from '${from}'` }
    }
    const value = readExports(resolved(from), folder).get(name)
    if (!value) throw new Error(`${relative(folder, file)}: ${from} has no ${name}; build it again`)
    return value
  }
}

/** The name that a statement declares. */
const declaredName = (statement: string): string | undefined =>
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|let|interface|type|namespace) ([\w$]+)/.exec(
    statement,
  )?.[1]

/** The statements of a declaration file, and which names it imports from where. */
function readStatements(file: string): { statements: string[]; imported: Map<string, string> } {
  if (!existsSync(file)) throw new Error(`${file}: is missing; build the package first`)
  const lines = withoutComments(readFileSync(file, 'utf8'))
    .split('\n')
    .filter((line) => line.trim() && line.trim() !== '#private;')
  const statements: string[] = []
  for (const line of lines) {
    if (/^(?:export|declare|import|interface|type|const|class|function)\b/.test(line)) {
      statements.push(line)
    } else statements[statements.length - 1] += `\n${line}`
  }
  const imported = new Map<string, string>()
  for (const statement of statements) {
    const list = /^import (?:type )?\{([^}]*)\} from '([^']+)'/.exec(statement)
    for (const item of list?.[1]?.split(',') ?? []) {
      const [name, local = name] = item
        .trim()
        .replace(/^type /, '')
        .split(' as ')
      if (local) imported.set(local, list![2]!)
    }
  }
  return { statements, imported }
}

/** Comments out; what looks like one in a text literal stays. */
const withoutComments = (text: string): string =>
  text.replace(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, literal: string | undefined) => literal ?? '',
  )
