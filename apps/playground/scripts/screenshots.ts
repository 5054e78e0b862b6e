// Pictures of every page, light, dark and as narrow as a phone, in docs/playground. Needs a build.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium, openSite } from '../src/testing/browser.ts'

const folder = join(import.meta.dirname, '../../../docs/playground')
const executable = findChromium()
if (!executable) throw new Error('no Chromium found: install it, or name its file in CHROMIUM_PATH')
mkdirSync(folder, { recursive: true })
const only = process.argv.slice(2)

/** Brings each page to where there is something to see. */
const scenes: Record<string, (page: Page) => Promise<void>> = {
  async classify(page) {
    await page.getByRole('button', { name: 'Samples' }).click()
    await page.waitForFunction(() => document.querySelectorAll('.bars').length >= 6)
  },
  async look(page) {
    await page.getByRole('spinbutton', { name: 'channel' }).fill('2')
    await page.getByRole('img', { name: 'What the unit sees', exact: true }).waitFor()
    await page.getByText('For ', { exact: false }).first().waitFor()
    await page.waitForTimeout(2000)
  },
  async train(page) {
    await page.getByLabel('Pictures to draw').fill('1500')
    await page.getByLabel('Epochs').fill('2')
    await page.getByLabel('Epochs').blur()
    await page.getByRole('button', { name: 'Show what that does' }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText('Surest mistakes').waitFor({ timeout: 400_000 })
  },
  async paper(page) {
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.waitForFunction(
      () => /After (\d{4,})/.test(document.querySelector('[data-testid=race]')!.textContent!),
      undefined,
      { timeout: 400_000 },
    )
    await page.getByRole('button', { name: 'Stop the race' }).click()
  },
  async backends(page) {
    await page.getByRole('button', { name: 'Measure' }).click()
    await page.getByRole('button', { name: 'Save the report' }).waitFor({ timeout: 400_000 })
  },
}

const looks = {
  light: { viewport: { width: 1200, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1200, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true },
} as const

const site = await openSite(executable)
for (const [name, prepare] of Object.entries(scenes)) {
  if (only.length > 0 && !only.includes(name)) continue
  // One page, brought there once, seen in three ways: a run takes minutes.
  const page = await site.open(`#/${name}`, looks.light)
  if (name !== 'paper' && name !== 'backends') await page.getByTestId('status').waitFor()
  await prepare(page)
  for (const [look, { viewport, colorScheme }] of Object.entries(looks)) {
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(600)
    const path = join(folder, `${name}-${look}.png`)
    await page.screenshot({ path, fullPage: true })
    console.log(path)
  }
  await page.context().close()
}
await site.close()
