// A small workspace in a temporary folder that keeps every rule, for the tests to break in one place.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { publishedFields } from './published-fields.ts'
import { formatViolation, type Violation } from './violation.ts'

/** Contents of files by path from the root; a function changes what the baseline has there. */
export type Changes = Record<string, string | ((before: string) => string)>

const dependencies: Record<
  string,
  { runtime?: string[]; peer?: string[]; development?: string[] }
> = {
  'packages/backend': { peer: ['@tensorflow/tfjs'] },
  'packages/backend-cpu': { runtime: ['@alexnet/backend'], peer: ['@tensorflow/tfjs'] },
  'packages/core': {
    runtime: ['small-library'],
    peer: ['@tensorflow/tfjs'],
    development: ['@alexnet/backend-cpu'],
  },
  'packages/data': {},
  'packages/weights': {},
  'packages/train': {
    runtime: ['@alexnet/core', '@alexnet/data', '@alexnet/weights'],
    peer: ['@tensorflow/tfjs'],
    development: ['@alexnet/backend-cpu'],
  },
  'apps/cli': { runtime: ['@alexnet/train', '@alexnet/backend-cpu', '@tensorflow/tfjs'] },
}

const outside = ['@tensorflow/tfjs', '@tensorflow/tfjs-core', 'small-library', 'vitest']

/** Writes the workspace with some files changed; returns its root. It goes when the test is over. */
export function makeWorkspace(changes: Changes = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'check-structure-fixture-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const files: Record<string, string> = {
    LICENSE: 'a licence\n',
    'package.json': '{ "name": "workspace", "private": true }\n',
    'pnpm-workspace.yaml': 'packages: [packages/*, apps/*]\n',
    '.gitignore': 'node_modules/\ndist/\n',
    '.changeset/README.md': 'how to write one\n',
  }
  for (const [path, needs] of Object.entries(dependencies)) {
    const name = `@alexnet/${path.split('/')[1]}`
    const { runtime = [], peer = [], development = [] } = needs
    const versions = (names: string[]) =>
      Object.fromEntries(
        names.map((other) => [other, other.startsWith('@alexnet/') ? 'workspace:^' : '1.0.0']),
      )
    const manifest = {
      name,
      version: '0.1.0',
      description: 'A package.',
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=22.12' },
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
      files: ['dist'],
      dependencies: versions(runtime),
      peerDependencies: versions(peer),
      devDependencies: versions([...development, 'vitest']),
    }
    const folder = path.split('/')[1]!
    const group = path.startsWith('apps/') ? 'apps' : 'packages'
    Object.assign(manifest, publishedFields({ group, folder, path, manifest, published: true }))
    Object.assign(files, {
      [`${path}/package.json`]: `${JSON.stringify(manifest, null, 2)}\n`,
      [`${path}/README.md`]: `# ${name}\n\n\`\`\`ts\nimport { thing } from '${name}'\n\`\`\`\n`,
      [`${path}/src/index.ts`]: [...runtime, ...peer]
        .map((other) => `import '${other}'\n`)
        .concat('export const thing = 1\n')
        .join(''),
      [`${path}/src/index.test.ts`]: ['vitest', ...development]
        .map((other) => `import '${other}'\n`)
        .concat("import './index.ts'\n")
        .join(''),
      [`${path}/dist/index.js`]: 'export const thing = 1\n',
      [`${path}/dist/index.d.ts`]: 'export declare const thing = 1\n',
    })
  }
  for (const name of outside) {
    Object.assign(files, {
      [`outside/${name}/package.json`]: `{ "name": "${name}", "version": "1.0.0", "main": "index.js" }\n`,
      [`outside/${name}/index.js`]: '\n',
    })
  }
  for (const [path, change] of Object.entries(changes)) {
    files[path] = typeof change === 'string' ? change : change(files[path] ?? '')
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  install(root, files)
  return root
}

/** Links what each manifest declares, and nothing else, as pnpm does. */
function install(root: string, files: Record<string, string>): void {
  for (const path of Object.keys(files).filter((file) =>
    /^\w+\/[\w-]+\/package\.json$/.test(file),
  )) {
    if (path.startsWith('outside/')) continue
    const manifest = JSON.parse(files[path] ?? '{}') as Record<string, Record<string, string>>
    for (const kind of ['dependencies', 'peerDependencies', 'devDependencies']) {
      for (const name of Object.keys(manifest[kind] ?? {})) {
        const link = join(root, dirname(path), 'node_modules', name)
        const folder = name.replace('@alexnet/', '')
        const target =
          folder === name
            ? `outside/${name}`
            : `${folder === 'cli' ? 'apps' : 'packages'}/${folder}`
        mkdirSync(dirname(link), { recursive: true })
        rmSync(link, { force: true })
        symlinkSync(join(root, target), link)
      }
    }
  }
}

/** Writes one more file into a workspace. */
export function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** Runs git in a workspace, away from the user's own settings. */
export function git(root: string, ...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
  })
}

/** Changes some fields of a manifest in JSON. */
export function editJson(edit: (manifest: Record<string, Record<string, unknown>>) => void) {
  return (before: string): string => {
    const manifest = JSON.parse(before)
    edit(manifest)
    return `${JSON.stringify(manifest, null, 2)}\n`
  }
}

/** Adds a line to a file of the baseline. */
export function append(line: string) {
  return (before: string): string => `${before}${line}\n`
}

/** Violations as they are printed. */
export function lines(violations: readonly Violation[]): string[] {
  return violations.map(formatViolation)
}
