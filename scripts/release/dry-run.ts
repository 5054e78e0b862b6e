// A release from the pending changesets, up to the moment before publishing, in a copy of the workspace that is thrown
// away: versions and changelogs, tarballs, publint and attw, an installation in an empty folder, and every package
// imported there. `node scripts/release/dry-run.ts` after a build; with `--install` npm installs from the registry what
// the packages depend on, otherwise the workspace's own copies stand in, without a network.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { checkPublishedShape } from '../check-structure/published-shape.ts'
import { formatViolation } from '../check-structure/violation.ts'
import { type Member, readMembers } from '../check-structure/workspace.ts'
import { runProgram } from '../consumers/in-node.ts'
import {
  consumerFolder,
  installInto,
  packAll,
  remove,
  root,
  type Tarball,
  unpackInto,
} from '../consumers/tarballs.ts'
import { byName } from '../run.js'

const say = (text: string) => process.stdout.write(`${text}\n`)
const run = (folder: string, command: string, args: readonly string[]) => {
  const [program, words, how] = byName(command, args)
  return execFileSync(program, words, {
    ...how,
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function main(): Promise<void> {
  const copy = copyOfWorkspace()
  const consumer = await consumerFolder('release')
  try {
    const pending = readdirSync(join(copy, '.changeset')).filter(
      (file) => file.endsWith('.md') && file !== 'README.md',
    )
    say(`${pending.length} changesets`)
    if (pending.length > 0) run(copy, 'changeset', ['version'])
    const members = readMembers(copy).filter((member) => member.published)
    const faults = members.flatMap((member) => versionFaults(copy, member, pending.length > 0))
    const { violations } = await checkPublishedShape(copy, members)
    faults.push(...violations.map(formatViolation))
    const tarballs = await packAll(consumer, copy)
    for (const { name, member } of tarballs) say(`${name} ${member.manifest.version}`)
    faults.push(...(await installed(consumer, tarballs)))
    for (const fault of faults) say(fault)
    if (faults.length > 0) process.exitCode = 1
    else say('a release could be published')
  } finally {
    rmSync(copy, { recursive: true })
    await remove(consumer)
  }
}

/** Everything but what is built or installed is copied, the builds too; what is installed is linked. */
function copyOfWorkspace(): string {
  const copy = mkdtempSync(join(tmpdir(), 'release-'))
  const left = new Set(['node_modules', '.git', '.turbo', '.tools', 'docs', 'runs'])
  cpSync(root, copy, {
    recursive: true,
    filter: (source) =>
      !relative(root, source)
        .split(/[/\\]/)
        .some((part) => left.has(part)),
  })
  const folders = ['.', ...readMembers(root).map(({ path }) => path)]
  for (const folder of folders) {
    const modules = join(root, folder, 'node_modules')
    if (existsSync(modules)) symlinkSync(modules, join(copy, folder, 'node_modules'), 'junction')
  }
  // Changesets asks git which commit brought each of its files.
  run(copy, 'git', ['init', '--quiet', '--initial-branch', 'main'])
  run(copy, 'git', ['add', '--all'])
  const author = ['-c', 'user.name=release', '-c', 'user.email=release@localhost']
  run(copy, 'git', [...author, 'commit', '--quiet', '--message', 'copy'])
  return copy
}

/** What is wrong with a package's version and changelog. */
function versionFaults(folder: string, { path, manifest }: Member, isPending: boolean): string[] {
  const faults: string[] = []
  if (isPending && !/^(0\.[1-9]|[1-9])/.test(manifest.version ?? '')) {
    faults.push(`${path}: its version is ${manifest.version}, and releases begin with 0.1.0`)
  }
  if (isPending && !existsSync(join(folder, path, 'CHANGELOG.md'))) {
    faults.push(`${path}: it has no CHANGELOG.md: name it in a changeset`)
  }
  return faults
}

/** Installs the tarballs and imports every package; what is wrong. */
async function installed(folder: string, tarballs: readonly Tarball[]): Promise<string[]> {
  if (process.argv.includes('--install')) {
    await installInto(folder, tarballs, { '@tensorflow/tfjs': '^4.22.0' })
  } else await unpackInto(folder, tarballs)
  const names = tarballs.map(({ name }) => name).filter((name) => name !== '@alexnet/cli')
  const lines = names.map(
    (name) =>
      `if (Object.keys(await import('${name}')).length === 0) throw new Error('${name} exports nothing')\n`,
  )
  const { status, stderr } = runProgram(folder, 'imports.mjs', lines.join(''))
  return status === 0 ? [] : [stderr.trim()]
}

await main()
