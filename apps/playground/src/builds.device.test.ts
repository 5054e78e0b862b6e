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
    // The page's parts get other names, and nothing has the old ones any more.
    const names = readdirSync(join(outDir, 'assets'))
    const old = names.find((name) => /^train-.*\.js$/.test(name))!
    const fresh = 'train-fresh.js'
    renameSync(join(outDir, 'assets', old), join(outDir, 'assets', fresh))
    const texts = [
      'sw.js',
      'index.html',
      ...names
        .filter((name) => name.endsWith('.js') && name !== old)
        .map((name) => `assets/${name}`),
    ]
    for (const name of texts) {
      const path = join(outDir, name)
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(old, fresh))
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
    expect(parts.some((name) => name.endsWith(fresh))).toBe(true)
    await context.close()
    await server.close()
    rmSync(outDir, { recursive: true })
  })
})
