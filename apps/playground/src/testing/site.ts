// What every test of the built page shares: the site for a file of tests, the page with the small model,
// pictures as files, what a page hands out.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Dataset, encodePng } from '@alexnet/data'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { findChromium, openSite, type Site } from './browser.ts'

export const folder = join(import.meta.dirname, '../..')

declare module 'vitest' {
  interface ProvidedContext {
    wide: boolean
  }
}

/** Whether to take the time for what only widens a question (CONFORMANCE=wide). */
export const wide: boolean = inject('wide')

/** For what a browser computes on a machine that is busy with other things, in milliseconds. */
export const PATIENCE = 300_000

const executable = findChromium()

/** A file of tests on the built page in Chromium; skipped where the machine has none. */
export function describeSite(name: string, tests: (site: Site) => void): void {
  describe.skipIf(!executable)(name, { timeout: 2 * PATIENCE }, () => {
    const site = {} as Site
    beforeAll(async () => {
      Object.assign(site, await openSite(executable!))
    }, PATIENCE)
    afterAll(() => site.close())
    tests(site)
  })
}

/** Waits for the model that the page opens with, and takes the small one. */
export async function withSmallModel(page: Page): Promise<Page> {
  await page.getByTestId('status').waitFor()
  await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes')
  await page.getByTestId('status').filter({ hasText: 'LeNet-5' }).waitFor()
  return page
}

/** The page as a link to the small model opens it: the one that it opens with otherwise is not loaded first. */
export async function openSmall(site: Site, path: string, options?: BrowserContextOptions) {
  const page = await site.open(`${path}?model=shapes`, options)
  await page.getByTestId('status').filter({ hasText: 'LeNet-5' }).waitFor()
  return page
}

/** Train with the small model, once it has taken what the browser keeps, which would undo what is chosen before. */
export async function openTrain(site: Site, options?: BrowserContextOptions): Promise<Page> {
  const page = await openSmall(site, '#/train', options)
  await page.waitForURL(/source=/)
  return page
}

/** The field for files of a place where pictures can be given. */
export const picturesFor = (page: Page, label: string) => page.getByTestId(`files-${label}`)

/** The likeliest class of each picture, in the order of the page. */
export const answers = (page: Page) =>
  page.locator('.results .bars li:first-child .label').allTextContents()

/** A picture of a data set as a file. */
export async function asFile(dataset: Dataset, index: number) {
  const buffer = Buffer.from(await encodePng(await dataset.load(index)))
  return { name: `${index}.png`, mimeType: 'image/png', buffer }
}

/** Waits for what follows the page's layout a frame later, such as the width of charts. */
export const nextFrame = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise<void>((drawn) => requestAnimationFrame(() => setTimeout(drawn))))

/** What a canvas shows, as text. */
export const pixelsOf = (canvas: Locator): Promise<string> =>
  canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())

/** What the page hands out at a press of a button. */
export async function saved(page: Page, button: string): Promise<{ path: string; bytes: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ])
  const path = await download.path()
  return { path, bytes: readFileSync(path) }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds wrong with a page, element by element. */
export async function axeFinds(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    /** What is used of axe-core, which its script leaves in the page. */
    interface Axe {
      run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
    }
    // Colours fade from one scheme to the other; they are looked at when they are there.
    const fading = document
      .getAnimations()
      .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
    await Promise.allSettled(fading.map(({ finished }) => finished))
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}

/** Names that more than one field that is to be seen has: by ear, and for a test, they are the same one. */
export function namesOfSeveral(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const fields = [
      ...document.querySelectorAll<HTMLInputElement>('select, input, textarea'),
    ].filter((field) => field.checkVisibility() && field.type !== 'radio')
    // A label's own words, not its field's.
    const wordsOf = (label: HTMLLabelElement) =>
      [...label.childNodes].map((node) =>
        node instanceof HTMLSelectElement ? '' : node.textContent,
      )
    const names = fields.map((field) =>
      (field.ariaLabel ?? [...(field.labels ?? [])].flatMap(wordsOf).join('')).trim(),
    )
    return names.filter((name, at) => names.indexOf(name) !== at)
  })
}

/** The page with a script before its workers' own: they have a navigator and canvases of their own. */
export async function openWith(site: Site, script: string, path = '#/classify'): Promise<Page> {
  const context = await site.browser.newContext({ serviceWorkers: 'block', locale: 'en-US' })
  // Not by answering for the worker's file: a worker of such an answer reaches no other server.
  await context.addInitScript((before) => {
    const address = (text: string) =>
      URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        const scripts = [address(before), new URL(url, location.href).href]
        super(address(scripts.map((own) => `import ${JSON.stringify(own)}`).join('\n')), options)
      }
    }
  }, script)
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  await page.goto(site.url + path)
  await page.getByTestId('status').waitFor()
  return page
}

/** For `openWith`: lets `loseContexts` take every WebGL context from the workers, as a driver's restart does. */
export const losingContexts = `const contexts = []
const { getContext } = OffscreenCanvas.prototype
OffscreenCanvas.prototype.getContext = function (...args) {
  const context = getContext.apply(this, args)
  if (/webgl/.test(args[0]) && context) contexts.push(context)
  return context
}
new BroadcastChannel('driver').onmessage = () => {
  for (const context of contexts) context.getExtension('WEBGL_lose_context')?.loseContext()
};`

export const loseContexts = (page: Page) =>
  page.evaluate(() => new BroadcastChannel('driver').postMessage('restart'))
