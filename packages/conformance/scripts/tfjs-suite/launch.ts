// Runs tfjs-core's tests on one backend: in a Node of their own, or in a page of a Chromium of their own.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import { bundleSuite } from './bundle.ts'
import type { Runtime, SuiteBackend } from './bundled/backends.ts'
import type { SpecResult } from './bundled/run.ts'

export interface Launch {
  backend: SuiteBackend
  runtime: Runtime
  /** Pattern of the tests' names. Default all. */
  only?: string
  /** Patterns of tests that are left out. */
  without?: readonly string[]
  /** Which share of the tests, and of how many. Default all. */
  share?: readonly [number: number, count: number]
  onResult?: (result: SpecResult) => void
}

export interface SuiteRun {
  results: SpecResult[]
  /** Why it ended before all tests had run. */
  error?: string
}

export interface Browser {
  file: string
  flags: readonly string[]
}

/** Bundles the tests and runs them. */
export async function launch(options: Launch, browser?: Browser): Promise<SuiteRun> {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-suite-'))
  const results: SpecResult[] = []
  const take = (result: SpecResult) => {
    results.push(result)
    options.onResult?.(result)
  }
  const { backend, only, without, share } = options
  const run = JSON.stringify({ backend, only, without, share })
  try {
    if (options.runtime === 'node') {
      const file = join(folder, 'suite.mjs')
      await bundleSuite('node', file)
      return { results, error: await inNode(file, run, take) }
    }
    const file = join(folder, 'suite.js')
    await bundleSuite('page', file)
    return { results, error: await inPage(file, run, take, browser!) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function inNode(file: string, run: string, take: (result: SpecResult) => void) {
  const child = spawn(process.execPath, [file, run], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (data) => {
    errors = `${errors}${data}`.slice(-2000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"name":')) take(JSON.parse(line) as SpecResult)
  })
  return new Promise<string | undefined>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0 ? undefined : `ended with ${code}: ${errors}`))
  })
}

/** What lets a page share memory between threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

async function inPage(
  file: string,
  run: string,
  take: (result: SpecResult) => void,
  { file: executablePath, flags }: Browser,
): Promise<string | undefined> {
  const server = createServer(({ url }, response) => {
    const script = url === '/suite.js'
    const type = script ? 'text/javascript' : 'text/html'
    response.writeHead(200, { ...isolation, 'Content-Type': type })
    response.end(
      script
        ? readFileSync(file)
        : '<!doctype html><script type="module" src="/suite.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const browser = await chromium.launch({ executablePath, args: [...flags] })
  try {
    const page = await browser.newPage()
    let finish: (error?: string) => void
    const finished = new Promise<string | undefined>((resolve) => {
      finish = resolve
    })
    // Before the page begins: its first results would be told to nobody.
    await page.exposeFunction('tell', take)
    await page.exposeFunction('finish', (error?: string) => finish(error))
    page.on('crash', () => finish('the page crashed'))
    await page.goto(`http://127.0.0.1:${port}/?run=${encodeURIComponent(run)}`)
    return await finished
  } finally {
    await browser.close()
    server.close()
  }
}
