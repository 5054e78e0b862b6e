// The published packages as the registry would hand them out: packed, and unpacked or installed in a folder outside
// the workspace, where nothing of the workspace is found by accident.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Member, readMembers } from '../check-structure/workspace.ts'
import { byName } from '../run.js'

const run = promisify(execFile)

export const root = join(import.meta.dirname, '../..')

/** A published package, packed. */
export interface Tarball {
  /** `@alexnet/core` */
  name: string
  /** The file. */
  path: string
  member: Member
}

/** A folder of its own for a consumer; it goes with `remove`. */
export async function consumerFolder(name: string): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), `consumer-${name}-`)))
}

/** Removes a folder of `consumerFolder`. */
export const remove = (folder: string) => rm(folder, { recursive: true, force: true })

/**
 * Packs every published package; they must have been built.
 *
 * @param workspace where they are
 * @throws Error when pnpm cannot be run, or a package cannot be packed
 */
export async function packAll(folder: string, workspace = root): Promise<Tarball[]> {
  const published = readMembers(workspace).filter((member) => member.published)
  const tarballs: Tarball[] = []
  for (const member of published) {
    const [pnpm, args, how] = byName('pnpm', ['pack', '--json', '--pack-destination', folder])
    const { stdout } = await run(pnpm, args, {
      ...how,
      cwd: join(workspace, member.path),
      maxBuffer: 1 << 26,
    })
    const { name, filename } = JSON.parse(stdout) as { name: string; filename: string }
    tarballs.push({ name, path: filename, member })
  }
  return tarballs
}

/** Packages that a consumer of all of ours has beside them, by the folder of the workspace that holds them. */
const besides: Record<string, string> = {
  '@litertjs/core': 'packages/weights',
  esbuild: 'packages/conformance',
  '@types/node': 'packages/core',
  typescript: 'packages/core',
  vite: 'apps/playground',
}

/**
 * Unpacks the tarballs into a project, without a network: packages of others are links to the workspace's own.
 */
export async function unpackInto(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  await writeFile(
    join(folder, 'package.json'),
    `${JSON.stringify({ name: 'consumer', private: true, type: 'module' })}\n`,
  )
  for (const { name, path, member } of tarballs) {
    const place = await unpack(folder, { name, path, member })
    const { dependencies, peerDependencies } = JSON.parse(
      await readFile(join(place, 'package.json'), 'utf8'),
    ) as { dependencies?: object; peerDependencies?: object }
    const others = Object.keys({ ...dependencies, ...peerDependencies })
    for (const other of others.filter((other) => !other.startsWith('@alexnet/'))) {
      await link(folder, other, member.path)
    }
  }
  for (const [name, from] of Object.entries(besides)) await link(folder, name, from)
}

/** Puts a package into a project in place of what is there; returns where. */
async function unpack(folder: string, { name, path }: Tarball): Promise<string> {
  const place = join(folder, 'node_modules', name)
  await remove(place)
  await mkdir(place, { recursive: true })
  await run('tar', ['-xzf', path, '-C', place, '--strip-components=1'])
  return place
}

async function link(folder: string, name: string, from: string): Promise<void> {
  const target = join(root, from, 'node_modules', name)
  const place = join(folder, 'node_modules', name)
  if (existsSync(place) || !existsSync(target)) return
  await mkdir(dirname(place), { recursive: true })
  await symlink(await realpath(target), place)
}

/**
 * Installs the tarballs and others from the registry by npm, as a consumer does; where that was done before, only
 * puts the packages there anew.
 *
 * @param others what else the project needs, by name, with their versions
 * @throws Error with npm's words when it fails
 */
export async function installInto(
  folder: string,
  tarballs: readonly Tarball[],
  others: Record<string, string>,
): Promise<void> {
  if (existsSync(join(folder, 'node_modules'))) {
    for (const tarball of tarballs) await unpack(folder, tarball)
    return
  }
  const dependencies = {
    ...Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`])),
    ...others,
  }
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  // Nobody's scripts: what is installed works without, and some would download more.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const [npm, args, how] = byName('npm', ['install', ...options])
  await run(npm, args, { ...how, cwd: folder, maxBuffer: 1 << 26 })
}

/** Copies one of the projects kept beside this file into a consumer's folder. */
export const copyPages = (folder: string) =>
  cp(join(import.meta.dirname, 'pages'), folder, { recursive: true })
