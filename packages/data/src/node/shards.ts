// Tar shards in WebDataset's layout, by its rules: the part of a name up to the first dot behind the last slash is
// the sample's key, the rest, in lower case, names the field (`0001.jpg`, `0001.cls`). A picture is a field of its
// ending alone: `0001.seg.png` is another field of the sample, not a picture of its own. The label is the number in
// `.cls`, the text in `.txt`, or `label` of `.json`; where no sample has one, it is the folder that the picture lies
// in. All samples get theirs in the same way: where a label is missing or of no use, that is an error, because one
// guessed class numbers all others anew. What is left out is counted in the data set's `notes`.

import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import { Hash } from '../hash.ts'
import { byCodePoint, className, countedNames, endingOf, isPictureName } from '../names.ts'
import type { PictureSource } from '../picture-source.ts'
import { loadSource } from '../sources.ts'
import { nameOfBytes, shownPath, systemPath } from './file-names.ts'
import { partOf } from './part-names.ts'
import { nodePlatform } from './platform.ts'
import { sampleContents } from './sampled-contents.ts'
import {
  isTar,
  MOST_SMALL_BYTES,
  openTar,
  readEntry,
  readTar,
  type TarEntry,
  type TarFile,
  tarName,
} from './tar.ts'

/** Options of `tarShards`. */
export interface TarShardsOptions extends Omit<DecodeOptions, 'path'> {
  /** Class names in the order of the numbers in `.cls`; default those found. */
  classes?: readonly string[]
  /** Marks the data set as this part of a divided one. */
  split?: Split
}

interface Sample {
  shard: string
  name: string
  source: PictureSource
  label: string | undefined
}

/** Fields that say what a picture is, the first that a sample has. */
const labelFields = ['cls', 'txt', 'json'] as const
/** A model has an output for each number up to the highest. */
const MOST_CLASSES = 1_000_000
const MOST_NAME_LENGTH = 200

/**
 * Opens one shard, or all of a folder in the order of their names; those packed with gzip are unpacked to memory.
 * @throws Error, one line with the shard, where it is no tar file, is cut off, or a sample breaks the rules.
 */
export async function tarShards(
  path: string | readonly string[],
  options: TarShardsOptions = {},
): Promise<Dataset> {
  const { classes: given, split, ...limits } = options
  const shards = typeof path === 'string' ? await findShards(path) : path
  const where = shownPath(typeof path === 'string' ? path : resolve(path[0]!, '..'))
  if (shards.length === 0)
    throw new Error(`${where}: has no .tar files; name a shard or their folder`)
  const samples: Sample[] = []
  const notes: string[] = []
  const leftOut: string[] = []
  for (const shard of shards) {
    const found = await readShard(shard)
    for (const sample of found.samples) samples.push(sample)
    for (const name of found.leftOut) leftOut.push(name)
    notes.push(...found.warnings)
  }
  if (leftOut.length > 0) notes.push(`${where}: left out ${countedNames(leftOut, fieldOf)}`)
  if (samples.length === 0) {
    const rest = leftOut.length > 0 ? `; they hold ${countedNames(leftOut, fieldOf)}` : ''
    throw new Error(`${where}: has no pictures in its ${shards.length} tar files${rest}`)
  }
  const { classes, labels } = numbered(samples, where, given)
  if (samples.every(({ name, label }) => label === undefined && folderOf(name) === undefined)) {
    notes.push(
      `${where}: no picture has a label (.cls, .txt, "label" in .json) or lies in a folder`,
    )
  }
  const empty = classes.length - new Set(labels).size
  if (empty > 0) notes.push(`${where}: ${empty} of the ${classes.length} classes have no pictures`)
  const at = (index: number) => checkIndex(index, samples.length, where)
  const pathOf = (index: number) =>
    `${shownPath(samples[at(index)]!.shard)}#${samples[index]!.name}`
  return {
    name: basename(where).replace(tarName, ''),
    classes,
    length: samples.length,
    split,
    limits,
    notes,
    label: (index) => labels[at(index)]!,
    source: (index) => samples[at(index)]!.source,
    load: async (index) =>
      loadSource(samples[at(index)]!.source, nodePlatform, { ...limits, path: pathOf(index) }),
    path: pathOf,
    async fingerprint() {
      const hash = new Hash().addNumber(samples.length)
      samples.forEach(({ name }, index) => {
        hash.add(name).add(classes[labels[index]!]!)
      })
      const parts = samples.map(({ source }) => source)
      return hash.add(await sampleContents(parts)).digest()
    },
  }
}

