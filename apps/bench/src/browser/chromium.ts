// Chromium, with one page an engine: pages that are opened apart have renderer processes of their own, so
// heaps and thread pools stay apart as they do in Node.

import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Engine } from '../engine-process.ts'
import type { EngineInfo, EngineSettings } from '../engines/session.ts'
import { BenchError } from '../errors.ts'
import type { Calls } from '../messages.ts'
import type { PageBench } from './page.ts'

/** Debian's Chromium runs headless and without a sandbox of its own, and asks nobody anything. */
const flags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  // Pages take turns; none of them is to be slowed down for being behind another.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** Drivers that compute on the processor, the same on every machine. */
const softwareFlags = [
  '--use-webgpu-adapter=swiftshader',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** A start loads some hundred megabytes from the same machine. */
const LONGEST_START = 120_000
const LONGEST_ANSWER = 15 * 60_000

/** The browser's file: the one asked for, $CHROMIUM, or one of the usual places. */
export function findChromium(asked: string | undefined): string {
  const named = asked ?? process.env.CHROMIUM
  const file = named ?? usualPlaces.find((place) => existsSync(place))
  if (file === undefined) {
    throw new BenchError(
      'no Chromium found: install it (Debian: apt install chromium), or name its file with --chromium or $CHROMIUM',
    )
  }
  if (!existsSync(file)) throw new BenchError(`there is no Chromium at ${file}`)
  return file
}

/** Starts it on software drivers, or on the machine's GPU. */
export function launch(file: string, { gpu = false } = {}): Promise<Browser> {
  const args = [...flags, ...(gpu ? ['--enable-gpu'] : softwareFlags)]
  return chromium.launch({ executablePath: file, headless: true, args })
}

/** An engine in a page of its own. */
export class PageEngine implements Engine {
  readonly #page: Page
  /** Rejects with the first error that nothing in the page caught, a worker's for example. */
  readonly #broken: Promise<never>

  private constructor(page: Page) {
    this.#page = page
    this.#broken = new Promise((_, reject) => {
      page.on('pageerror', (error) => reject(new Error(`error in the page: ${error.message}`)))
      page.on('crash', () => reject(new Error('the page crashed')))
    })
    this.#broken.catch(() => {})
  }

  static async open(browser: Browser, origin: string): Promise<PageEngine> {
    // A context each: pages of one context may share a process.
    const context = await browser.newContext()
    const page = await context.newPage()
    const engine = new PageEngine(page)
    await page.goto(origin)
    await page.waitForFunction(() => 'bench' in globalThis, undefined, { timeout: 60_000 })
    return engine
  }

  /** Starts the engine; `isolated` says whether the page may share memory. */
  start(settings: EngineSettings): Promise<EngineInfo & { isolated: boolean }> {
    const started = this.#page.evaluate((argument) => {
      return (globalThis as unknown as { bench: PageBench }).bench.start(argument)
    }, settings)
    return this.#within(LONGEST_START, started)
  }

  output(): Promise<number[]> {
    const output = this.#page.evaluate(() => {
      return (globalThis as unknown as { bench: PageBench }).bench.output()
    })
    return this.#within(LONGEST_ANSWER, output)
  }

  async ask<C extends keyof Calls>(
    call: C,
    argument: Calls[C]['takes'],
  ): Promise<Calls[C]['gives']> {
    if (call !== 'run') throw new Error(`a page has no '${call}'`)
    const time = this.#page.evaluate((iterations) => {
      return (globalThis as unknown as { bench: PageBench }).bench.run(iterations)
    }, argument as number)
    return (await this.#within(LONGEST_ANSWER, time)) as Calls[C]['gives']
  }

  async #within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const seconds = milliseconds / 1000
      timer = setTimeout(() => reject(new Error(`no answer in ${seconds} seconds`)), milliseconds)
    })
    // Whichever comes first; the others' rejections are then nobody's concern.
    for (const promise of [answer, late]) promise.catch(() => {})
    return Promise.race([answer, this.#broken, late]).finally(() => clearTimeout(timer))
  }

  stop(): Promise<void> {
    return this.#page.context().close()
  }
}
