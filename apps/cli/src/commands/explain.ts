// alexnet explain: what the network sees in a picture, drawn beside the picture as the network gets it.

import { basename, extname, join } from 'node:path'
import type { ColorMap } from '@alexnet/core'
import { type Dataset, encodePng } from '@alexnet/data'
import { classNamed, type ExplainMethod, evenly, methodsWithoutPicture } from '@alexnet/model'
import { replaceFile } from '@alexnet/weights/node'
import pc from 'picocolors'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import {
  type OnBroken,
  openPictures,
  readPictures,
  SkippedPictures,
  soundPictures,
} from '../pictures.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { percent } from '../terminal/format.ts'
import { type Progress, progress } from '../terminal/progress.ts'

export interface ExplainOptions extends EngineOptions {
  method: ExplainMethod
  out?: string
  weights?: string
  variant?: string
  class?: string
  layer?: string
  unit?: string
  channel?: number
  dataset?: string
  limit: number
  count: number
  steps?: number
  size?: number
  stride?: number
  colors?: ColorMap
  plain?: boolean
  onBroken?: OnBroken
  json?: boolean
}

interface Explained {
  file: string | null
  method: ExplainMethod
  class?: { index: number; label: string; probability?: number }
  layer?: string
  out: string
}

export async function explain(files: string[], options: ExplainOptions): Promise<void> {
  const { method, json = false, plain = false, layer, channel, limit, count } = options
  const { steps, size, stride, colors, onBroken = 'stop' } = options
  checkOptions(files, options)
  const unit = options.unit === undefined ? undefined : placeOf(options.unit)
  await startBackend(options)
  const model = await loadModel(options.weights, { ...options, quiet: json })
  const target = options.class === undefined ? undefined : classNamed(options.class, model.labels)
  const skipped = new SkippedPictures()
  const pictures =
    options.dataset === undefined
      ? undefined
      : await picturesAmong(options.dataset, limit, onBroken, skipped)
  const results: Explained[] = []
  for (const file of methodsWithoutPicture.includes(method) ? [null] : files) {
    const read = file === null ? [] : await readPictures([file], onBroken, skipped)
    if (file !== null && read.length === 0) continue
    let shown: Progress | undefined
    const found = await model.explain(read[0]?.picture ?? null, {
      method,
      target,
      layer,
      unit,
      channel,
      pictures,
      limit,
      count,
      steps,
      size,
      stride,
      colors,
      layout: plain ? 'alone' : 'beside',
      onProgress: (done, total) => {
        shown ??= progress(method, total, { quiet: json })
        shown.update(done)
      },
    })
    shown?.stop()
    const out = outputPath(file, files.length > 1, options)
    await replaceFile(out, [await encodePng(found.picture)])
    const result: Explained = { file, method, out, layer: found.layer, class: found.target }
    results.push(result)
    if (!json) process.stdout.write(`${describe(result)}\n`)
  }
  model.dispose()
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
}

/** At most `limit` pictures of a data set, evenly over it, whose order may be by class. */
async function picturesAmong(
  path: string,
  limit: number,
  onBroken: OnBroken,
  skipped: SkippedPictures,
): Promise<Dataset> {
  const dataset = await openPictures(path, 'test')
  const some = evenly(dataset, limit)
  return onBroken === 'skip' ? soundPictures(some, skipped) : some
}

function checkOptions(files: readonly string[], { method, out, dataset, ...rest }: ExplainOptions) {
  const alone = methodsWithoutPicture.includes(method)
  if (!alone && files.length === 0) {
    throw new UsageError(`--method ${method} explains a picture: name at least one`)
  }
  if (alone && files.length > 0) {
    throw new UsageError(`--method ${method} looks at the network alone: leave the pictures out`)
  }
  if (method === 'class-visualization' && rest.class === undefined) {
    throw new UsageError('--method class-visualization needs a class: name it with --class')
  }
  if ((method === 'neighbours' || method === 'top-patches') && dataset === undefined) {
    throw new UsageError(
      `--method ${method} needs pictures to look among: name them with --dataset`,
    )
  }
  if (files.length < 2 && out !== undefined) requirePng(out)
}

/** @throws UsageError unless a file's name ends in .png */
export function requirePng(out: string): void {
  if (extname(out).toLowerCase() === '.png') return
  throw new UsageError(`--out ${out}: pictures are written as PNG, so the name must end in .png`)
}

/** Where a picture's explanation goes; of several, into the folder --out. */
function outputPath(
  file: string | null,
  several: boolean,
  { out, method, class: name }: ExplainOptions,
): string {
  if (out !== undefined && !several) return out
  const subject = file === null ? (name ?? 'network') : basename(file, extname(file))
  return join(several ? (out ?? '') : '', `${subject}-${method}.png`)
}

/** "3,5" as a row and a column. */
function placeOf(text: string) {
  const numbers = text.split(',').map(Number)
  if (numbers.length === 2 && numbers.every((number) => Number.isInteger(number) && number >= 0)) {
    return { row: numbers[0]!, column: numbers[1]! }
  }
  throw new UsageError(`--unit ${text}: give a row and a column from 0 on, such as 3,5`)
}

function describe({ file, method, class: target, layer, out }: Explained): string {
  const chance = target?.probability === undefined ? '' : ` ${percent(target.probability)}`
  const what = [target && `${target.label}${chance}`, layer].filter(Boolean).join(', ')
  return `${pc.bold(out)}: ${method}${what ? ` (${what})` : ''}${file ? ` of ${file}` : ''}`
}