/** Classes and the samples' places among them. @throws Error with the sample that has no label of use */
function numbered(samples: readonly Sample[], where: string, given?: readonly string[]) {
  const place = ({ shard, name }: Sample) => `${shownPath(shard)}: ${name}`
  const without = samples.find(({ label }) => label === undefined)
  const byField = samples.find(({ label }) => label !== undefined)
  if (without && byField) {
    throw new Error(
      `${place(without)} has no label (.cls, .txt or .json beside it), as ${byField.name} has; add it, or take the picture out`,
    )
  }
  const folders = samples.map((sample) => sample.label ?? folderOf(sample.name))
  const unplaced = folders.indexOf(undefined)
  // Pictures without any label are one class; in folders and beside them they are not.
  if (unplaced >= 0 && folders.some((folder) => folder !== undefined)) {
    throw new Error(
      `${place(samples[unplaced]!)} has no label and lies in no folder, as others do; add a .cls beside it`,
    )
  }
  if (!byField) requireOnePart(samples, where)
  const texts = folders.map((folder) => className(folder ?? 'unlabelled'))
  const isNumber = (text: string) => /^\d+$/.test(text)
  const numeric = texts.every(isNumber)
  if (!numeric && byField && !given && texts.some(isNumber)) {
    const [one, other] = [texts.findIndex(isNumber), texts.findIndex((text) => !isNumber(text))]
    throw new Error(
      `${place(samples[other]!)} has label "${texts[other]}" where ${samples[one]!.name} has the number ${texts[one]}; label all by numbers or all by names`,
    )
  }
  // Numbers are labels themselves; names are numbered in their order.
  const count = numeric ? texts.reduce((most, text) => Math.max(most, Number(text) + 1), 0) : 0
  if (count > MOST_CLASSES) {
    throw new Error(`${where}: has label ${count - 1}, which cannot be the number of a class`)
  }
  const classes =
    given ??
    (numeric
      ? Array.from({ length: count }, (_, at) => String(at))
      : [...new Set(texts)].sort(byCodePoint))
  const places = new Map(classes.map((name, at) => [className(name), at]))
  const labels = texts.map((text, index) => {
    const at = numeric ? Number(text) : (places.get(text) ?? -1)
    if (at < 0 || at >= classes.length) {
      throw new Error(
        `${place(samples[index]!)} has label "${text}", which is none of the ${classes.length} classes`,
      )
    }
    return at
  })
  return { classes, labels }
}

/** Class folders in folders of parts would be one class of pictures to train and to test on. */
function requireOnePart(samples: readonly Sample[], where: string): void {
  const folders = new Set(samples.map(({ name }) => name.split('/').at(-3) ?? ''))
  const parts = [...folders].filter((name) => partOf(name))
  if (parts.length > 1) {
    throw new Error(
      `${where}: holds ${parts.map((name) => `${name}/`).join(' and ')}, parts of a divided data set, in one archive; unpack it and name its folder`,
    )
  }
}

/** The shards that a path leads to. */
export async function findShards(path: string): Promise<string[]> {
  const kind = await stat(systemPath(path)).catch(() => undefined)
  if (kind?.isFile()) return (await isTar(path)) ? [path] : []
  if (!kind?.isDirectory()) return []
  const entries = await readdir(systemPath(path), { withFileTypes: true, encoding: 'buffer' })
  const shards: string[] = []
  for (const entry of entries) {
    const name = nameOfBytes(entry.name)
    if (!tarName.test(name) || name.startsWith('.')) continue
    const shard = join(path, name)
    const leadsTo = entry.isSymbolicLink() ? await stat(systemPath(shard)).catch(() => {}) : entry
    if (leadsTo?.isFile()) shards.push(shard)
  }
  return shards.sort(byCodePoint)
}

interface Fields {
  /** Pictures of the sample by their field: one, by the rules. */
  readonly pictures: Map<string, TarEntry>
  readonly labels: Map<string, TarEntry>
  /** Pictures that are something else of the sample: `0001.seg.png`. */
  readonly others: TarEntry[]
}

