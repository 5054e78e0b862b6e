// The loop has to run in a page and in a worker: nothing that it imports may be Node's, or a file's. Types are gone when
// it runs.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('imports its own modules, the network, the loader, the communicator and TensorFlow.js, nothing of Node and nothing of the page', () => {
  const known = /^@alexnet\/(core|data|distributed)(\/(?!node)\w+)?$|^@tensorflow\/tfjs$/
  const folder = new URL('.', import.meta.url)
  const files = readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name))
  expect(files.length).toBeGreaterThan(15)
  for (const file of files) {
    const source = readFileSync(new URL(file, folder), 'utf8')
    const running = source.replaceAll(/^import type [^']*'[^']+'$/gm, '')
    const imported = [...running.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
      ([, name]) => name!,
    )
    const foreign = imported.filter((name) => !name.startsWith('./'))
    for (const name of foreign) expect(name, file).toMatch(known)
    expect(source, file).not.toMatch(/\b(process|Buffer|window|document|require)\s*[.(]/)
  }
})
