// `bench webgl`: our WebGL backend beside tfjs's own on the same device, in one Chromium, turn by turn; and by
// kernel the programs that ran and the bytes that they touched, which do not depend on the device.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium, launch } from '../browser/chromium.ts'
import { paths } from '../browser/paths.ts'
import { servePage } from '../browser/server.ts'
import type { WebGLBench, WebGLSettings } from '../browser/webgl-page.ts'
import {
  byKernel,
  type DeviceResult,
  type DeviceTaskOptions,
  engines,
  type KernelWork,
  SAME,
} from '../device-report.ts'
import { BenchError } from '../errors.ts'
import { describeMachine, versionOf } from '../machine.ts'
import { ratios, relativeDifference, summarize } from '../statistics.ts'
import { bundlePage } from './browser.ts'

/** In the page, where the functions given to `evaluate` run. */
declare const bench: WebGLBench

/**
 * Times both and counts their work.
 *
 * @throws BenchError where there is no Chromium, or the two compute different numbers
 */
export async function compareWebGL(options: DeviceTaskOptions): Promise<DeviceResult> {
  const { variant, batch, rounds, work } = options
  const machine = describeMachine()
  const folder = await mkdtemp(join(tmpdir(), 'bench-webgl-'))
  await bundlePage(folder, 'webgl-page')
  const server = await servePage({ [paths.bundle]: folder }, `${paths.bundle}page.js`)
  const browser = await launch(findChromium(options.chromium), options)
  try {
    const pages: Page[] = []
    const outputs: number[][] = []
    const done: Record<string, KernelWork>[] = []
    let device = ''
    let features: string[] = []
    for (const engine of engines) {
      const page = await (await browser.newContext()).newPage()
      page.setDefaultTimeout(0)
      await page.goto(server.origin)
      await page.waitForFunction(() => 'bench' in globalThis)
      const settings: WebGLSettings = { engine, variant, batch, work }
      const started = await page.evaluate((given) => bench.start(given), settings)
      if (engine === 'alexnet') ({ device, features } = started)
      outputs.push(await page.evaluate(() => bench.output()))
      done.push(await page.evaluate(() => bench.count()))
      pages.push(page)
    }
    const difference = relativeDifference(outputs[0]!, outputs[1]!)
    if (!(difference <= SAME)) {
      throw new BenchError(`the outputs differ by ${difference}, relative: nothing was timed`)
    }
    const samples: number[][] = [[], []]
    for (let round = 0; round < rounds; round++) {
      for (const [i, page] of pages.entries()) {
        samples[i]!.push(await page.evaluate(() => bench.run(1)))
      }
    }
    const [ours, tfjs] = done as [Record<string, KernelWork>, Record<string, KernelWork>]
    return {
      task: 'webgl',
      work,
      variant,
      batch,
      rounds,
      device,
      features,
      difference,
      machine,
      software: `Chromium ${browser.version()}`,
      tfjs: versionOf('@tensorflow/tfjs'),
      milliseconds: { alexnet: summarize(samples[0]!), tfjs: summarize(samples[1]!) },
      ratio: summarize(ratios(samples[0]!, samples[1]!)),
      kernels: byKernel(ours, tfjs),
    }
  } finally {
    await browser.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}
