// Builds the site: what the packages export from their docstrings (typedoc), then every page (VitePress, which fails on
// a dead link), then the playground below it. With `api` only the first. Needs a build of the workspace.
//
//     node scripts/build.ts && pnpm preview

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Application, type TypeDocOptions } from 'typedoc'
import { build } from 'vitepress'
import { root } from '../src/pages.ts'

const site = join(import.meta.dirname, '..')
const api = join(site, 'api')

/** Packages whose exports are described: all that are published but the command. */
function entryPoints() {
  const folders = readdirSync(join(root, 'packages')).sort()
  return folders.flatMap((folder) => {
    const manifest = JSON.parse(
      readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'),
    )
    if (manifest.private) return []
    return Object.entries<{ types?: string }>(manifest.exports).flatMap(([entry, { types }]) => {
      if (types === undefined) return []
      const source = types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')
      return [{ name: join(manifest.name, entry), path: join(root, 'packages', folder, source) }]
    })
  })
}

/** Writes `api/`, a page an entry of a package. */
async function describeExports(): Promise<void> {
  const entries = entryPoints()
  const names = new Map(entries.map(({ name, path }) => [path, name]))
  const tsconfig = join(api, 'tsconfig.json')
  rmSync(api, { recursive: true, force: true })
  mkdirSync(api, { recursive: true })
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: '../../../tsconfig.base.json',
      compilerOptions: { noEmit: true, allowImportingTsExtensions: true },
      files: [...names.keys()],
    }),
  )
  const options: Partial<TypeDocOptions> & Record<string, unknown> = {
    tsconfig,
    entryPoints: [...names.keys()],
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    outputs: [{ name: 'markdown', path: api }],
    cleanOutputDir: false,
    skipErrorChecking: true,
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    logLevel: 'Error',
    router: 'module',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: 'table',
    entryFileName: 'index',
  }
  const app = await Application.bootstrapWithPlugins(options as Partial<TypeDocOptions>)
  const project = await app.convert()
  if (!project) throw new Error('typedoc could not read the packages: build the workspace first')
  // By what programs import, not by the file it is in.
  for (const module of project.children ?? []) {
    const path = join(root, 'packages', module.name)
    module.name = names.get(`${path}.ts`) ?? names.get(join(path, 'index.ts')) ?? module.name
  }
  await app.generateOutputs(project)
  rmSync(tsconfig)
  if (app.logger.hasErrors()) throw new Error('typedoc found errors, above')
}

await describeExports()
if (!process.argv.includes('api')) {
  const out = join(site, 'dist')
  rmSync(out, { recursive: true, force: true })
  await build(site)
  const playground = join(root, 'apps/playground/dist')
  if (!existsSync(playground)) throw new Error('the playground is not built: pnpm turbo run build')
  cpSync(playground, join(out, 'playground'), { recursive: true })
}
