// Checks that a change to a published package comes with a changeset that names it, compared with the
// point where the branch left its base. `changeset status` only asks for any changeset at all; this asks
// for one per package. A changeset with an empty head says that nothing needs a release.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseChangesetFile } from '@changesets/parse'
import type { CheckResult, Violation } from './violation.ts'
import type { Manifest, Member } from './workspace.ts'

const FOLDER = '.changeset'
/** Files of a package whose change reaches no user: tests, and the Python that makes their fixtures. */
const invisible = /[.](test[.]tsx?|py)$|^fixtures\/|^src\/testing[/.]|^tsconfig|^CHANGELOG[.]md$/

/**
 * Compares the working tree with its merge base and asks for changesets.
 *
 * @param base the git ref to compare with. Without one: the branch that a pull request goes to
 *   (`GITHUB_BASE_REF`), else `origin/main`; then the check is skipped where there is no such ref.
 * @throws Error when `base` is given and cannot be compared with
 */
export function checkChangesets(
  root: string,
  members: readonly Member[],
  base?: string,
): CheckResult {
  const target = process.env.GITHUB_BASE_REF
  const ref = base ?? (target ? `origin/${target}` : 'origin/main')
  const point = mergeBase(root, ref)
  if ('reason' in point) {
    if (base !== undefined) throw new Error(`cannot compare with ${base}: ${point.reason}`)
    return { checked: 'changesets', violations: [], skipped: `${ref}: ${point.reason}` }
  }
  const { commit } = point
  const changed = changedFiles(root, commit)
  const touched = members.filter(
    (member) => member.published && needsRelease(root, member, commit, changed),
  )
  const releases = newChangesets(root, changed)
  const named = new Set(releases.flat())
  const nothingToRelease = releases.some((names) => names.length === 0)
  const unnamed = nothingToRelease
    ? []
    : touched.filter(({ manifest }) => !named.has(manifest.name ?? ''))
  return {
    checked: `${touched.length} published packages changed since ${ref} (${commit.slice(0, 7)})`,
    violations: unnamed.map(
      ({ path, manifest }): Violation => ({
        file: path,
        what: `changed, and no new changeset names ${manifest.name}`,
        remedy: 'run `pnpm changeset` (or `pnpm changeset --empty` where no user can notice)',
      }),
    ),
  }
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function lines(text: string): string[] {
  return text.split('\0').filter(Boolean)
}

/** The commit where the branch left `ref`, or why there is none. */
function mergeBase(root: string, ref: string): { commit: string } | { reason: string } {
  try {
    git(root, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}')
  } catch {
    return { reason: 'there is no commit yet, or no git' }
  }
  try {
    git(root, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`)
  } catch {
    return { reason: 'there is no such branch or commit here; fetch it to have changesets checked' }
  }
  try {
    return { commit: git(root, 'merge-base', ref, 'HEAD').trim() }
  } catch {
    return {
      reason: 'shares no commit with this branch, or the clone is shallow; fetch its history',
    }
  }
}

/** Paths that differ from a commit, whether committed, staged, changed or new. */
function changedFiles(root: string, commit: string): string[] {
  return [
    ...lines(git(root, 'diff', '--name-only', '--no-renames', '-z', commit)),
    ...lines(git(root, 'ls-files', '--others', '--exclude-standard', '-z')),
  ]
}

/** Whether a user of the package could notice the change, and it is not the release itself. */
function needsRelease(
  root: string,
  { path, manifest }: Member,
  commit: string,
  changed: readonly string[],
): boolean {
  const own = changed
    .filter((file) => file.startsWith(`${path}/`))
    .map((file) => file.slice(path.length + 1))
    .filter((file) => !invisible.test(file))
  if (own.length === 0) return false
  const before = manifestAt(root, `${path}/package.json`, commit)
  if (before === undefined) return true
  if (before.version !== manifest.version) return false // the release that the changesets asked for
  return own.some((file) => file !== 'package.json') || shipped(before) !== shipped(manifest)
}

function manifestAt(root: string, path: string, commit: string): Manifest | undefined {
  try {
    return JSON.parse(git(root, 'show', `${commit}:${path}`)) as Manifest
  } catch {
    return undefined // a new package
  }
}

/** A manifest without what concerns development alone. */
function shipped(manifest: Manifest): string {
  return JSON.stringify({ ...manifest, devDependencies: undefined, scripts: undefined })
}

/** For each changeset that came since, the packages it names. */
function newChangesets(root: string, changed: readonly string[]): string[][] {
  if (!existsSync(join(root, FOLDER))) return []
  const added = new Set(changed)
  return readdirSync(join(root, FOLDER))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .filter((name) => added.has(`${FOLDER}/${name}`))
    .map((name) => {
      const path = `${FOLDER}/${name}`
      try {
        return parseChangesetFile(readFileSync(join(root, path), 'utf8')).releases.map(
          (release) => release.name,
        )
      } catch (cause) {
        throw new Error(`${path}: is no changeset (${(cause as Error).message})`, { cause })
      }
    })
}
