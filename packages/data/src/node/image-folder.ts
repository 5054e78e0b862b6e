// The layout that most labelled pictures come in: a folder for each class, pictures in it or in
// folders below it. Classes and pictures are ordered as torchvision's `ImageFolder` orders them, so
// labels agree with a network trained there. Unlike it, names that begin with a dot (`.git`,
// `._picture.jpg`) are passed over: they are leavings of tools, not pictures. Names are bytes to the
// system: a class is called by their text, composed (NFC), and its files are opened by their bytes.

import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import { Hash } from '../hash.ts'
import {
  byCodePoint,
  className,
  countedNames,
  isAnyPictureName,
  isPictureName,
  PICTURE_ENDINGS,
} from '../names.ts'
import { nameOfBytes, shownPath, systemPath } from './file-names.ts'
import { readPicture } from './picture-list.ts'
import { sampleContents } from './sampled-contents.ts'

/** What to take from the folder and how to decode it. */
export interface ImageFolderOptions extends Omit<DecodeOptions, 'path'> {
  /** Marks the data set as this part of a divided one. */
  split?: Split
  /**
   * Class names in the order of their labels, such as another part's; default the folders', sorted. A class may
   * have no folder then, but each folder must be one of them.
   */
  classes?: readonly string[]
}

/**
 * Opens `<folder>/<class>/…/<picture>` with pictures named .jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif or .avif.
 * Pictures are read when asked for, not before. What is passed over is counted in the data set's `notes`.
 * @throws Error, one line, where the folder is missing or has no class folders, or a class has no
 *   pictures.
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<Dataset> {
  const { split, classes: given, ...decodeOptions } = options
  const shown = shownPath(folder)
  const entries = await list(folder)
  const folders = entries
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => name)
    .sort(byCodePoint)
  if (folders.length === 0) {
    throw new Error(
      `${shown}: has no class folders; put the pictures of each class into a folder named after it`,
    )
  }
  const classes = given ?? classesOf(folders)
  const places = new Map(classes.map((name, label) => [className(name), label]))
  const files: string[] = []
  const labels: number[] = []
  const passedOver: string[] = []
  const beside = entries.filter(({ name, kind }) => kind === 'file' && isAnyPictureName(name))
  const notes: string[] = []
  const owners = new Map<string, string>()
  for (const name of folders) {
    const label = places.get(nameOf(name))
    if (label === undefined) {
      throw new Error(
        `${join(shown, nameOf(name))}: class "${nameOf(name)}" is not among the ${classes.length} of the training part; add it there or remove it here`,
      )
    }
    const found = await picturesUnder(join(folder, name))
    const others = found.others.map((file) => shownPath(join(folder, name, file)))
    if (found.files.length === 0) {
      const rest = others.length > 0 ? ` but ${countedNames(others)}` : ''
      throw new Error(
        `${join(shown, shownPath(name))}: class "${nameOf(name)}" has no pictures (${PICTURE_ENDINGS})${rest}; add some or remove the folder`,
      )
    }
    const shared = [...found.folders].find((real) => owners.has(real))
    if (shared !== undefined) {
      notes.push(
        `${shown}: by a link, classes "${owners.get(shared)}" and "${nameOf(name)}" hold the same folder, ${shownPath(shared)}`,
      )
    }
    for (const real of found.folders) owners.set(real, nameOf(name))
    for (const file of found.files) {
      files.push(`${name}/${file}`)
      labels.push(label)
    }
    for (const file of others) passedOver.push(file)
  }
  if (passedOver.length > 0) {
    notes.push(`${shown}: passed over ${countedNames(passedOver)}; ${PICTURE_ENDINGS} are read`)
  }
  if (beside.length > 0) {
    const names = beside.map(({ name }) => shownPath(join(folder, name)))
    notes.push(`${shown}: passed over ${countedNames(names)}, beside the class folders`)
  }
  const empty = classes.filter(
    (name) => !folders.some((entry) => nameOf(entry) === className(name)),
  )
  if (empty.length > 0) {
    notes.push(
      `${shown}: has no folder of ${empty.length} of the ${classes.length} classes, such as "${empty[0]}"`,
    )
  }
  const at = (index: number) => checkIndex(index, files.length, shown)
  const path = (index: number) => join(folder, files[at(index)]!)
  return {
    name: basename(resolve(shown)),
    classes,
    length: files.length,
    split,
    notes,
    label: (index) => labels[at(index)]!,
    load: async (index) => readPicture(path(index), decodeOptions),
    source: (index) => ({ kind: 'file', path: path(index) }),
    limits: decodeOptions,
    path: (index) => shownPath(path(index)),
    async fingerprint() {
      const hash = new Hash().addNumber(files.length)
      files.forEach((file, index) => {
        hash.add(file.normalize('NFC')).addNumber(labels[index]!)
      })
      const sources = files.map((file) => ({ kind: 'file', path: join(folder, file) }) as const)
      return hash.add(await sampleContents(sources)).digest()
    },
  }
}

/** The classes that the folders in `folder` stand for. */
export async function folderClasses(folder: string): Promise<string[]> {
  return classesOf(await classFolders(folder))
}

