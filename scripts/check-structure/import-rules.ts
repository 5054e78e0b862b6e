// The rules that every import must keep, each with the words that report it. The directions between
// packages come from the table of layers; the rest holds for every package alike. An import that breaks
// several rules is reported by the first of them, so the more telling ones stand first.

import type { IRegularForbiddenRuleType, IViolation } from 'dependency-cruiser'
import { allowedImports, layerOf, SCOPE } from './arrows.ts'
import { allDependencies, type Member, runtimeDependencies } from './workspace.ts'

/** One rule: what dependency-cruiser forbids, and how a broken one is explained. */
export interface ImportRule {
  forbidden: Omit<IRegularForbiddenRuleType, 'name'>
  /** Says what is wrong and what to do; `target` is the import as it is written. */
  explain(target: string, member: Member, violation: IViolation): { what: string; remedy: string }
}

/** Tests, and what several of them share. */
const TEST_FILE = '[.]test[.]tsx?$|^(packages|apps)/[^/]+/src/testing(/|[.]ts$)'
/** Files that no user of a package gets: tests, and whatever lies outside `src`. */
const developmentFile = `${TEST_FILE}|^(packages|apps)/[^/]+/(?!src/)`
/** tfjs-core's own tests: bundled, with the one build of it that tfjs brings. */
const TFJS_SUITE = '^packages/conformance/scripts/tfjs-suite/'
const ANY_MEMBER = '^(packages|apps)/'
const TFJS = '(^|node_modules/)@tensorflow/'

/** Whom a package's code and its tests may import, and whether it knows TensorFlow.js. */
export function directionRules(member: Member, members: readonly Member[]): ImportRule[] {
  const layer = member.group === 'packages' ? layerOf(member.folder) : undefined
  if (member.group === 'packages' && layer === undefined) return [] // reported with the manifests
  const packages = members.filter(({ group }) => group === 'packages').map(({ folder }) => folder)
  const inCode = layer ? allowedImports(layer) : packages
  const types = layer?.types ?? []
  const inTests = [member.folder, ...(layer ? allowedImports(layer, { tests: true }) : packages)]
  const own = `^${member.path}/`
  const ours = `(^|node_modules/)${SCOPE}`
  const among = (names: readonly string[]) =>
    `${ours}(${names.map((name) => name.replace('*', '[^/]+')).join('|')})(/|$)`
  const list = (names: readonly string[]) =>
    layer ? names.join(', ') || 'no package of ours' : 'packages, no other app'

  const rules: ImportRule[] = [
    {
      forbidden: {
        from: { path: own, pathNot: developmentFile },
        to: { path: ours, pathNot: among([...inCode, ...types]) },
      },
      explain: (target) => ({
        what: `imports ${target}, but ${member.folder} may import ${list(inCode)}`,
        remedy: 'take the thing as an argument, or move the code to a package that may import both',
      }),
    },
    {
      forbidden: {
        from: { path: `${own}(?=.*[.]test[.]tsx?$|src/testing(/|[.]ts$)|(?!src/))` },
        to: { path: ours, pathNot: among(inTests) },
      },
      explain: (target) => ({
        what: `imports ${target}, but tests of ${member.folder} may import ${list(inTests)}`,
        remedy: 'move the test up to a package that may import both',
      }),
    },
  ]
  if (types.length > 0) {
    rules.push({
      forbidden: {
        from: { path: own, pathNot: developmentFile },
        to: { path: among(types), dependencyTypesNot: ['type-only'] },
      },
      explain: (target) => ({
        what: `imports ${target}, of which ${member.folder} may import types alone`,
        remedy: 'write it as `import type`, or take the thing as an argument',
      }),
    })
  }
  if (layer?.knowsTfjs === false) {
    rules.push({
      forbidden: { from: { path: own }, to: { path: TFJS } },
      explain: (target) => ({
        what: `imports ${target}, but ${member.folder} works on typed arrays and knows no TensorFlow.js`,
        remedy: 'move what needs tensors to core or train',
      }),
    })
  }
  // Types that no declaration of the package names are needed to build it and not to use it.
  const pathNot = types.length > 0 ? among(types) : undefined
  rules.push({
    forbidden: {
      from: { path: `${own}src/`, pathNot: TEST_FILE },
      to: {
        ...(pathNot && { pathNot }),
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
      },
    },
    explain: (target) => explainUndeclared(target, member, runtimeDependencies(member)),
  })
  return rules
}

/** What holds for every package. */
export const commonRules: readonly ImportRule[] = [
  {
    forbidden: {
      from: { path: ANY_MEMBER, pathNot: TFJS_SUITE },
      to: { path: `${TFJS}tfjs-(core|layers)(/|$)` },
    },
    explain: (target) => ({
      what: `imports ${target}, of which Node and bundlers load different builds`,
      remedy: "import it from '@tensorflow/tfjs'",
    }),
  },
  {
    forbidden: {
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    explain: (target) => ({
      what: `imports ${target}, a path that leaves the package`,
      remedy: 'import the other package by its name, through its exports',
    }),
  },
  {
    forbidden: {
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TEST_FILE },
      to: { path: TEST_FILE },
    },
    explain: (target) => ({
      what: `is shipped and imports the test ${target}`,
      remedy: 'move what both need out of the test',
    }),
  },
  {
    forbidden: {
      from: { path: developmentFile, pathNot: TFJS_SUITE },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    explain: (target, member) => explainUndeclared(target, member, allDependencies(member)),
  },
  {
    forbidden: { from: {}, to: { circular: true } },
    explain: (_target, member, { from, cycle = [] }) => ({
      what: `is in a cycle: ${[from, ...cycle.map(({ name }) => name)]
        .map((path) => path.replace(`${member.path}/`, ''))
        .join(' → ')}`,
      remedy: 'move what both ends need to a file of its own',
    }),
  },
]

/** Why an import does not come from the manifest: missing there, only for development, or not on disk. */
function explainUndeclared(target: string, member: Member, declared: readonly string[]) {
  const manifest = `${member.path}/package.json`
  if (/^[.#/]/.test(target)) {
    return {
      what: `imports ${target}, which is not there`,
      remedy: 'mend the path, or build what generates the file',
    }
  }
  const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/')
  if (declared.includes(name) || name === member.manifest.name) {
    return {
      what: `imports ${target}, which is declared but cannot be resolved`,
      remedy: 'run `pnpm install` and `pnpm turbo run build`, then look at its exports',
    }
  }
  if (allDependencies(member).includes(name)) {
    return {
      what: `is shipped and imports ${target}, which is only in devDependencies`,
      remedy: `move it to dependencies or peerDependencies of ${manifest}`,
    }
  }
  return {
    what: `imports ${target}, which ${manifest} does not declare`,
    remedy: 'declare it there',
  }
}
