// alexnet compare: how different pictures look, for people and for visual regression tests. A pair that cannot be
// compared is named and fails; the others go on.

import { mkdir, readdir, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { overlay } from '@alexnet/core/explain'
import {
  encodePng,
  type Picture,
  PictureError,
  pictureExtensions,
  readPicture,
} from '@alexnet/data'
import type { ComparedPictures, Lpips } from '@alexnet/lpips'
import { replaceFile } from '@alexnet/weights/node'
import { type EngineOptions, startBackend } from '../backend.ts'
import { openLpipsFor } from '../model.ts'
import { requireOther } from '../output.ts'
import { exitCodes, refuseTogether, UsageError } from '../terminal/errors.ts'
import { bold, print, printJson } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'
import { junitReport } from './compare-junit.ts'
import type { ComparedPair, Comparison, Metric } from './comparison.ts'
import { psnr, ssim } from './picture-metrics.ts'

export interface CompareOptions extends EngineOptions {
  metric: Metric
  threshold?: number
  heat?: string
  weights: string
  linear?: string
  plain?: boolean
  junit?: string
  json?: boolean
}

/** Two files to compare; one of them may be missing. */
interface Pair {
  name: string
  a?: string
  b?: string
}

export async function compare(a: string, b: string, options: CompareOptions): Promise<void> {
  const { metric, threshold, heat, junit, json = false } = options
  checkOptions(options)
  const { pairs, folders } = await pairsOf(a, b)
  if (heat !== undefined && !folders && extname(heat).toLowerCase() !== '.png') {
    throw new UsageError(
      `--heat ${heat}: drawings are written as PNG, so the name must end in .png`,
    )
  }
  for (const out of [junit, folders ? undefined : heat]) {
    if (out !== undefined) await requireOther(out, [a, b, options.weights, options.linear])
  }
  let lpips: Lpips | undefined
  if (metric === 'lpips' || metric === 'all') {
    await startBackend(options)
    lpips = await openLpipsFor(options.weights, options, json)
  }
  const shown = progress('comparing', pairs.length, { quiet: json })
  const results: ComparedPair[] = []
  try {
    for (const pair of pairs) {
      const path = heat && folders ? join(heat, `${withoutEnding(pair.name)}.png`) : heat
      results.push(await comparePair(pair, lpips, options, path))
      shown.update(results.length)
    }
  } finally {
    shown.stop()
    lpips?.dispose()
  }
  const failed = results.filter((pair) => pair.failed).length
  const comparison: Comparison = {
    metric,
    form: lpips?.form,
    threshold: threshold ?? null,
    failed,
    pairs: results,
  }
  if (junit !== undefined) await replaceFile(junit, [junitReport(comparison)])
  if (json) printJson(comparison, 2)
  else print(...formatted(comparison))
  if (failed > 0) process.exitCode = exitCodes.failed
}

function checkOptions(options: CompareOptions): void {
  refuseTogether(options, 'linear', 'plain')
  if (options.metric !== 'ssim' && options.metric !== 'psnr') return
  for (const name of ['heat', 'linear', 'plain'] as const) {
    if (options[name] === undefined) continue
    throw new UsageError(`--${name} is about lpips: leave it out with --metric ${options.metric}`)
  }
}

async function comparePair(
  { name, a, b }: Pair,
  lpips: Lpips | undefined,
  { metric, threshold, heat }: CompareOptions,
  heatPath: string | undefined,
): Promise<ComparedPair> {
  if (a === undefined || b === undefined) {
    const missing = a === undefined ? 'reference' : 'partner'
    return {
      name,
      failed: true,
      problem: `${a ?? b} has no ${missing} of that name in the other folder`,
    }
  }
  try {
    const [one, other] = await Promise.all([readPicture(a), readPicture(b)])
    if (one.width !== other.width || one.height !== other.height) {
      const problem = `${a} has ${one.width}×${one.height} pixels, ${b} ${other.width}×${other.height}: only pictures of one size are compared`
      return { name, failed: true, problem }
    }
    const found = await lpips?.compare(one, other, { spatial: heat !== undefined })
    const decibels = metric === 'psnr' || metric === 'all' ? psnr(one, other) : undefined
    const pair: ComparedPair = {
      name,
      lpips: found?.distance,
      layers: found?.layers,
      ssim: metric === 'ssim' || metric === 'all' ? ssim(one, other) : undefined,
      psnr: decibels === Number.POSITIVE_INFINITY ? null : decibels,
      failed: false,
    }
    pair.failed = threshold !== undefined && isWorse(pair, metric, threshold)
    if (heatPath !== undefined && found) {
      await writeHeat(heatPath, one, found)
      pair.heat = heatPath
    }
    return pair
  } catch (error) {
    if (!(error instanceof PictureError) && (error as Error).name !== 'OptionError') throw error
    const { message } = error as Error
    return {
      name,
      failed: true,
      problem: message.includes(a) || message.includes(b) ? message : `${a}: ${message}`,
    }
  }
}

function isWorse(pair: ComparedPair, metric: Metric, threshold: number): boolean {
  if (metric === 'ssim') return pair.ssim! < threshold
  if (metric === 'psnr') return (pair.psnr ?? Number.POSITIVE_INFINITY) < threshold
  return pair.lpips! > threshold
}

/** A distance that is shown in the brightest colour, so that drawings of one run can be compared. */
const BRIGHTEST = 1

async function writeHeat(path: string, picture: Picture, { map }: ComparedPictures): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const drawn = overlay(picture, map!, {
    limits: [0, Math.max(BRIGHTEST, ...[largest(map!.data)])],
  })
  await replaceFile(path, [await encodePng(drawn)])
}

