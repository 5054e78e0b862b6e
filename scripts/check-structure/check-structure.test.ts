// Every rule is broken once, in a small workspace that keeps all the others, and must be the one that is
// reported: at the file that breaks it, and nothing beside it.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkChangesets } from './changesets.ts'
import { checkContents } from './contents.ts'
import { type Changes, editJson, git, makeWorkspace, write } from './fixture.ts'
import { checkImports } from './imports.ts'
import { main } from './main.ts'
import { checkManifests } from './manifests.ts'
import { checkPublishedShape } from './published-shape.ts'
import { formatViolation, type Violation } from './violation.ts'
import { readMembers } from './workspace.ts'

const roots: string[] = []
function workspace(changes: Changes = {}): string {
  const root = makeWorkspace(changes)
  roots.push(root)
  return root
}
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

const lines = (violations: readonly Violation[]) => violations.map(formatViolation)
/** Adds a line to a file of the baseline. */
const append = (line: string) => (before: string) => `${before}${line}\n`

describe('imports', () => {
  const check = async (changes: Changes = {}) => {
    const root = workspace(changes)
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
    ['packages/train', '@alexnet/backend-cpu', 'train may import core, data, weights;'],
    ['packages/core', '@alexnet/conformance', 'core may import no package of ours'],
    ['packages/train', '@alexnet/cli', 'train may import core, data, weights;'],
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
    const root = workspace({
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
})

describe('manifests', () => {
  const check = (changes: Changes = {}) =>
    lines(checkManifests(readMembers(workspace(changes))).violations)
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
    const root = workspace()
    write(root, 'packages/data/package.json', '{')
    expect(() => readMembers(root)).toThrow('packages/data/package.json: is no valid JSON')
  })
})

describe('contents', () => {
  const check = (changes: Changes = {}, removed?: string) => {
    const root = workspace(changes)
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

  test('an entry without types in front', () => {
    for (const target of ['./dist/index.js', { default: './d.js', types: './d.d.ts' }, null]) {
      expect(
        check({
          'packages/data/package.json': editJson((manifest) => {
            manifest.exports = { ...manifest.exports, './node': target }
          }),
        }),
      ).toEqual([expect.stringContaining('exports "./node" without types in front')])
    }
  })

  test('a private package may lack all that', () => {
    expect(check({ 'packages/conformance/package.json': '{ "private": true }' })).toEqual([])
  })
})

describe('published shape', () => {
  const check = async (changes: Changes, removed?: string) => {
    const root = workspace(changes)
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
    expect(found).toContainEqual(
      expect.stringContaining('publint: pkg.exports["./node"].default is'),
    )
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
})

describe('changesets', () => {
  beforeEach(() => {
    vi.stubEnv('GITHUB_BASE_REF', undefined)
    return () => vi.unstubAllEnvs()
  })
  const onBranch = () => {
    const root = workspace()
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
    write(root, '.changeset/none.md', '---\n---\n')
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
    const root = workspace()
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
})

describe('the command', () => {
  test('prints what it checked and every violation, and says so by its exit code', async () => {
    const printed: string[] = []
    const print = (line: string) => printed.push(line)
    const root = workspace({ 'packages/core/src/index.ts': append("import '@alexnet/data'") })
    expect(await main(['--root', root, 'imports', 'manifests'], print)).toBe(1)
    expect(printed).toEqual([
      '✗ imports: 29 imports in 14 files of 7 packages',
      expect.stringMatching(
        /^ {4}packages\/core\/src\/index\.ts: imports @alexnet\/data, but core/,
      ),
      '✓ manifests: 8 dependencies between 7 packages',
      '1 violation',
    ])
    expect(await main(['--root', root, 'contents'], print)).toBe(0)
  })

  test('asks for a build, and for a check that exists', async () => {
    const root = workspace()
    rmSync(join(root, 'packages/data/dist'), { recursive: true })
    await expect(main(['--root', root])).rejects.toThrow('packages/data: not built; run')
    await expect(main(['--root', root, 'import'])).rejects.toThrow('no check is called import')
  })
})
