import { beforeEach, expect, test, vi } from 'vitest'
import { checkChangesets } from './changesets.ts'
import { git, lines, makeWorkspace, write } from './fixture.ts'
import { readMembers } from './workspace.ts'

beforeEach(() => {
  vi.stubEnv('GITHUB_BASE_REF', undefined)
  return () => vi.unstubAllEnvs()
})
const onBranch = () => {
  const root = makeWorkspace()
  git(root, 'init', '--initial-branch=main')
  git(root, 'add', '.')
  git(root, 'commit', '--message=base')
  git(root, 'switch', '--create=branch')
  return root
}
const check = (root: string, base?: string) => {
  const { violations, skipped } = checkChangesets(root, readMembers(root), base)
  return skipped === undefined ? lines(violations) : `skipped: ${skipped}`
}

test('a changed package, committed or not, needs a changeset that names it', () => {
  const root = onBranch()
  expect(check(root, 'main')).toEqual([])
  write(root, 'packages/data/src/new.ts', 'export {}\n')
  const expected = [
    'packages/data: changed, and no new changeset names @alexnet/data; ' +
      'run `pnpm changeset` (or `pnpm changeset --empty` where no user can notice)',
  ]
  expect(check(root, 'main')).toEqual(expected)
  git(root, 'add', '.')
  git(root, 'commit', '--message=change')
  expect(check(root, 'main')).toEqual(expected)
  write(root, '.changeset/other.md', '---\n"@alexnet/core": patch\n---\n\nNot this one.\n')
  expect(check(root, 'main')).toEqual(expected)
  write(root, '.changeset/this.md', '---\n"@alexnet/data": patch\n---\n\nThis one.\n')
  expect(check(root, 'main')).toEqual([])
})

test('a changeset of an earlier change does not count', () => {
  const root = onBranch()
  write(root, '.changeset/old.md', '---\n"@alexnet/data": patch\n---\n\nEarlier.\n')
  git(root, 'add', '.')
  git(root, 'commit', '--message=earlier')
  git(root, 'branch', '--force', 'main', 'HEAD')
  write(root, 'packages/data/src/index.ts', 'export const thing = 2\n')
  expect(check(root, 'main')).toHaveLength(1)
})

test('an empty changeset says that nothing needs a release', () => {
  const root = onBranch()
  write(root, 'packages/data/src/index.ts', 'export const thing = 2\n')
  write(root, '.changeset/none.md', '---\n\n---\n\n\n')
  expect(check(root, 'main')).toEqual([])
})

test('tests, fixtures, development and the release itself need none', () => {
  const root = onBranch()
  write(root, 'packages/data/src/index.test.ts', 'export {}\n')
  write(root, 'packages/data/fixtures/picture.json', '{}\n')
  const file = 'packages/data/package.json'
  const manifest = readMembers(root).find(({ folder }) => folder === 'data')?.manifest
  write(root, file, JSON.stringify({ ...manifest, devDependencies: { vitest: '2.0.0' } }))
  expect(check(root, 'main')).toEqual([])
  write(root, file, JSON.stringify({ ...manifest, dependencies: { 'small-library': '1.0.0' } }))
  expect(check(root, 'main')).toHaveLength(1)
  write(root, file, JSON.stringify({ ...manifest, version: '0.2.0' }))
  expect(check(root, 'main')).toEqual([])
})

test('is skipped, with the reason, where there is nothing to compare with', () => {
  const root = makeWorkspace()
  git(root, 'init', '--initial-branch=main')
  expect(check(root)).toMatch(/^skipped: origin\/main: there is no commit yet/)
  git(root, 'add', '.')
  git(root, 'commit', '--message=base')
  expect(check(root)).toMatch(/^skipped: origin\/main: there is no such branch/)
  git(root, 'switch', '--orphan', 'unrelated')
  git(root, 'commit', '--allow-empty', '--message=unrelated')
  git(root, 'update-ref', 'refs/remotes/origin/main', 'main')
  git(root, 'restore', '--source=main', '.')
  expect(check(root)).toMatch(/^skipped: origin\/main: shares no commit/)
  expect(() => check(root, 'nowhere')).toThrow('cannot compare with nowhere: there is no such')
})
