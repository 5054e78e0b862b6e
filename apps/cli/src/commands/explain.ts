// alexnet explain: what the network sees in a picture, drawn beside the picture as the network gets it.

import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Picture } from '@alexnet/core'
import { createPreprocess, encodePng, readPicture } from '@alexnet/data'
import { replaceFile } from '@alexnet/weights/node'
import { distance } from 'fastest-levenshtein'
import { startBackend } from '../backend.ts'
import type { Method } from '../explain-methods.ts'
import { drawings, type ExplainOptions, type Subject } from '../explanations.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { requireOther } from '../output.ts'
import { UsageError } from '../terminal/errors.ts'
import { percent } from '../terminal/format.ts'
import { bold, print, printJson } from '../terminal/print.ts'

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
  const { method, json = false } = options
  checkOptions(files, options)
  const outputs = outputPaths(files, options)
  for (const out of outputs) await requireOther(out, [...files, options.weights])
  await startBackend(options)
  const loaded = await loadModel(options.weights, { ...options, quiet: json })
  const target = options.class === undefined ? undefined : classNamed(options.class, loaded.labels)
  const results: Explained[] = []
  const subjects = withoutPicture.includes(method) ? [null] : files
  for (const [index, file] of subjects.entries()) {
    const subject: Subject = {
      ...loaded,
      ...(file !== null && (await prepared(loaded, await readPicture(file)))),
      target,
    }
    const { picture, explained, layer } = await drawings[method](subject, options)
    const out = outputs[index]!
    await replaceFile(out, [await encodePng(picture)])
    const result: Explained = {
      file,
      method,
      out,
      layer,
      ...(explained && { class: { ...explained, label: loaded.labels[explained.index]! } }),
    }
    results.push(result)
    if (!json) print(describe(result))
  }
  loaded.model.dispose()
  if (json) printJson(results, 2)
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
  return `${bold(out)}: ${method}${what ? ` (${what})` : ''}${file ? ` of ${file}` : ''}`
}
