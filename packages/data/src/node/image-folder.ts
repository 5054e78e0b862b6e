// The layout that most labelled pictures come in: a folder for each class, pictures in it or in
// folders below it. Classes and pictures are ordered as torchvision's `ImageFolder` orders them, so
// labels agree with a network trained there. Unlike it, names that begin with a dot (`.git`,
// `._picture.jpg`) are passed over: they are leavings of tools, not pictures.

import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import { Hash } from '../hash.ts'
import { readPicture } from './picture-list.ts'

/** What to take from the folder and how to decode it. */
export interface ImageFolderOptions extends Omit<DecodeOptions, 'path'> {
  /** Marks the data set as this part of a divided one. */
  split?: Split
}

const pictureExtension = /\.(jpe?g|png|webp|gif|avif)$/i

/**
 * Opens `<folder>/<class>/…/<picture>` with pictures named .jpg, .jpeg, .png, .webp, .gif or .avif. Pictures are
 * read when asked for, not before.
 * @throws Error, one line, where the folder is missing or has no class folders, or a class has no
 *   pictures.
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<Dataset> {
  const { split, ...decodeOptions } = options
  const root = resolve(folder)
  const classes = await classFolders(folder)
  if (classes.length === 0) {
    throw new Error(
      `${folder}: has no class folders; put the pictures of each class into a folder named after it`,
    )
  }
  const files: string[] = []
  const labels: number[] = []
  for (const [label, name] of classes.entries()) {
    const found = await picturesUnder(join(root, name))
    if (found.length === 0) {
      throw new Error(
        `${join(folder, name)}: class "${name}" has no pictures (.jpg, .jpeg, .png, .webp, .gif, .avif); add some or remove the folder`,
      )
    }
    for (const file of found) {
      files.push(`${name}/${file}`)
      labels.push(label)
    }
  }
  const at = (index: number) => checkIndex(index, files.length, folder)
  const path = (index: number) => join(folder, files[at(index)]!)
  return {
    name: basename(root),
    classes,
    length: files.length,
    split,
    label: (index) => labels[at(index)]!,
    load: async (index) => readPicture(path(index), decodeOptions),
    source: (index) => ({ kind: 'file', path: path(index) }),
    limits: decodeOptions,
    path,
    async fingerprint() {
      const hash = new Hash().addNumber(files.length)
      // A hundred at a time: one by one they take seconds for a large set, all at once much memory.
      for (let start = 0; start < files.length; start += 100) {
        const group = files.slice(start, start + 100)
        const stats = await Promise.all(group.map((file) => stat(join(root, file))))
        group.forEach((file, at) => {
          hash.add(file).addNumber(stats[at]!.size)
        })
      }
      return hash.digest()
    },
  }
}

/**
 * The names of the folders in `folder`, in torchvision's order.
 * @throws Error where `folder` is missing or not a folder.
 */
export async function classFolders(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const entry of await list(folder)) {
    if (entry.isFolder) names.push(entry.name)
  }
  return names.sort(byCodePoint)
}

/** Paths below `folder`, with `/`, in the order of Python's `sorted(os.walk(folder))`. */
async function picturesUnder(folder: string): Promise<string[]> {
  const found: { at: string; names: string[] }[] = []
  const visit = async (at: string, ancestors: readonly string[]) => {
    const path = join(folder, at)
    const real = await realpath(path)
    if (ancestors.includes(real)) return // a link back to a folder that it lies in
    const names: string[] = []
    for (const entry of await list(path)) {
      if (entry.isFolder) await visit(`${at}${entry.name}/`, [...ancestors, real])
      else if (pictureExtension.test(entry.name)) names.push(entry.name)
    }
    found.push({ at, names: names.sort(byCodePoint) })
  }
  await visit('', [])
  // Python sorts the folders' paths without a slash at the end: a-b comes before a/c.
  found.sort((a, b) => byCodePoint(a.at.slice(0, -1), b.at.slice(0, -1)))
  return found.flatMap(({ at, names }) => names.map((name) => at + name))
}

async function list(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  let entries: Awaited<ReturnType<typeof readdirTyped>>
  try {
    entries = await readdirTyped(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      throw new Error(`${folder}: there is no such folder; check the path`, { cause: error })
    }
    if (code === 'ENOTDIR') {
      throw new Error(`${folder}: is a file, not a folder; name the folder it is in`, {
        cause: error,
      })
    }
    throw new Error(`${folder}: cannot be read (${code}); check its permissions`, { cause: error })
  }
  const visible = entries.filter((entry) => !entry.name.startsWith('.'))
  return Promise.all(
    visible.map(async (entry) => ({
      name: entry.name,
      isFolder: entry.isSymbolicLink()
        ? await leadsToFolder(join(folder, entry.name))
        : entry.isDirectory(),
    })),
  )
}

function readdirTyped(folder: string) {
  return readdir(folder, { withFileTypes: true })
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory()
  } catch {
    return false // a dangling link: as a picture it is reported when it is read
  }
}

/** Python orders text by code points, JavaScript by UTF-16 units; UTF-8 bytes order as the former. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
