// Reads the workspace as the checks see it: its packages and apps with their manifests. Nothing is
// built, resolved or judged here.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fields of a package.json that the checks read. */
export interface Manifest {
  name?: string
  version?: string
  private?: boolean
  description?: string
  license?: string
  keywords?: readonly string[]
  homepage?: string
  bugs?: string
  repository?: { type: string; url: string; directory: string }
  publishConfig?: { access: string }
  type?: string
  engines?: { node?: string }
  exports?: unknown
  bin?: unknown
  files?: string[]
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** One package or app. */
export interface Member {
  /** `packages` or `apps`. */
  group: 'packages' | 'apps'
  /** Its folder's name, which is its name without the scope. */
  folder: string
  /** Its path from the workspace's root, with `/`. */
  path: string
  manifest: Manifest
  /** Whether it goes to the registry. */
  published: boolean
}

/** Every package and app below `root`, in order of their paths. */
export function readMembers(root: string): Member[] {
  return (['apps', 'packages'] as const).flatMap((group) => {
    if (!existsSync(join(root, group))) return []
    return readdirSync(join(root, group))
      .filter((folder) => existsSync(join(root, group, folder, 'package.json')))
      .sort()
      .map((folder) => {
        const path = `${group}/${folder}`
        const manifest = readManifest(join(root, path, 'package.json'))
        return { group, folder, path, manifest, published: manifest.private !== true }
      })
  })
}

function readManifest(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest
  } catch (cause) {
    throw new Error(`${path}: is no valid JSON (${(cause as Error).message})`, { cause })
  }
}

/** Paths of the files below `folder`, from `folder`, without dependencies and build output. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', '.turbo', 'coverage'].includes(entry.name)) return []
    if (!entry.isDirectory()) return [entry.name]
    return filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`)
  })
}

/** Names of the packages that shipped code may import. */
export function runtimeDependencies({ manifest }: Member): string[] {
  return Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  })
}

/** Names of every package in a manifest, those for development included. */
export function allDependencies(member: Member): string[] {
  return [
    ...new Set([
      ...runtimeDependencies(member),
      ...Object.keys(member.manifest.devDependencies ?? {}),
    ]),
  ]
}
