// Inference in Chromium: the engines of `infer` that run in a page, on the same data, checked and timed
// the same way.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { findChromium, launch, PageEngine } from '../browser/chromium.ts'
import { paths } from '../browser/paths.ts'
import { servePage } from '../browser/server.ts'
import type { PrepareOptions } from '../data.ts'
import { withData } from '../data-folder.ts'
import { choosePeers, oursRows, versionsOf } from '../engine-choice.ts'
import { ours } from '../engines/catalog.ts'
import type { EngineSettings } from '../engines/session.ts'
import { messageOf } from '../errors.ts'
import { describeMachine } from '../machine.ts'
import { inferenceFlops } from '../network.ts'
import { type Absent, compare, type Report } from '../results.ts'
import type { Progress, Settings } from '../settings.ts'
import {
  comparedOutputs,
  judge,
  type Outcome,
  outputDifference,
  type Right,
  timeRight,
  toleranceOf,
} from './timed.ts'

const require = createRequire(import.meta.url)

/** One report a batch size. */
export async function browserTask(settings: Settings, progress: Progress): Promise<Outcome> {
  const { variant, size, threads, rounds } = settings
  const executable = findChromium(settings.chromium)
  const { chosen, absent: unable } = choosePeers(settings, 'infer', { inBrowser: true })
  const machine = describeMachine()
  const options: PrepareOptions = {
    variant,
    content: 'expected',
    size,
    tfliteBatches: chosen.some(({ name }) => name === 'litert') ? settings.batches : [],
  }
  progress('making weights, pictures and expected numbers')
  return withData(options, async (data, { network, expected }) => {
    progress('bundling the page')
    const bundle = join(data, 'page')
    await bundlePage(bundle)
    const server = await servePage(
      {
        [paths.bundle]: bundle,
        [paths.data]: data,
        [paths.onnxRuntime]: dirname(require.resolve('onnxruntime-web')),
        [paths.liteRt]: join(dirname(require.resolve('@litertjs/core')), '../wasm'),
        [paths.tfjsWasm]: dirname(require.resolve('@tensorflow/tfjs-backend-wasm')),
      },
      `${paths.bundle}page.js`,
    )
    const browser = await launch(executable)
    try {
      const reports: Report[] = []
      const versions: Record<string, string> = {}
      for (const batch of settings.batches) {
        const absent: Absent[] = [...unable]
        const right: Right[] = []
        const pages: PageEngine[] = []
        const common: EngineSettings = {
          engine: '',
          task: 'infer',
          data: '',
          variant,
          batch,
          threads,
          size,
        }
        const rows = [
          ...oursRows(settings, common).map((row) => ({ entry: ours, row })),
          ...chosen.map((entry) => ({ entry, row: { ...common, engine: entry.name } })),
        ]
        for (const { entry, row } of rows) {
          progress(`batch ${batch}: starting ${entry.name}`)
          const page = await PageEngine.open(browser, server.origin)
          pages.push(page)
          try {
            const info = await page.start(row)
            if (!info.isolated) info.note = 'the page was not isolated, so it had one thread'
            Object.assign(versions, versionsOf([{ entry, info }]))
            const tolerance = toleranceOf(row)
            await judge(
              { name: entry.name, engine: page, info, tolerance },
              absent,
              right,
              async () => outputDifference(await page.output(), expected, batch, network.classes),
            )
          } catch (error) {
            absent.push({ engine: entry.name, why: 'failed', reason: messageOf(error) })
          }
        }
        const results = await timeRight(right, { rounds, batch, absent, progress })
        compare(results, () => inferenceFlops(network))
        await Promise.all(pages.map((page) => page.stop()))
        reports.push({
          task: 'browser',
          batch,
          threads,
          variant,
          size: network.inputSize,
          rounds,
          compared: comparedOutputs,
          machine,
          browser: `Chromium ${browser.version()}`,
          results,
          absent,
        })
      }
      return { reports, versions }
    } finally {
      await browser.close()
      await server.close()
    }
  })
}

/** Bundles a page's script of ../browser into a folder, as `page.js` and its parts. */
export async function bundlePage(outDir: string, script = 'page'): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'error',
    root: dirname(fileURLToPath(import.meta.url)),
    base: paths.bundle,
    build: {
      outDir,
      target: 'esnext',
      // tfjs's wasm backend sends the text of a function to its threads, which minifying would break.
      minify: false,
      // Nobody downloads it over a network.
      chunkSizeWarningLimit: 1e6,
      rolldownOptions: {
        input: fileURLToPath(new URL(`../browser/${script}.js`, import.meta.url)),
        output: { entryFileNames: 'page.js' },
      },
    },
  })
}
