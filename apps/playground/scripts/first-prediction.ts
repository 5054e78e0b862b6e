// How soon the page answers: from opening it in a browser that has never seen it to the first picture named,
// on the built site, served from this machine. A figure of docs/benchmarks; `--rounds N` for more than five.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { findChromium, openSite } from '../src/testing/browser.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const executable = findChromium()
if (!executable) throw new Error('no Chromium found: install it, or name its file in CHROMIUM_PATH')

/** Milliseconds since the page was asked for, when each part of it is first there. */
const parts = { heading: 'h1', model: '[data-testid=status]', answer: '.bars' } as const
type Times = Record<keyof typeof parts, number>

/** One visit by a browser with an empty profile: no file cached, no code compiled. */
async function visit(): Promise<Times> {
  const site = await openSite(executable!)
  const context = await site.browser.newContext({ serviceWorkers: 'block' })
  await context.addInitScript((wanted: Record<string, string>) => {
    const times: Record<string, number> = {}
    Object.assign(globalThis, { times })
    new MutationObserver(() => {
      for (const [name, selector] of Object.entries(wanted)) {
        if (!(name in times) && document.querySelector(selector)) times[name] = performance.now()
      }
    }).observe(document, { childList: true, subtree: true })
  }, parts)
  const page = await context.newPage()
  // The browser's own start is not the page's.
  await page.waitForTimeout(2000)
  await page.goto(site.url)
  await page.locator(parts.answer).first().waitFor()
  const times = await page.evaluate(() => (globalThis as unknown as { times: Times }).times)
  await site.close()
  return times
}

const visits: Times[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  const times = await visit()
  visits.push(times)
  console.log(
    Object.entries(times)
      .map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
      .join(', '),
  )
}
for (const name of Object.keys(parts) as (keyof Times)[]) {
  const sorted = visits.map((times) => times[name]).sort((a, b) => a - b)
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  const median = sorted[Math.floor(sorted.length / 2)]!
  console.log(`${name}: median ${Math.round(median)} ms (${Math.round(least)}–${Math.round(most)})`)
}

const assets = join(import.meta.dirname, '../dist/assets')
for (const name of readdirSync(assets).sort()) {
  const bytes = readFileSync(join(assets, name))
  const kilobytes = (length: number) => `${(length / 1000).toFixed(1)} KB`
  console.log(`${name}: ${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes).length)} by gzip`)
}
