// alexnet explain: what the network sees in a picture, drawn beside the picture as the network gets it.

import { basename, dirname, extname, join, resolve } from 'node:path'
import type { ColorMap } from '@alexnet/core/explain'
import { type Dataset, encodePng } from '@alexnet/data'
import { classNamed, type ExplainMethod, evenly, methodsWithoutPicture } from '@alexnet/model'
import { replaceFile } from '@alexnet/weights/node'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { requireOther } from '../output.ts'
import {
  type OnBroken,
  openPictures,
  readPictures,
  SkippedPictures,
  soundPictures,
} from '../pictures.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { percent } from '../terminal/format.ts'
import { bold, print, printJson } from '../terminal/print.ts'
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
  const outputs = outputPaths(files, options)
  for (const out of outputs) await requireOther(out, [...files, options.weights])
  await startBackend(options)
  const model = await loadModel(options.weights, { ...options, quiet: json })
  const target = options.class === undefined ? undefined : classNamed(options.class, model.labels)
  const skipped = new SkippedPictures()
  const pictures =
    options.dataset === undefined
      ? undefined
      : await picturesAmong(options.dataset, limit, onBroken)
  const results: Explained[] = []
  const subjects = methodsWithoutPicture.includes(method) ? [null] : files
  for (const [index, file] of subjects.entries()) {
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
    const out = outputs[index]!
    await replaceFile(out, [await encodePng(found.picture)])
    const result: Explained = { file, method, out, layer: found.layer, class: found.target }
    results.push(result)
    if (!json) print(describe(result))
  }
  model.dispose()
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (json) printJson(results, 2)
}

/** At most `limit` pictures of a data set, evenly over it, whose order may be by class. */
async function picturesAmong(path: string, limit: number, onBroken: OnBroken): Promise<Dataset> {
  const dataset = await openPictures(path, 'test')
  const some = evenly(dataset, limit)
  if (onBroken === 'stop') return some
  const skipped = new SkippedPictures()
  const sound = await soundPictures(some, skipped)
  skipped.report()
  return sound
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

/** Where the explanation of each picture goes; of several, into the folder --out, each under a name of its own. */
function outputPaths(
  files: readonly string[],
  { out, method, class: name }: ExplainOptions,
): string[] {
  const several = files.length > 1
  if (out !== undefined && !several) return [out]
  const subjects = files.length === 0 ? [name ?? 'network'] : distinctNames(files)
  return subjects.map((subject) => join(several ? (out ?? '') : '', `${subject}-${method}.png`))
}

/** The names of files without folder and ending; where two would be the same, with the folder, or a number. */
function distinctNames(files: readonly string[]): string[] {
  const name = (file: string) => basename(file, extname(file))
  const withFolder = (file: string) => `${basename(dirname(resolve(file)))}-${name(file)}`
  // Some file systems make no difference between A and a.
  const key = (text: string) => text.normalize().toLowerCase()
  const counts = new Map<string, number>()
  for (const file of files) counts.set(key(name(file)), (counts.get(key(name(file))) ?? 0) + 1)
  const taken = new Set<string>()
  return files.map((file) => {
    const base = counts.get(key(name(file)))! > 1 ? withFolder(file) : name(file)
    let subject = base
    for (let number = 2; taken.has(key(subject)); number++) subject = `${base}-${number}`
    taken.add(key(subject))
    return subject
  })
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
  return `${bold(out)}: ${method}${what ? ` (${what})` : ''}${file ? ` of ${file}` : ''}`
}
