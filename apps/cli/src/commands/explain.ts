// alexnet explain: what the network sees in a picture, drawn beside the picture as the network gets it.

import { basename, extname, join } from 'node:path'
import type { Picture } from '@alexnet/core'
import { createPreprocess, encodePng } from '@alexnet/data'
import { replaceFile } from '@alexnet/weights/node'
import { distance } from 'fastest-levenshtein'
import pc from 'picocolors'
import { startBackend } from '../backend.ts'
import type { Method } from '../explain-methods.ts'
import { drawings, type ExplainOptions, type Subject } from '../explanations.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { readPictures, SkippedPictures } from '../pictures.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { percent } from '../terminal/format.ts'

interface Explained {
  file: string | null
  method: Method
  class?: { index: number; label: string; probability?: number }
  layer?: string
  out: string
}

/** Methods that look at the network, not at a picture. */
const withoutPicture: readonly Method[] = ['class-visualization', 'top-patches']

export async function explain(files: string[], options: ExplainOptions): Promise<void> {
  const { method, json = false, onBroken = 'stop' } = options
  checkOptions(files, options)
  await startBackend(options)
  const loaded = await loadModel(options.weights, { ...options, quiet: json })
  const target = options.class === undefined ? undefined : classNamed(options.class, loaded.labels)
  const results: Explained[] = []
  const skipped = new SkippedPictures()
  for (const file of withoutPicture.includes(method) ? [null] : files) {
    const read = file === null ? [] : await readPictures([file], onBroken, skipped)
    if (file !== null && read.length === 0) continue
    const subject: Subject = {
      ...loaded,
      ...(read[0] && (await prepared(loaded, read[0].picture))),
      target,
    }
    const { picture, explained, layer } = await drawings[method](subject, options)
    const out = outputPath(file, files.length > 1, options)
    await replaceFile(out, [await encodePng(picture)])
    const result: Explained = {
      file,
      method,
      out,
      layer,
      ...(explained && { class: { ...explained, label: loaded.labels[explained.index]! } }),
    }
    results.push(result)
    if (!json) process.stdout.write(`${describe(result)}\n`)
  }
  loaded.model.dispose()
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
}

function checkOptions(files: readonly string[], { method, out, dataset, ...rest }: ExplainOptions) {
  const alone = withoutPicture.includes(method)
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

/** The number of a class from its name or number. @throws UsageError with the names it may have been */
function classNamed(text: string, labels: readonly string[]): number {
  const wanted = text.toLowerCase()
  const exact = labels.findIndex((label) => label.toLowerCase() === wanted)
  if (exact >= 0) return exact
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number)) {
    if (number >= 0 && number < labels.length) return number
    throw new UsageError(`--class ${text}: the classes are 0 to ${labels.length - 1}`)
  }
  const holding = labels.filter((label) => label.toLowerCase().includes(wanted))
  if (holding.length === 1) return labels.indexOf(holding[0]!)
  const near = holding.length > 0 ? holding : [...labels].sort(by((label) => distance(label, text)))
  throw new UsageError(
    `--class ${text}: there is no class of that name; did you mean ${near.slice(0, 5).join(' or ')}?`,
  )
}

const by =
  <T>(key: (value: T) => number) =>
  (a: T, b: T) =>
    key(a) - key(b)

/** Pixels a side that a picture is shown with, at least. */
const SHOWN = 448

/** A picture as the network gets it, and the same part of it in as many pixels as there are to show. */
async function prepared({ preprocessing }: LoadedModel, picture: Picture) {
  const input = createPreprocess(preprocessing)(picture)
  const zoom = Math.ceil(SHOWN / preprocessing.crop)
  const side = preprocessing.crop * zoom
  const shown = createPreprocess({
    ...preprocessing,
    resize: preprocessing.resize * zoom,
    crop: side,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  })(picture)
  const view = {
    width: side,
    height: side,
    data: Uint8Array.from(shown, (v) => Math.round(v * 255)),
  }
  return { input, view }
}

function describe({ file, method, class: target, layer, out }: Explained): string {
  const chance = target?.probability === undefined ? '' : ` ${percent(target.probability)}`
  const what = [target && `${target.label}${chance}`, layer].filter(Boolean).join(', ')
  return `${pc.bold(out)}: ${method}${what ? ` (${what})` : ''}${file ? ` of ${file}` : ''}`
}
