// `import url from './page.tsx?classic'`: the address of a script of its own, built as one classic script with everything in
// it. It comes when somebody asks for it, and not before: the page that a classifier is taken away as (src/take-away).
import { createHash } from 'node:crypto'
import { build, type Plugin, type ResolvedConfig, type Rolldown } from 'vite'

const ENDING = '?classic'

export function classicScripts(): Plugin {
  let config: ResolvedConfig
  return {
    name: 'classic-scripts',
    enforce: 'pre',
    configResolved(resolved) {
      config = resolved
    },
    async resolveId(id, importer) {
      if (!id.endsWith(ENDING)) return
      const entry = await this.resolve(id.slice(0, -ENDING.length), importer)
      return entry && entry.id + ENDING
    },
    async load(id) {
      if (!id.endsWith(ENDING)) return
      const source = await built(id.slice(0, -ENDING.length), config)
      if (config.command === 'serve') {
        return `export default URL.createObjectURL(new Blob([${JSON.stringify(source)}]))`
      }
      const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8)
      const file = this.emitFile({
        type: 'asset',
        fileName: `take-away/classifier-${hash}.js`,
        source,
      })
      return `export default import.meta.ROLLUP_FILE_URL_${file}`
    },
  }
}

async function built(
  input: string,
  { root, resolve, oxc, build: { target } }: ResolvedConfig,
): Promise<string> {
  const { output } = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: resolve.alias, dedupe: resolve.dedupe },
    oxc,
    publicDir: false,
    build: {
      target,
      write: false,
      modulePreload: false,
      rolldownOptions: { input, output: { format: 'iife', codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput
  // Other files, which it names by address, are those of models that it does not open.
  return output.find((one) => one.type === 'chunk')!.code
}
