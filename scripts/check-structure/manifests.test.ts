import { expect, test } from 'vitest'
import { type Changes, editJson, lines, makeWorkspace, write } from './fixture.ts'
import { checkManifests } from './manifests.ts'
import { readMembers } from './workspace.ts'

const check = (changes: Changes = {}) =>
  lines(checkManifests(readMembers(makeWorkspace(changes))).violations)
const depending = (path: string, kind: string, name: string) =>
  check({
    [`${path}/package.json`]: editJson((manifest) => {
      manifest[kind] = { ...manifest[kind], [name]: 'workspace:^' }
    }),
  })

test('a workspace that keeps the rules is clean', () => {
  expect(check()).toEqual([])
})

test('a dependency against the arrows', () => {
  expect(depending('packages/core', 'dependencies', '@alexnet/data')).toEqual([
    'packages/core/package.json: depends on @alexnet/data, but core may import no package of ours; ' +
      'remove the dependency, or move the code to a package that may import both',
  ])
  expect(depending('packages/train', 'devDependencies', '@alexnet/backend')).toEqual([])
  expect(depending('packages/backend-cpu', 'devDependencies', '@alexnet/data')).toHaveLength(1)
})

test('a cycle between packages, in development too', () => {
  const found = depending('packages/backend', 'devDependencies', '@alexnet/backend-cpu')
  expect(found).toEqual([
    expect.stringContaining('is in a cycle of packages: backend-cpu → backend → backend-cpu'),
  ])
})

test('a package that knows no TensorFlow.js depending on it, others owning a second engine', () => {
  expect(depending('packages/data', 'devDependencies', '@tensorflow/tfjs')).toEqual([
    expect.stringContaining('data works on typed arrays and knows no TensorFlow.js'),
  ])
  expect(depending('packages/core', 'dependencies', '@tensorflow/tfjs')).toEqual([
    expect.stringContaining('make it a peer dependency'),
  ])
})

test('a package without a row in the table, or named unlike its folder', () => {
  expect(check({ 'packages/utils/package.json': '{ "name": "@alexnet/utils" }' })).toEqual([
    expect.stringContaining('utils has no row in the table of layers'),
  ])
  expect(check({ 'packages/data/package.json': '{ "name": "@alexnet/date" }' })).toEqual([
    expect.stringContaining('is named @alexnet/date; name it after its folder: @alexnet/data'),
  ])
})

test('a manifest that is no JSON is named', () => {
  const root = makeWorkspace()
  write(root, 'packages/data/package.json', '{')
  expect(() => readMembers(root)).toThrow('packages/data/package.json: is no valid JSON')
})
