// Pictures of every page, light, dark and as narrow as a phone, and of two in Chinese, in docs/playground. Needs a build.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { findChromium, openSite } from '../src/testing/browser.ts'

const folder = join(import.meta.dirname, '../../../docs/playground')
const executable = findChromium()
if (!executable) throw new Error('no Chromium found: install it, or name its file in CHROMIUM_PATH')
mkdirSync(folder, { recursive: true })
const only = process.argv.slice(2)

/** Brings each page to where there is something to see. */
const scenes: Record<string, (page: Page) => Promise<void>> = {
  async home(page) {
    await page.locator('.bars').first().waitFor()
  },
  async tour(page) {
    await page.getByRole('link', { name: '3 96 filters' }).click()
    await page.getByRole('button', { name: '55', exact: true }).click()
    const places = { channel: '2', row: '18', column: '14' }
    for (const [name, value] of Object.entries(places)) {
      await page.getByRole('spinbutton', { name }).fill(value)
    }
    await page.getByTestId('sum').waitFor()
  },
  async classify(page) {
    await page.getByRole('button', { name: 'Samples' }).click()
    await page.waitForFunction(() => document.querySelectorAll('.bars').length >= 6)
  },
  async look(page) {
    for (const [name, value] of [
      ['channel', '2'],
      ['row', '18'],
      ['column', '14'],
    ] as const) {
      await page.getByRole('spinbutton', { name }).fill(value)
    }
    await page.getByRole('img', { name: 'What the unit sees', exact: true }).waitFor()
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
  },
  async compare(page) {
    await page.getByRole('img', { name: 'Where they differ' }).waitFor({ timeout: 400_000 })
  },
  async map(page) {
    await page.getByRole('img', { name: /^Map of/ }).waitFor()
    await page.getByRole('button', { name: 'Take what is in view' }).click()
  },
  async train(page) {
    await page.getByLabel('Pictures to draw').fill('2500')
    await page.getByLabel('Epochs').fill('3')
    await page.getByLabel('Epochs').blur()
    await page.getByRole('button', { name: 'Show what that does' }).click()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(/^Done: step/).waitFor({ timeout: 400_000 })
  },
  async live(page) {
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await page.locator('.live .bars').waitFor()
    await page.waitForTimeout(3000)
    await page.keyboard.press('Space')
  },
  async take(page) {
    await page.getByText(/^About/).waitFor()
  },
  async paper(page) {
    await page.getByRole('button', { name: 'Start the race' }).click()
    // It ends by itself.
    const start = page.getByRole('button', { name: 'Start the race' })
    await start.waitFor({ state: 'detached' })
    await start.waitFor({ timeout: 400_000 })
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

/** Pixels of a page that a picture shows, from its top. */
const TALLEST = 1800
/** Bytes that a picture in the repository may have. */
const MOST_BYTES = 120_000

/** Writes a picture with as many colours as its size allows. */
async function save(screenshot: Buffer, path: string): Promise<void> {
  for (const colours of [256, 128, 64, 32]) {
    const file = await sharp(screenshot)
      .png({ palette: true, colours, dither: 0, effort: 10 })
      .toBuffer()
    if (file.length > MOST_BYTES && colours > 32) continue
    writeFileSync(path, file)
    console.log(`${path}: ${Math.round(file.length / 1000)} KB, ${colours} colours`)
    return
  }
}

async function take(page: Page, width: number, name: string): Promise<void> {
  const whole = await page.evaluate(() => document.documentElement.scrollHeight)
  const clip = { x: 0, y: 0, width, height: Math.min(whole, TALLEST) }
  await save(await page.screenshot({ fullPage: true, clip }), join(folder, `${name}.png`))
}

const site = await openSite(executable)
for (const [name, prepare] of Object.entries(scenes)) {
  if (only.length > 0 && !only.includes(name)) continue
  // One page, brought there once, seen in three ways: a run takes minutes.
  const page = await site.open(`#/${name}`, { ...looks.light, permissions: ['camera'] })
  if (name !== 'paper' && name !== 'backends') await page.getByTestId('status').waitFor()
  await prepare(page)
  for (const [look, { viewport, colorScheme }] of Object.entries(looks)) {
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(600)
    await take(page, viewport.width, `${name}-${look}`)
  }
  if (name === 'home' || name === 'tour') {
    await page.setViewportSize(looks.light.viewport)
    await page.getByRole('combobox', { name: 'Language' }).selectOption('zh')
    await page.waitForTimeout(600)
    await take(page, looks.light.viewport.width, `${name}-chinese`)
  }
  await page.context().close()
}
await site.close()
