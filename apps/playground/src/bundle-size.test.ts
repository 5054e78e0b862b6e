// The budget of what a first visit fetches, compressed as servers do; weights are counted apart.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '../dist/assets')

/** Kilobytes of all files of these endings, compressed. */
function kilobytes(...endings: string[]): number {
  return readdirSync(folder)
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length / 1000, 0)
}

it('keeps within the budget', () => {
  // Preact, Comlink, uPlot and the pages themselves.
  const page = readdirSync(folder).filter((name) => /^index-.*\.js$/.test(name))
  const ofPage = page.reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length / 1000,
    0,
  )
  expect(ofPage).toBeLessThan(70)
  expect(kilobytes('.css')).toBeLessThan(20)
  // TensorFlow.js, whose umbrella is most of it, and the backends' kernels.
  expect(kilobytes('.js')).toBeLessThan(750)
  // Weights that come with the page.
  expect(kilobytes('.safetensors')).toBeLessThan(6500)
})
