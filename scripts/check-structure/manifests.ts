// Checks what each package.json declares: directions between packages, cycles between packages
// (development included, since builds follow those too), no TensorFlow.js where it does not belong. The
// imports themselves are checked beside this; here an edge counts even if nothing uses it yet.

import { allowedImports, layerOf, layers, matchesLayer, SCOPE } from './arrows.ts'
import type { CheckResult, Violation } from './violation.ts'
import { allDependencies, type Member, runtimeDependencies } from './workspace.ts'

/** Checks the manifests of every member. */
export function checkManifests(members: readonly Member[]): CheckResult {
  const edges = members.flatMap((member) => ours(allDependencies(member))).length
  return {
    checked: `${edges} dependencies between ${members.length} packages`,
    violations: [
      ...members.flatMap((member) => checkDirections(member, members)),
      ...cycles(members),
    ],
  }
}

/** The folder names of those dependencies that are packages of the workspace's scope. */
function ours(dependencies: readonly string[]): string[] {
  return dependencies
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length))
}

function checkDirections(member: Member, members: readonly Member[]): Violation[] {
  const file = `${member.path}/package.json`
  const { manifest, folder, group } = member
  const violations: Violation[] = []
  if (manifest.name !== `${SCOPE}${folder}`) {
    violations.push({
      file,
      what: `is named ${manifest.name}`,
      remedy: `name it after its folder: ${SCOPE}${folder}`,
    })
  }
  const layer = group === 'packages' ? layerOf(folder) : undefined
  if (group === 'packages' && layer === undefined) {
    violations.push({
      file,
      what: `${folder} has no row in the table of layers (${layers.map(({ name }) => name).join(', ')})`,
      remedy: 'add one to scripts/check-structure/arrows.ts and draw it in AGENTS.md',
    })
    return violations
  }
  const packages = members
    .filter((other) => other.group === 'packages')
    .map((other) => other.folder)
  const inCode = layer ? allowedImports(layer) : packages
  const inTests = layer ? allowedImports(layer, { tests: true }) : packages
  const runtime = ours(runtimeDependencies(member))
  const development = ours(allDependencies(member)).filter((name) => !runtime.includes(name))
  for (const [names, allowed, kind] of [
    [runtime, inCode, ''],
    [development, inTests, ' in its tests'],
  ] as const) {
    for (const name of names) {
      if (isAmong(name, allowed)) continue
      violations.push({
        file,
        what: `depends on ${SCOPE}${name}, but ${folder} may import ${
          layer ? allowed.join(', ') || 'no package of ours' : 'packages, no other app'
        }${kind}`,
        remedy: 'remove the dependency, or move the code to a package that may import both',
      })
    }
  }
  if (layer?.knowsTfjs === false) {
    for (const name of allDependencies(member).filter((name) => name.startsWith('@tensorflow/'))) {
      violations.push({
        file,
        what: `depends on ${name}, but ${folder} works on typed arrays and knows no TensorFlow.js`,
        remedy: 'remove the dependency, and move what needs tensors to core or train',
      })
    }
  }
  if (layer?.knowsTfjs && manifest.dependencies?.['@tensorflow/tfjs'] !== undefined) {
    violations.push({
      file,
      what: 'depends on @tensorflow/tfjs directly, so that a program can end up with two engines',
      remedy: 'make it a peer dependency',
    })
  }
  return violations
}

function isAmong(folder: string, names: readonly string[]): boolean {
  return names.some((name) => matchesLayer(name, folder))
}

/** Every cycle of packages once, found depth-first from each package. */
function cycles(members: readonly Member[]): Violation[] {
  const byFolder = new Map(members.map((member) => [member.folder, member]))
  const found = new Map<string, Violation>()
  const walk = (member: Member, trail: readonly Member[]) => {
    const start = trail.indexOf(member)
    if (start >= 0) {
      const loop = trail.slice(start)
      const key = loop
        .map(({ folder }) => folder)
        .sort()
        .join()
      if (found.has(key)) return
      found.set(key, {
        file: `${member.path}/package.json`,
        what: `is in a cycle of packages: ${[...loop, member].map(({ folder }) => folder).join(' → ')}`,
        remedy: 'remove one of these dependencies; what both need belongs in a package below both',
      })
      return
    }
    for (const name of ours(allDependencies(member))) {
      const next = byFolder.get(name)
      if (next) walk(next, [...trail, member])
    }
  }
  for (const member of members) walk(member, [])
  return [...found.values()]
}
