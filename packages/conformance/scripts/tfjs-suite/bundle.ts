// Bundles tfjs-core's tests with our backends over one copy of tfjs: of the ES modules that its packages publish,
// because the tests import the inner ones, which the CommonJS bundle does not export.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const source = fileURLToPath(new URL('./bundled/', import.meta.url))
const packages = fileURLToPath(new URL('../../../', import.meta.url))

/** tfjs's packages where tfjs itself finds them, and Dawn, which is no JavaScript, where our backend does. */
const places: Plugin = {
  name: 'places',
  setup({ onResolve, resolve }) {
    const tfjs = createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json')
    onResolve({ filter: /^@tensorflow\/tfjs-/ }, async ({ path, kind, pluginData }) => {
      if (pluginData === 'placed') return undefined
      // The WebGPU backend is no part of tfjs: our package brings it.
      const from = path.includes('webgpu') ? join(packages, 'backend-webgpu') : dirname(tfjs)
      return resolve(path, { kind, resolveDir: from, pluginData: 'placed' })
    })
    onResolve({ filter: /^webgpu$/ }, () => {
      const require = createRequire(join(packages, 'backend-webgpu/package.json'))
      return { path: pathToFileURL(require.resolve('webgpu')).href, external: true }
    })
  },
}

/** Writes the bundle of `node.ts` or `page.ts` to a file. */
export async function bundleSuite(entry: 'node' | 'page', outfile: string): Promise<void> {
  const node = entry === 'node'
  await build({
    entryPoints: [join(source, `${entry}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: node ? 'node' : 'browser',
    mainFields: ['module', 'main'],
    // tfjs-core's list of side effects leaves its tests out.
    ignoreAnnotations: true,
    plugins: [places],
    logLevel: 'error',
    define: node ? {} : { global: 'globalThis' },
    external: node ? [] : ['worker_threads', 'node:*', 'util', 'crypto', 'string_decoder', 'fs'],
    banner: node
      ? {
          js: "import { createRequire as tfjsRequire } from 'node:module'; const require = tfjsRequire(import.meta.url);",
        }
      : {},
  })
}
