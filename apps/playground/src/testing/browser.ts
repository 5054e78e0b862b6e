// Chromium with the built page in it, served as a user would. For tests and screenshots only.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { type PreviewServer, preview } from 'vite'

const root = join(import.meta.dirname, '../..')

/** Software drivers for WebGL and WebGPU, a camera that is a drawing, and no traffic of the browser's own. */
const flags = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // Clearing workgroup memory is compiled into each shader, seconds each on the software driver.
  '--enable-dawn-features=disable_workgroup_init',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--use-fake-device-for-media-stream',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]

/** The browser's file, as the workspace finds or installs it; undefined where there is none. */
export function findChromium(): string | undefined {
  const script = join(root, '../../scripts/chromium.ts')
  const { stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  return stdout?.trim() || undefined
}

export interface Site {
  url: string
  browser: Browser
  /**
   * A page of its own, with the storage of a first visit. Without a service worker, which would fetch the
   * whole site each time, unless `options` allow it.
   */
  open(path?: string, options?: BrowserContextOptions): Promise<Page>
  close(): Promise<void>
}

/** Serves the build and starts the browser. */
export async function openSite(executablePath: string): Promise<Site> {
  const server: PreviewServer = await preview({
    root,
    logLevel: 'error',
    preview: { port: 0, host: '127.0.0.1' },
  })
  const url = server.resolvedUrls!.local[0]!
  const browser = await chromium.launch({ executablePath, headless: true, args: flags })
  return {
    url,
    browser,
    async open(path = '', options = {}) {
      const context = await browser.newContext({
        serviceWorkers: 'block',
        locale: 'en-US',
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(120_000)
      await page.goto(url + path)
      return page
    },
    async close() {
      await browser.close()
      await new Promise((resolve) => {
        server.httpServer.close(resolve)
        ;(server.httpServer as { closeAllConnections?(): void }).closeAllConnections?.()
      })
    },
  }
}
