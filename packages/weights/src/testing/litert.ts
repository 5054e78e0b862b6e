// LiteRT.js in Node: its WebAssembly is started by a script of its own, which pages load by a tag and workers by
// importScripts; here that is a function that runs the file.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { compileFunction, constants } from 'node:vm'
import type * as LiteRt from '@litertjs/core'

/** LiteRT.js, started; once in a process. */
export async function startLiteRt(): Promise<typeof LiteRt> {
  const require = createRequire(import.meta.url)
  const folder = join(dirname(require.resolve('@litertjs/core')), '../wasm')
  const run = (path: string) => {
    const source = `${readFileSync(path, 'utf8')}\nglobalThis.ModuleFactory = ModuleFactory`
    const names = ['require', '__dirname', '__filename']
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
    compileFunction(source, names, { filename: path, importModuleDynamically })(
      require,
      folder,
      path,
    )
  }
  const printErr = (line: string) => {
    if (!/^(INFO|WARNING):/.test(line)) console.error(line)
  }
  Object.assign(globalThis, { self: globalThis, importScripts: run, Module: { printErr } })
  const liteRt = await import('@litertjs/core')
  // It looks for a GPU and tells, with a stack, that there is none.
  const { warn } = console
  console.warn = () => {}
  await liteRt.loadLiteRt(`${folder}/`)
  console.warn = warn
  return liteRt
}