async function readShard(
  shard: string,
): Promise<{ samples: Sample[]; leftOut: string[]; warnings: readonly string[] }> {
  const file = await openTar(shard)
  try {
    const { entries, others, warnings } = await readTar(file)
    const leftOut = [...others]
    const keys = new Map<string, Fields>()
    for (const entry of entries) {
      // What WebDataset keeps for itself.
      if (/(^|\/)__[^/]*__(\/|$)/.test(entry.name)) continue
      const [, key, field] = /^((?:.*\/|)[^./]+)\.([^/]*)$/s.exec(entry.name) ?? []
      if (key === undefined || field === undefined) {
        leftOut.push(entry.name)
        continue
      }
      const fields: Fields = keys.get(key) ?? { pictures: new Map(), labels: new Map(), others: [] }
      keys.set(key, fields)
      const lower = field.toLowerCase()
      const isLabel = (labelFields as readonly string[]).includes(lower)
      if (!isLabel && !(isPictureName(`.${lower}`) && lower === endingOf(entry.name))) {
        if (isPictureName(entry.name)) fields.others.push(entry)
        leftOut.push(entry.name)
        continue
      }
      const list = isLabel ? fields.labels : fields.pictures
      const twin = list.get(lower) ?? (isLabel ? undefined : [...fields.pictures.values()][0])
      if (twin) {
        const what = isLabel ? 'labels' : 'pictures'
        throw new Error(
          `${shownPath(shard)}: sample ${key} has two ${what}, ${twin.name} and ${entry.name}; a sample is one picture and its label, give each a name of its own`,
        )
      }
      list.set(lower, entry)
    }
    const samples: Sample[] = []
    for (const [key, { pictures, labels, others }] of keys) {
      const [picture] = pictures.values()
      // shot.0000.jpg and shot.0001.jpg are fields of one sample, "shot", which hardly anybody means.
      if (!picture && others.length > 0) {
        throw new Error(
          `${shownPath(shard)}: ${others[0]!.name} belongs to sample ${key}, which has no picture of its own such as ${key}.jpg: names are cut at their first dot, so write other signs for dots`,
        )
      }
      if (picture) {
        samples.push({
          shard,
          name: picture.name,
          source: await sourceOf(file, picture),
          label: await labelOf(file, labels),
        })
      } else leftOut.push(...[...labels.values()].map(({ name }) => name))
    }
    return { samples, leftOut, warnings }
  } finally {
    await file.close()
  }
}

async function sourceOf(file: TarFile, entry: TarEntry): Promise<PictureSource> {
  // Unpacked or put together, its bytes stand nowhere in a file.
  if (file.isUnpacked || entry.sparse) {
    return { kind: 'bytes', bytes: Uint8Array.from(await readEntry(file, entry)) }
  }
  return { kind: 'file', path: file.path, start: entry.start, length: entry.length }
}

/** A sample's label as a text; undefined where it has none. @throws Error where it is of no use */
async function labelOf(
  file: TarFile,
  fields: ReadonlyMap<string, TarEntry>,
): Promise<string | undefined> {
  for (const field of labelFields) {
    const entry = fields.get(field)
    if (!entry) continue
    const refuse = (problem: string) =>
      new Error(`${shownPath(file.path)}: the label in ${entry.name} ${problem}`)
    if (entry.length > MOST_SMALL_BYTES) throw refuse(`has ${entry.length} bytes; it is no label`)
    const text = nameOfBytes(await readEntry(file, entry))
      .replace(/^\ufeff/, '')
      .trim()
    const found = field === 'json' ? jsonLabel(text, refuse) : text
    if (found === undefined) continue
    const label = found.replace(/^\+(?=\d+$)/, '')
    const isNumber = /^\d+$/.test(label)
    if (field === 'cls' && !isNumber) {
      throw refuse(`is ${quoted(label)}, not the number of a class, from 0 on`)
    }
    if (!isNumber && label.trim() !== '' && Number.isFinite(Number(label))) {
      throw refuse(`is ${quoted(label)}; a class has a whole number from 0 on, or a name`)
    }
    if (label === '' || label.length > MOST_NAME_LENGTH || /[\r\n]/.test(label)) {
      throw refuse(`is ${quoted(label)}, which is no name of a class: one line of 1 to 200 letters`)
    }
    return isNumber ? String(Number(label)) : label
  }
  return undefined
}

function jsonLabel(text: string, refuse: (problem: string) => Error): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse(`cannot be read: ${quoted(text)} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`is ${quoted(text)}; it must be an object with a "label"`)
  }
  const { label, cls } = value as { label?: unknown; cls?: unknown }
  const found = label ?? cls
  if (found === undefined || found === null) return undefined
  if (typeof found === 'string' || typeof found === 'number') return String(found)
  throw refuse(`is ${quoted(JSON.stringify(found))}; it must be a number or a name`)
}

/** What stands behind a name's first dot: a sample's field. */
const fieldOf = (name: string) => /^(?:.*\/)?[^./]*\.([^/]*)$/s.exec(name)?.[1]?.toLowerCase() ?? ''

const quoted = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

function folderOf(name: string): string | undefined {
  const folder = name.split('/').at(-2)
  return folder === '' || folder === '.' || folder === '..' ? undefined : folder
}
