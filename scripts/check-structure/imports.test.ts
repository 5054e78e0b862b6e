// Each rule about imports is broken once, in a workspace that keeps all the others, and must be the one
// that is reported, at the file that breaks it.

import { expect, test } from 'vitest'
import { append, type Changes, editJson, lines, makeWorkspace } from './fixture.ts'
import { checkImports } from './imports.ts'
import { readMembers } from './workspace.ts'

const check = async (changes: Changes = {}) => {
  const root = makeWorkspace(changes)
  return checkImports(root, readMembers(root))
}
/** What one more import in one file is reported as. */
const importing = async (file: string, line: string, changes: Changes = {}) =>
  lines((await check({ [file]: append(line), ...changes })).violations)

test('a workspace that keeps the rules is clean, and every file was read', async () => {
  const { checked, violations } = await check()
  expect(lines(violations)).toEqual([])
  expect(checked).toBe('28 imports in 14 files of 7 packages')
})

test.each([
  ['packages/core', '@alexnet/backend-cpu', 'core may import no package of ours'],
  ['packages/core', '@alexnet/data', 'core may import no package of ours'],
  ['packages/backend', '@alexnet/core', 'backend may import no package of ours'],
  ['packages/backend-cpu', '@alexnet/core', 'backend-cpu may import backend;'],
  ['packages/data', '@alexnet/weights', 'data may import no package of ours'],
  ['packages/weights', '@alexnet/data', 'weights may import no package of ours'],
  ['packages/train', '@alexnet/backend-cpu', 'train may import core, data, weights, distributed;'],
  ['packages/core', '@alexnet/conformance', 'core may import no package of ours'],
  ['packages/train', '@alexnet/cli', 'train may import core, data, weights, distributed;'],
])('%s importing %s', async (path, target, reason) => {
  const forms = {
    'effect.ts': `import '${target}'`,
    'export.ts': `export * from '${target}'`,
    'later.ts': `export const later = import('${target}')`,
    'types.ts': `export type { T } from '${target}'`,
  }
  const { violations } = await check(
    Object.fromEntries(
      Object.entries(forms).map(([file, line]) => [`${path}/src/${file}`, `${line}\n`]),
    ),
  )
  const found = lines(violations)
  expect(found).toHaveLength(4)
  for (const [index, file] of Object.keys(forms).entries()) {
    expect(found[index]).toContain(`${path}/src/${file}: imports ${target}, but ${reason}`)
  }
})

test('an app importing an app', async () => {
  const found = await importing('apps/bench/src/index.ts', "import '@alexnet/cli'", {
    'apps/bench/package.json': '{ "name": "@alexnet/bench", "private": true }',
  })
  expect(found).toEqual([
    expect.stringContaining('imports @alexnet/cli, but bench may import packages, no other app'),
  ])
})

test('core may import types of backend, and nothing else of it', async () => {
  const file = 'packages/core/src/index.ts'
  const declared = {
    'packages/core/package.json': editJson(({ devDependencies }) => {
      Object.assign(devDependencies ?? {}, { '@alexnet/backend': '1.0.0' })
    }),
  }
  expect(await importing(file, "import type { T } from '@alexnet/backend'", declared)).toEqual([])
  expect(await importing(file, "import '@alexnet/backend'", declared)).toEqual([
    `${file}: imports @alexnet/backend, of which core may import types alone; write it as \`import type\`, or take the thing as an argument`,
  ])
})

test('tests may import backends and themselves, but no layer above', async () => {
  const file = 'packages/core/src/index.test.ts'
  expect(await importing(file, "import '@alexnet/core'")).toEqual([])
  expect(await importing(file, "import '@alexnet/train'")).toEqual([
    expect.stringContaining(
      `${file}: imports @alexnet/train, but tests of core may import core, b`,
    ),
  ])
  expect(
    await importing('packages/data/src/index.test.ts', "import '@alexnet/backend'"),
  ).toHaveLength(1)
})

test('data and weights knowing TensorFlow.js, types and tests included', async () => {
  for (const name of ['data', 'weights']) {
    for (const file of [`packages/${name}/src/index.ts`, `packages/${name}/src/index.test.ts`]) {
      expect(
        await importing(file, "import type { Tensor } from '@tensorflow/tfjs'", {
          [`packages/${name}/package.json`]: editJson(({ devDependencies }) => {
            Object.assign(devDependencies ?? {}, { '@tensorflow/tfjs': '1.0.0' })
          }),
        }),
      ).toEqual([
        expect.stringMatching(
          `${file}: imports @tensorflow/tfjs, but ${name} works on typed arrays`,
        ),
      ])
    }
  }
})

