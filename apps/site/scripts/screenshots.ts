// Pictures of the site, light, dark and as narrow as a phone, in docs/site. Needs a build of the site, and Chromium's file
// in CHROMIUM_PATH.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { serve } from 'vitepress'
import { root } from '../src/pages.ts'

const folder = join(root, 'docs/site')
mkdirSync(folder, { recursive: true })
const PORT = 4180

const shots = [
  { name: 'start-light', path: '/', colorScheme: 'light', width: 1280, height: 900 },
  { name: 'start-dark', path: '/', colorScheme: 'dark', width: 1280, height: 900 },
  { name: 'start-zh', path: '/zh/', colorScheme: 'light', width: 1280, height: 900 },
  { name: 'guide-dark', path: '/guides/fine-tune', colorScheme: 'dark', width: 1280, height: 900 },
  {
    name: 'explained-light',
    path: '/alexnet-explained',
    colorScheme: 'light',
    width: 1280,
    height: 1100,
  },
  {
    name: 'api-light',
    path: '/api/@alexnet/model',
    colorScheme: 'light',
    width: 1280,
    height: 900,
  },
  {
    name: 'guide-phone',
    path: '/guides/first-classifier-node',
    colorScheme: 'light',
    width: 390,
    height: 844,
  },
] as const

await serve({ root: join(import.meta.dirname, '..'), port: PORT })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH,
  args: ['--no-sandbox'],
})
for (const { name, path, colorScheme, width, height } of shots) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme })
  const response = await page.goto(`http://localhost:${PORT}${path}`, { waitUntil: 'networkidle' })
  if (!response?.ok()) throw new Error(`${path}: ${response?.status()}`)
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await page.close()
}
await browser.close()
process.exit(0)
