// The page on a host that sends no headers of its own, in Chromium: its service worker makes up for them.
import { preview } from 'vite'
import { expect, it } from 'vitest'
import { describeSite, folder, PATIENCE } from './testing/site.ts'

describeSite('A host without headers', (site) => {
  it('has one thread at the first visit, and then all', async () => {
    const server = await preview({
      root: folder,
      configFile: false,
      base: './',
      logLevel: 'error',
      preview: { port: 0, host: '127.0.0.1' },
    })
    const context = await site.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    const response = await page.goto(`${server.resolvedUrls!.local[0]!}#/classify`)
    expect(response!.headers()['cross-origin-embedder-policy']).toBeUndefined()
    const status = page.getByTestId('status')
    await status.filter({ hasText: 'WebAssembly, 1 thread)' }).waitFor()
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    await page.reload()
    await status.filter({ hasText: /WebAssembly, [2-9]\d* threads/ }).waitFor()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    await context.close()
    await server.close()
  })
})
