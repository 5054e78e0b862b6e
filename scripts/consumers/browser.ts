// Pages as a host serves them, opened in Chromium: a folder over HTTP with the headers that are asked for, and the
// answer that a page writes into its title.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { chromiumFlags, findChromium } from '../chromium.ts'

/** What lets a page share memory between threads. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** A policy as a careful host has it, WebAssembly allowed. */
export const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:"

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.png': 'image/png',
}

/** A folder served on this machine. */
export interface Served {
  /** Address of the folder, with a slash at its end. */
  url: string
  close(): void
}

/**
 * Serves a folder; what it does not have is answered with 404.
 *
 * @param base path under which it is served, `/` or `/project/`
 */
export async function serve(
  folder: string,
  headers: Readonly<Record<string, string>> = isolation,
  base = '/',
): Promise<Served> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const inside = pathname.startsWith(base) ? pathname.slice(base.length) : undefined
    const path = normalize(decodeURIComponent(inside ?? '')) || '.'
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    try {
      if (inside === undefined || path.startsWith('..')) throw new Error('outside')
      const file = /(^|\/)[.]?$/.test(path) ? join(path, 'index.html') : path
      const body = await readFile(join(folder, file))
      response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream')
      response.end(body)
    } catch {
      response.statusCode = 404
      response.end('not found')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}${base}`, close: () => server.close() }
}

/** What a page of `pages/` answers. */
export interface Answer {
  error?: string
  device?: string
  /** Whether both of two backends that were started at once are one. */
  same?: boolean
  label?: string
  probability?: number
  /** Sum of what loader workers prepared, or why they did not. */
  loaded?: number | string
  /** Milliseconds until it was there. */
  milliseconds: number
}

/** Chromium, or undefined where the machine has none. */
export async function openChromium(): Promise<Browser | undefined> {
  const executablePath = findChromium()
  return executablePath ? chromium.launch({ executablePath, args: chromiumFlags }) : undefined
}

/** Opens a page and waits for its answer; what the page says in the console stands in for one that fails. */
export async function ask(browser: Browser, url: string, patience = 90_000): Promise<Answer> {
  const page = await browser.newPage()
  const said: string[] = []
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()))
  page.on('pageerror', ({ message }) => said.push(message))
  const start = performance.now()
  try {
    await page.goto(url, { timeout: patience })
    await page.waitForFunction(() => document.title.startsWith('{'), undefined, {
      timeout: patience,
    })
    const milliseconds = performance.now() - start
    return { ...(JSON.parse(await page.title()) as object), milliseconds }
  } catch (error) {
    const reason = said[0] ?? (error as Error).message.split('\n')[0]
    return { error: `no answer: ${reason}`, milliseconds: performance.now() - start }
  } finally {
    await page.close()
  }
}