const largest = (data: Float32Array) => data.reduce((most, value) => Math.max(most, value), 0)

/** The pairs that two arguments name. @throws UsageError for a picture beside a folder, and where there are none */
async function pairsOf(a: string, b: string): Promise<{ pairs: Pair[]; folders: boolean }> {
  const kinds = await Promise.all([a, b].map(async (path) => (await stats(path)).isDirectory()))
  if (kinds[0] !== kinds[1]) {
    throw new UsageError(
      `${kinds[0] ? a : b} is a folder and ${kinds[0] ? b : a} a file: give two pictures or two folders`,
    )
  }
  if (!kinds[0]) return { pairs: [{ name: basename(a), a, b }], folders: false }
  const [ours, theirs] = await Promise.all([picturesIn(a), picturesIn(b)])
  const names = [...new Set([...ours, ...theirs])].sort()
  if (names.length === 0) {
    throw new UsageError(`there are no pictures in ${a} and ${b} (${pictureExtensions.join(', ')})`)
  }
  const pairs = names.map((name) => ({
    name,
    a: ours.has(name) ? join(a, name) : undefined,
    b: theirs.has(name) ? join(b, name) : undefined,
  })) as Pair[]
  return { pairs, folders: true }
}

async function stats(path: string) {
  try {
    return await stat(path)
  } catch {
    throw new UsageError(`${path}: no such file or folder`)
  }
}

/** Pictures of a folder and of those in it, by their paths in it, with forward slashes. */
async function picturesIn(folder: string): Promise<Set<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const isPicture = (name: string) =>
    pictureExtensions.includes(extname(name).slice(1).toLowerCase()) && !name.startsWith('.')
  return new Set(
    entries
      .filter((entry) => entry.isFile() && isPicture(entry.name))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')),
  )
}

const withoutEnding = (name: string) => name.slice(0, name.length - extname(name).length)

function formatted({ metric, form, threshold, failed, pairs }: Comparison): string[] {
  const lines = pairs.map((pair) => {
    const numbers = [
      pair.lpips === undefined ? '' : `lpips ${pair.lpips.toFixed(4)}`,
      pair.ssim === undefined ? '' : `ssim ${pair.ssim.toFixed(4)}`,
      pair.psnr === undefined ? '' : `psnr ${pair.psnr === null ? '∞' : pair.psnr.toFixed(2)} dB`,
    ].filter(Boolean)
    const verdict = threshold !== null || pair.problem ? (pair.failed ? 'FAILED ' : 'ok     ') : ''
    return `${verdict}${bold(pair.name)}: ${pair.problem ?? numbers.join(', ')}${pair.heat ? ` (${pair.heat})` : ''}`
  })
  if (form === 'plain') lines.push('lpips is in its plain form: every channel counts the same')
  if (pairs.length > 1 || failed > 0) {
    const limit = threshold === null ? '' : ` (${metric === 'all' ? 'lpips' : metric} ${threshold})`
    lines.push(`${failed} of ${pairs.length} failed${limit}`)
  }
  return lines
}
