// Checks every import of every package, as it stands in the sources: directions between packages,
// cycles between files, paths that leave a package, packages that a manifest does not declare.
// dependency-cruiser reads and resolves the imports (with swc as its parser: TypeScript 7 has no
// JavaScript API) and applies the rules; symbolic links are kept, so that a package of ours looks like
// any other dependency and is judged by the manifest that names it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser'
import { commonRules, directionRules, type ImportRule } from './import-rules.ts'
import type { CheckResult, Violation } from './violation.ts'
import { filesBelow, type Member } from './workspace.ts'

const sourceFile = /[.](ts|tsx|mts|js|mjs)$/

/**
 * Checks the imports of every member.
 *
 * @param root the workspace's root
 * @throws Error when a file cannot be parsed; it names the file
 */
export async function checkImports(root: string, members: readonly Member[]): Promise<CheckResult> {
  const files = members.flatMap(({ path }) =>
    filesBelow(join(root, path))
      .filter((file) => sourceFile.test(file))
      .map((file) => `${path}/${file}`),
  )
  const rules = [...members.flatMap((member) => directionRules(member, members)), ...commonRules]
  const { output } = await cruise(
    files,
    {
      baseDir: root,
      parser: 'swc',
      tsPreCompilationDeps: true, // count imports of types, which are gone after compiling
      preserveSymlinks: true,
      doNotFollow: { path: '^(packages|apps)/[^/]+/dist/|(^|/)node_modules/' },
      validate: true,
      ruleSet: {
        forbidden: rules.map(({ forbidden }, index) => ({ ...forbidden, name: `${index}` })),
      },
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.d.ts'],
    },
  )
  const { modules, summary } = output as ICruiseResult
  const read = new Set(files)
  const graph = new Map(
    modules.map(({ source, dependencies }) => [
      source,
      dependencies.map(({ resolved }) => resolved),
    ]),
  )
  const imports = modules
    .filter(({ source }) => read.has(source))
    .reduce((sum, { dependencies }) => sum + dependencies.length, 0)
  return {
    checked: `${imports} imports in ${files.length} files of ${members.length} packages`,
    violations: [
      ...describe(summary.violations, rules, members),
      ...files.flatMap((file) => hiddenImports(root, file)),
      ...files.flatMap((file) => workerCircle(root, file, graph)),
    ],
  }
}

/** One violation for an import, by the first rule that it breaks; one for a cycle, wherever entered. */
function describe(
  found: readonly IViolation[],
  rules: readonly ImportRule[],
  members: readonly Member[],
): Violation[] {
  const seen = new Set<string>()
  return [...found]
    .sort((a, b) => Number(a.rule.name) - Number(b.rule.name) || a.from.localeCompare(b.from))
    .flatMap((violation) => {
      const { from, to, unresolvedTo = to, cycle } = violation
      const steps = cycle?.map(({ name }) => name).sort()
      const key = steps ? steps.join() : `${from} ${to}`
      const rule = rules[Number(violation.rule.name)]
      const member = members.find(({ path }) => from.startsWith(`${path}/`))
      if (!rule || !member || seen.has(key)) return []
      seen.add(key)
      return [{ file: from, ...rule.explain(unresolvedTo, member, violation) }]
    })
}

/** `import('x').Thing` and `typeof import('x')` in a type: imports that the parser does not report. */
const typeImport = /\btypeof\s+import\((['"])(.+?)\1\)|\bimport\((['"])(.+?)\3\)\s*\.\s*[A-Z]/g

function hiddenImports(root: string, file: string): Violation[] {
  if (!/[.]m?tsx?$/.test(file)) return []
  return [...readFileSync(join(root, file), 'utf8').matchAll(typeImport)].map((match) => ({
    file,
    what: `imports ${match[2] ?? match[4]} inside a type, where this check cannot follow it`,
    remedy: 'write it as `import type` at the head of the file',
  }))
}

/** How a file of ours starts another one as a worker, by which bundlers find it. */
const workerStart = /new Worker\(\s*new URL\(/

/** A worker that imports the file by which workers are started: bundlers follow it for ever. */
function workerCircle(
  root: string,
  file: string,
  graph: ReadonlyMap<string, readonly string[]>,
): Violation[] {
  if (!/[-/]worker[.]ts$/.test(file)) return []
  const reached = new Set([file])
  for (const from of reached) for (const to of graph.get(from) ?? []) reached.add(to)
  return [...reached]
    .filter((path) => /[.]ts$/.test(path) && graph.has(path) && !path.includes('node_modules/'))
    .filter((path) => workerStart.test(readFileSync(join(root, path), 'utf8')))
    .map((path) => ({
      file,
      what: `is a worker and imports ${path}, which starts workers`,
      remedy: 'move what both need out of the file that starts them',
    }))
}