const nameOf = (entry: string) => className(shownPath(entry))

/** Two spellings of one name are one class. */
const classesOf = (folders: readonly string[]) =>
  [...new Set(folders.map(nameOf))].sort(byCodePoint)

/**
 * The names of the folders in `folder`, in torchvision's order.
 * @throws Error where `folder` is missing or not a folder.
 */
export async function classFolders(folder: string): Promise<string[]> {
  const entries = await list(folder)
  const folders = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name)
  return folders.sort(byCodePoint)
}

/** What a class's folder holds: paths below it, with `/`. */
interface Found {
  /** Pictures, in the order of Python's `sorted(os.walk(folder))`. */
  readonly files: readonly string[]
  /** Files that are no pictures by their names, and what is no file. */
  readonly others: readonly string[]
  /** Where the folders themselves lie, links followed. */
  readonly folders: ReadonlySet<string>
}

async function picturesUnder(folder: string): Promise<Found> {
  const found: { at: string; names: string[] }[] = []
  const others: string[] = []
  // Each folder once: links that lead to each other would be walked in every order there is.
  const folders = new Set<string>()
  const visit = async (at: string) => {
    const path = join(folder, at)
    const real = nameOfBytes(await realpath(systemPath(path), { encoding: 'buffer' }))
    if (folders.has(real)) return
    folders.add(real)
    const names: string[] = []
    // Its own folders before those that links lead to, which may be the same.
    const entries = await list(path)
    entries.sort((a, b) => Number(a.isLink) - Number(b.isLink))
    for (const { name, kind } of entries) {
      if (kind === 'folder') await visit(`${at}${name}/`)
      else if (kind === 'file' && isPictureName(name)) names.push(name)
      else others.push(at + name)
    }
    found.push({ at, names: names.sort(byCodePoint) })
  }
  await visit('')
  // Python sorts the folders' paths without a slash at the end: a-b comes before a/c.
  found.sort((a, b) => byCodePoint(a.at.slice(0, -1), b.at.slice(0, -1)))
  const files = found.flatMap(({ at, names }) => names.map((name) => at + name))
  return { files, others, folders }
}

interface Entry {
  readonly name: string
  /** A link that leads nowhere is a file: as a picture it is reported when it is read. */
  readonly kind: 'folder' | 'file' | 'other'
  readonly isLink: boolean
}

async function list(folder: string): Promise<Entry[]> {
  let entries: Awaited<ReturnType<typeof readdirTyped>>
  const shown = shownPath(folder)
  try {
    entries = await readdirTyped(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      throw new Error(`${shown}: there is no such folder; check the path`, { cause: error })
    }
    if (code === 'ENOTDIR') {
      throw new Error(`${shown}: is a file, not a folder; name the folder it is in`, {
        cause: error,
      })
    }
    throw new Error(`${shown}: cannot be read (${code}); check its permissions`, { cause: error })
  }
  const named = entries.map((entry) => ({ entry, name: nameOfBytes(entry.name) }))
  const visible = named.filter(({ name }) => !name.startsWith('.'))
  return Promise.all(
    visible.map(async ({ entry, name }) => {
      const isLink = entry.isSymbolicLink()
      const target = isLink ? await stat(systemPath(join(folder, name))).catch(() => {}) : entry
      const kind = !target || target.isFile() ? 'file' : target.isDirectory() ? 'folder' : 'other'
      return { name, kind, isLink } as const
    }),
  )
}

function readdirTyped(folder: string) {
  return readdir(systemPath(folder), { withFileTypes: true, encoding: 'buffer' })
}
