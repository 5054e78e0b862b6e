// For processes and workers that a package's tests start (scripts/coverage/main.ts): what they would run of the package's
// build they run of its sources, which Node reads itself, so that V8 counts the lines that were written.

import { registerHooks } from 'node:module'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const place = pathToFileURL(`${process.env.COVERAGE_PACKAGE}/`).href

registerHooks({
  resolve(specifier, context, next) {
    // A program beside a source, by the name that it has in the build.
    if (specifier.startsWith(`${place}src/`) && specifier.endsWith('.js')) {
      const found = next(specifier.replace(/\.js$/, '.ts'), context)
      return { ...found, format: 'module-typescript' }
    }
    const found = next(specifier, context)
    if (!found.url.startsWith(`${place}dist/`) || !found.url.endsWith('.js')) return found
    const path = found.url.slice(`${place}dist/`.length, -'.js'.length)
    return { ...found, url: `${place}src/${path}.ts`, format: 'module-typescript' }
  },
})