test('a part of TensorFlow.js in place of the whole', async () => {
  expect(
    await importing('packages/core/src/index.ts', "import '@tensorflow/tfjs-core'", {
      'packages/core/package.json': editJson(({ dependencies }) => {
        Object.assign(dependencies ?? {}, { '@tensorflow/tfjs-core': '1.0.0' })
      }),
    }),
  ).toEqual([expect.stringContaining("import it from '@tensorflow/tfjs'")])
})

test('a path that leaves the package', async () => {
  expect(
    await importing('packages/train/src/index.ts', "import '../../core/src/index.ts'"),
  ).toEqual([
    expect.stringContaining('imports ../../core/src/index.ts, a path that leaves the package'),
  ])
  expect(
    await importing('packages/train/src/index.test.ts', "import '../../core/dist/index.js'"),
  ).toHaveLength(1)
})

test('a dependency that is not declared, is only for development, or is not there', async () => {
  const file = 'packages/core/src/index.ts'
  expect(await importing(file, "import 'unheard-of'")).toEqual([
    `${file}: imports unheard-of, which packages/core/package.json does not declare; declare it there`,
  ])
  expect(await importing(file, "import 'vitest'")).toEqual([
    expect.stringContaining('is shipped and imports vitest, which is only in devDependencies'),
  ])
  expect(await importing(file, "import './nowhere.ts'")).toEqual([
    expect.stringContaining('imports ./nowhere.ts, which is not there'),
  ])
  expect(await importing(file, "import '@alexnet/core/missing'")).toHaveLength(1)
  const declared = editJson((manifest) => {
    Object.assign(manifest.dependencies ?? {}, { 'unheard-of': '1.0.0' })
  })
  expect(
    await importing(file, "import 'unheard-of'", { 'packages/core/package.json': declared }),
  ).toEqual([expect.stringContaining('is declared but cannot be resolved; run `pnpm install`')])
})

test('a dependency that lies at the root, where every package could reach it', async () => {
  const root = makeWorkspace({
    'packages/core/src/index.test.ts': append("import 'hoisted'"),
    'node_modules/hoisted/package.json': '{ "name": "hoisted", "main": "index.js" }',
    'node_modules/hoisted/index.js': '',
  })
  const { violations } = await checkImports(root, readMembers(root))
  expect(lines(violations)).toEqual([
    expect.stringContaining('imports hoisted, which packages/core/package.json does not declare'),
  ])
})

test('shipped code importing a test, or what tests share', async () => {
  const file = 'packages/core/src/helper.ts'
  expect(await importing(file, "import './index.test.ts'")).toEqual([
    expect.stringContaining(`${file}: is shipped and imports the test ./index.test.ts`),
  ])
  const shared = { 'packages/core/src/testing/shared.ts': "import '@alexnet/backend-cpu'\n" }
  expect(
    await importing('packages/core/src/index.test.ts', "import './testing/shared.ts'", shared),
  ).toEqual([])
  expect(await importing(file, "import './testing/shared.ts'", shared)).toHaveLength(1)
})

test('a cycle between files, once, also when only types go round', async () => {
  for (const kind of ['import', 'import type']) {
    expect(
      await importing('packages/core/src/index.ts', `${kind} { a } from './a.ts'`, {
        'packages/core/src/a.ts': `${kind} { b } from './b.ts'\n`,
        'packages/core/src/b.ts': `${kind} { thing } from './index.ts'\n`,
      }),
    ).toEqual([
      expect.stringContaining(
        'packages/core/src/a.ts: is in a cycle: src/a.ts → src/b.ts → src/index.ts → src/a.ts',
      ),
    ])
  }
})

test('an import inside a type, which would escape the other rules', async () => {
  const file = 'packages/core/src/index.ts'
  for (const type of ["import('@alexnet/data').Picture", "typeof import('@alexnet/data')"]) {
    expect(await importing(file, `export type Hidden = ${type}`)).toEqual([
      expect.stringContaining('imports @alexnet/data inside a type'),
    ])
  }
})

test('a file that does not parse is named', async () => {
  await expect(check({ 'packages/core/src/index.ts': 'export const = 1' })).rejects.toThrow(
    'packages/core/src/index.ts',
  )
})

test('a worker that imports what starts it, by however many steps', async () => {
  const { violations } = await check({
    'packages/data/src/start.ts':
      "export const start = () => new Worker(new URL('./loader-worker.js', import.meta.url))\n",
    'packages/data/src/platform.ts': "export { start } from './start.ts'\n",
    'packages/data/src/loader-worker.ts': "import './platform.ts'\n",
  })
  expect(lines(violations)).toEqual([
    expect.stringContaining(
      'packages/data/src/loader-worker.ts: is a worker and imports packages/data/src/start.ts, which starts',
    ),
  ])
})
