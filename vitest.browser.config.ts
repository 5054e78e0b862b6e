// Browser tests of every package in the machine's own Chromium; each package runs it with its own folder as
// root, through scripts/browser-tests.ts. Pages of `src/x.browser.test.ts` may share memory between threads,
// those of `src/x.plain-page.test.ts` may not.

import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumFlags, findChromium } from './scripts/chromium.ts'

/** What lets a page share memory between threads; on everything, the tests' frames and workers included. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Headless, by the file that was found: Playwright is never asked to bring a browser. */
const browser = {
  enabled: true,
  headless: true,
  screenshotFailures: false,
  // A busy machine starts a browser slowly.
  connectTimeout: 300_000,
  provider: playwright({
    launchOptions: { executablePath: findChromium(), args: chromiumFlags },
  }),
  instances: [{ browser: 'chromium' as const }],
}

const thorough = process.env.CONFORMANCE === 'thorough'
const wide = thorough || process.env.CONFORMANCE === 'wide'
const plain = process.env.PLAIN_PAGE !== undefined

export default defineConfig({
  server: { headers: plain ? {} : isolation },
  resolve: { dedupe: ['@tensorflow/tfjs'] },
  // Found at the first import otherwise, which reloads the page in the middle of a test; what workers import
  // is not looked for unless they are named.
  optimizeDeps: { include: ['@tensorflow/tfjs'], entries: ['src/testing/*-worker.ts'] },
  test: {
    include: [plain ? 'src/**/*.plain-page.test.ts' : 'src/**/*.browser.test.ts'],
    // Software rendering uses every core by itself.
    fileParallelism: false,
    provide: { thorough, wide },
    // A software driver on a machine that does other things too.
    testTimeout: thorough ? 3_600_000 : 600_000,
    hookTimeout: 600_000,
    browser,
  },
})
