// A new build of the page under an open one, in Chromium: what was open goes on working, and the new one is taken when asked.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { preview } from 'vite'
import { expect, it } from 'vitest'
import { describeSite, folder, PATIENCE } from './testing/site.ts'

describeSite('A new build', (site) => {
  it('waits until it is taken, and breaks no open page', async () => {
    const outDir = mkdtempSync(join(tmpdir(), 'playground-'))
    cpSync(join(folder, 'dist'), outDir, { recursive: true })
    const server = await preview({
      root: folder,
      logLevel: 'error',
      build: { outDir },
      preview: { port: 0, host: '127.0.0.1' },
    })
    const context = await site.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    await page.goto(server.resolvedUrls!.local[0]!)
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    // A page and the script that asks for it have other names in the new build, and nothing has the old ones any more.
    const assets = join(outDir, 'assets')
    const named = (start: string) =>
      readdirSync(assets).find((name) => name.startsWith(start) && name.endsWith('.js'))!
    const fresh = { [named('train-')]: 'train-fresh.js', [named('index-')]: 'index-fresh.js' }
    for (const [old, name] of Object.entries(fresh)) {
      renameSync(join(assets, old), join(assets, name))
    }
    for (const path of ['sw.js', 'index.html', 'assets/index-fresh.js']) {
      const text = Object.entries(fresh).reduce(
        (before, [old, name]) => before.replaceAll(old, name),
        readFileSync(join(outDir, path), 'utf8'),
      )
      // Other bytes of one name have another revision.
      const revised = text.replace(/url:"index.html",revision:"\w/, 'url:"index.html",revision:"x')
      writeFileSync(join(outDir, path), revised)
    }
    await page.evaluate(async () => {
      await (await navigator.serviceWorker.ready).update()
    })
    await page.getByText('A new version of the page is here.').waitFor()
    await page.getByRole('link', { name: 'Train', exact: true }).click()
    await page.getByRole('heading', { level: 2, name: '1. Pictures' }).waitFor()
    const loaded = page.waitForEvent('load')
    await page.getByRole('button', { name: 'Reload' }).click()
    await loaded
    await page.getByRole('heading', { level: 2, name: '1. Pictures' }).waitFor()
    const parts = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    )
    expect(parts.some((name) => name.endsWith('train-fresh.js'))).toBe(true)
    await context.close()
    await server.close()
    rmSync(outDir, { recursive: true })
  })
})
