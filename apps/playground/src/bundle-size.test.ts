// The budget of what a first visit fetches, compressed as servers do; weights are counted apart.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../dist')
const assets = readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`)

/** Kilobytes of files, compressed. */
const kilobytes = (paths: readonly string[]) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path))).length / 1000, 0)
const ending = (text: string) => assets.filter((path) => path.endsWith(text))

it('keeps within the budget', () => {
  // Preact, Comlink, i18next and the pages that the first visit opens: the script and what is fetched with it.
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(
    ([, path]) => path!,
  )
  expect(first.length).toBeGreaterThan(1)
  expect(kilobytes(first)).toBeLessThan(62)
  expect(kilobytes(ending('.css'))).toBeLessThan(20)
  // TensorFlow.js, whose umbrella is most of it, and the backends' kernels; 30 of UMAP and PCA, which the map fetches.
  expect(kilobytes(ending('.js'))).toBeLessThan(825)
  // The page that is taken away is one script with all of it; it comes when it is asked for.
  const away = readdirSync(join(folder, 'take-away')).map((name) => `take-away/${name}`)
  expect(away).toHaveLength(1)
  expect(kilobytes(away)).toBeLessThan(500)
  expect(readFileSync(join(folder, 'sw.js'), 'utf8')).not.toContain(away[0])
  // Weights that come with the page.
  expect(kilobytes(ending('.safetensors'))).toBeLessThan(4000)
})
