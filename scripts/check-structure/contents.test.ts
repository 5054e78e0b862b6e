import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkContents } from './contents.ts'
import { type Changes, editJson, lines, makeWorkspace } from './fixture.ts'
import { REPOSITORY, writeManifests } from './published-fields.ts'
import { readMembers } from './workspace.ts'

const check = (changes: Changes = {}, removed?: string) => {
  const root = makeWorkspace(changes)
  if (removed) rmSync(join(root, removed))
  return lines(checkContents(root, readMembers(root)).violations)
}
const without = (field: string) =>
  check({
    'packages/data/package.json': editJson((manifest) => {
      delete manifest[field]
    }),
  })

test('a workspace that keeps the rules is clean', () => {
  expect(check()).toEqual([])
})

test('no README, none of its own, none with an example', () => {
  const file = 'packages/data/README.md'
  expect(check({}, file)).toEqual([expect.stringContaining(`${file}: is missing`)])
  expect(check({ [file]: '# Data\n\n```ts\n1\n```\n' })).toEqual([
    expect.stringContaining('does not name @alexnet/data'),
  ])
  expect(check({ [file]: '# @alexnet/data\n' })).toEqual([
    expect.stringContaining('shows no example'),
  ])
})

test('no tests', () => {
  expect(check({}, 'packages/data/src/index.test.ts')).toEqual([
    'packages/data/src: has no test; add x.test.ts beside the x.ts it tests',
  ])
})

test.each(['type', 'license', 'description', 'engines', 'files', 'exports'])(
  'a manifest without %s',
  (field) => {
    expect(without(field)).toHaveLength(1)
  },
)

test('a manifest that says other than all say, until it is written anew', () => {
  const file = 'packages/data/package.json'
  const root = makeWorkspace({
    [file]: editJson((manifest) => {
      manifest.repository = { url: 'elsewhere' }
      delete manifest.keywords
    }),
  })
  const found = () => lines(checkContents(root, readMembers(root)).violations)
  expect(found()).toEqual([
    `${file}: differs from what every published package says (keywords, repository); run \`pnpm check-structure --write\``,
  ])
  expect(writeManifests(root, readMembers(root))).toEqual([file])
  expect(found()).toEqual([])
  const [member] = readMembers(root).filter(({ folder }) => folder === 'data')
  expect(member!.manifest.repository).toEqual({
    type: 'git',
    url: `git+${REPOSITORY}.git`,
    directory: 'packages/data',
  })
  expect(Object.keys(member!.manifest).indexOf('keywords')).toBe(3)
  expect(writeManifests(root, readMembers(root))).toEqual([])
})

/** What is said of a package whose entry `./node` is this. */
const checkEntry = (target: unknown) =>
  check({
    'packages/data/package.json': editJson((manifest) => {
      manifest.exports = { ...manifest.exports, './node': target }
    }),
  })
const code = { types: './d.d.ts', default: './d.js' }

test('an entry without types in front', () => {
  const bare = { default: './d.js' }
  const targets = [
    './dist/index.js',
    { default: './d.js', types: './d.d.ts' },
    { browser: bare, ...code },
    null,
  ]
  for (const target of targets) {
    expect(checkEntry(target)).toEqual([
      expect.stringContaining('exports "./node" without types in front'),
    ])
  }
})

test('an entry whose condition for browsers has types of its own', () => {
  expect(checkEntry({ browser: code, ...code })).toEqual([])
})

test('a private package may lack all that', () => {
  expect(check({ 'packages/conformance/package.json': '{ "private": true }' })).toEqual([])
})
