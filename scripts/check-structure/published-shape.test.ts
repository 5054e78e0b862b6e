import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Changes, editJson, lines, makeWorkspace } from './fixture.ts'
import { checkPublishedShape } from './published-shape.ts'
import { readMembers } from './workspace.ts'

const check = async (changes: Changes, removed?: string) => {
  const root = makeWorkspace(changes)
  if (removed) rmSync(join(root, removed))
  const members = readMembers(root).filter(({ folder }) => folder === 'data')
  return lines((await checkPublishedShape(root, members)).violations)
}

test('a package that keeps the rules is clean', async () => {
  expect(await check({})).toEqual([])
})

test('an entry point that is not there (publint)', async () => {
  const found = await check({
    'packages/data/package.json': editJson((manifest) => {
      manifest.exports = {
        ...manifest.exports,
        './node': { types: './x.d.ts', default: './x.js' },
      }
    }),
  })
  expect(found).toContainEqual(expect.stringContaining('publint: pkg.exports["./node"].default is'))
})

test('types of another module format (are-the-types-wrong)', async () => {
  const found = await check({
    'packages/data/package.json': editJson((manifest) => {
      manifest.exports = { '.': { types: './dist/index.d.cts', default: './dist/index.js' } }
    }),
    'packages/data/dist/index.d.cts': 'export declare const thing = 1\n',
  })
  expect(found).toContainEqual(expect.stringContaining('are-the-types-wrong: '))
})

test('no types at all', async () => {
  expect(await check({}, 'packages/data/dist/index.d.ts')).toContainEqual(
    expect.stringContaining('is published without types'),
  )
})

test('no licence, or a test in it', async () => {
  expect(await check({}, 'LICENSE')).toEqual([
    expect.stringContaining('is published without LICENSE'),
  ])
  expect(
    await check({ 'packages/data/dist/a.test.js': '', 'packages/data/dist/testing/b.js': '' }),
  ).toEqual([
    expect.stringContaining('is published with the test dist/a.test.js'),
    expect.stringContaining('is published with the test dist/testing/b.js'),
  ])
})
