// `bench webgl`: our WebGL backend beside tfjs's own on the same device, in one Chromium, turn by turn; and by
// kernel the programs that ran and the bytes that they touched, which do not depend on the device.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { findChromium, launch } from '../browser/chromium.ts'
import { paths } from '../browser/paths.ts'
import { servePage } from '../browser/server.ts'
import type { KernelWork, WebGLBench, WebGLSettings } from '../browser/webgl-page.ts'
import { BenchError } from '../errors.ts'
import { ratios, relativeDifference, type Summary, summarize } from '../statistics.ts'
import { textTable, wrap } from '../table.ts'
import { bundlePage } from './browser.ts'

/** In the page, where the functions given to `evaluate` run. */
declare const bench: WebGLBench

const engines = ['alexnet', 'tfjs'] as const

export interface WebGLResult {
  task: 'webgl'
  work: string
  variant: string
  batch: number
  device: string
  browser: string
  /** Milliseconds an iteration. */
  milliseconds: Record<(typeof engines)[number], Summary>
  /** Ours divided by tfjs's, round by round: below 1 ours is faster. */
  ratio: Summary
  /** Largest difference of the outputs, relative to the largest. */
  difference: number
  /** Work of one iteration by kernel. */
  kernels: { kernel: string; ours: KernelWork; tfjs: KernelWork }[]
}

export interface WebGLTaskOptions {
  variant: string
  batch: number
  rounds: number
  work: 'infer' | 'train'
  chromium?: string
}

/** Largest relative difference of logits or loss that still is the same network. */
const SAME = 1e-4

const nothing: KernelWork = { programs: 0, bytes: 0 }

/**
 * Times both and counts their work.
 *
 * @throws BenchError where there is no Chromium, or the two compute different numbers
 */
export async function compareWebGL(options: WebGLTaskOptions): Promise<WebGLResult> {
  const { variant, batch, rounds, work } = options
  const folder = await mkdtemp(join(tmpdir(), 'bench-webgl-'))
  await bundlePage(folder, 'webgl-page')
  const server = await servePage({ [paths.bundle]: folder }, `${paths.bundle}page.js`)
  const browser = await launch(findChromium(options.chromium))
  try {
    const pages: Page[] = []
    const outputs: number[][] = []
    const done: Record<string, KernelWork>[] = []
    let device = ''
    for (const engine of engines) {
      const page = await (await browser.newContext()).newPage()
      page.setDefaultTimeout(0)
      await page.goto(server.origin)
      await page.waitForFunction(() => 'bench' in globalThis)
      const settings: WebGLSettings = { engine, variant, batch, work }
      const started = await page.evaluate((given) => bench.start(given), settings)
      if (engine === 'alexnet') device = started.device
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
      ...{ task: 'webgl', work, variant, batch, device, difference },
      browser: `Chromium ${browser.version()}`,
      milliseconds: { alexnet: summarize(samples[0]!), tfjs: summarize(samples[1]!) },
      ratio: summarize(ratios(samples[0]!, samples[1]!)),
      kernels: [...new Set([...Object.keys(tfjs), ...Object.keys(ours)])].map((kernel) => ({
        kernel,
        ours: ours[kernel] ?? nothing,
        tfjs: tfjs[kernel] ?? nothing,
      })),
    }
  } finally {
    await browser.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The result as text of at most 80 columns. */
export function formatWebGL(result: WebGLResult): string {
  const { work, variant, batch, milliseconds, ratio, kernels, device, browser } = result
  const sum = (engine: 'ours' | 'tfjs') =>
    kernels.reduce(
      (total, { [engine]: own }) => ({
        programs: total.programs + own.programs,
        bytes: total.bytes + own.bytes,
      }),
      nothing,
    )
  const cells = (name: string, ours: KernelWork, tfjs: KernelWork) => [
    name,
    ...[ours, tfjs].flatMap(({ programs, bytes }) => [String(programs), (bytes / 1e6).toFixed(2)]),
  ]
  const rows = kernels
    .filter(({ ours, tfjs }) => ours.programs !== tfjs.programs || ours.bytes !== tfjs.bytes)
    .map(({ kernel, ours, tfjs }) => cells(kernel, ours, tfjs))
  const times = (summary: Summary) =>
    `${summary.median.toFixed(1)} ms (${summary.low.toFixed(1)} to ${summary.high.toFixed(1)})`
  return [
    `${work === 'infer' ? 'Inference' : 'A training step'} of ${variant}, batch ${batch}`,
    ...wrap(device),
    `${browser}, outputs within ${result.difference.toExponential(1)}`,
    '',
    `alexnet-webgl  ${times(milliseconds.alexnet)}`,
    `tfjs-webgl     ${times(milliseconds.tfjs)}`,
    `ratio          ${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}); below 1 ours is faster`,
    '',
    ...textTable(
      [
        { head: 'kernel', align: 'left' },
        { head: 'ours', align: 'right' },
        { head: 'MB', align: 'right' },
        { head: 'tfjs', align: 'right' },
        { head: 'MB', align: 'right' },
      ],
      [...rows, cells('all, those alike too', sum('ours'), sum('tfjs'))],
    ),
    '',
    'Programs that ran, and megabytes of the tensors that they read and wrote.',
  ].join('\n')
}
