// One call that opens whatever a person names on a command line: it looks at what is there and
// says what it looked for when it finds nothing.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dataset, Split } from '../dataset.ts'
import { shapes } from '../shapes/shapes.ts'
import { cifar10, findCifar10 } from './cifar10.ts'
import { cifar100, findCifar100 } from './cifar100.ts'
import { findMnist, mnist } from './idx.ts'
import { classFolders, imageFolder } from './image-folder.ts'
import { findPacked, packed } from './packed.ts'
import { findShards, tarShards } from './shards.ts'

/** What to open of it. */
export interface OpenDatasetOptions {
  /** Which part, where the data set is divided; default `train`. */
  split?: Split
  /** For `shapes`: side of the pictures in pixels, default 32. */
  size?: number
  /** For `shapes`: what they are drawn from, default 0. */
  seed?: number
}

const splitFolders: Record<Split, readonly string[]> = {
  train: ['train', 'training'],
  test: ['test', 'val', 'valid', 'validation'],
}

/**
 * Opens a data set by its path, or by the word `shapes`:
 *
 * - a folder with `train/` and `test/` (or `val/`), each a folder of class folders;
 * - a folder of class folders: not divided, so `split` changes nothing and the result's `split`
 *   is undefined;
 * - CIFAR-10 or CIFAR-100, binary or Python version, in the folder or in the archive's own folder
 *   within it; MNIST or Fashion-MNIST in IDX files;
 * - what `alexnet pack` wrote: a packed file, or the folder of one or two;
 * - a tar shard in WebDataset's layout, or a folder of them (with or without `train/` and `test/`);
 * - `shapes`, `shapes:2000` or `shapes:2000:500`: drawn pictures, with the number to train on
 *   (default 4,000) and to test on (default a quarter of it).
 *
 * @throws Error, one line, that says what was looked for.
 */
export async function openDataset(
  path: string,
  options: OpenDatasetOptions = {},
): Promise<Dataset> {
  const { split = 'train' } = options
  if (path === 'shapes' || path.startsWith('shapes:')) return openShapes(path, split, options)
  const kind = await stat(path).catch(() => undefined)
  if (!kind) {
    throw new Error(
      `${path}: there is no such folder or file; name a folder of pictures or CIFAR-10, or "shapes" for drawn ones`,
    )
  }
  const pack = await findPacked(path, split)
  if (pack) return packed(pack)
  if (kind.isDirectory()) {
    if (await findCifar10(path)) return cifar10(path, { split })
    if (await findCifar100(path)) return cifar100(path, { split })
    if (await findMnist(path)) return mnist(path, { split })
    const folders = await classFolders(path)
    const divided = await splitFolder(path, folders, split)
    if (divided) return imageFolder(divided, { split })
    const shardFolder = await splitShards(path, folders, split)
    if (shardFolder) return { ...(await tarShards(shardFolder)), split }
  }
  if ((await findShards(path)).length > 0) return tarShards(path)
  if (kind.isDirectory()) {
    const folders = await classFolders(path)
    if (folders.length > 0) return imageFolder(path)
  }
  throw new Error(
    `${path}: is no data set; looked for class folders with pictures, train/ and test/ (or val/) folders of them, tar shards, packed files, and the files of CIFAR-10, CIFAR-100 and MNIST`,
  )
}

/** The folder of the asked-for part, or undefined where `path` is not divided into parts. */
async function splitFolder(
  path: string,
  folders: readonly string[],
  split: Split,
): Promise<string | undefined> {
  const find = async (part: Split) => {
    for (const name of splitFolders[part]) {
      // A part holds class folders; a class that happens to be called so holds pictures.
      if (folders.includes(name) && (await classFolders(join(path, name))).length > 0) return name
    }
    return undefined
  }
  const parts = { train: await find('train'), test: await find('test') }
  if (!parts.train && !parts.test) return undefined
  const wanted = parts[split]
  if (!wanted) {
    throw new Error(
      `${path}: has no ${splitFolders[split].join('/, ')}/ folder of classes beside ${parts.train ?? parts.test}/; add one, or name the folder of classes itself`,
    )
  }
  if (parts.train && parts.test) {
    await requireSameClasses(join(path, parts.train), join(path, parts.test))
  }
  return join(path, wanted)
}

/** The folder of tar shards of the asked-for part, where there are such folders. */
async function splitShards(
  path: string,
  folders: readonly string[],
  split: Split,
): Promise<string | undefined> {
  const name = splitFolders[split].find((part) => folders.includes(part))
  if (!name || (await findShards(join(path, name))).length === 0) return undefined
  return join(path, name)
}

/** Labels are places in the sorted class names, so the two parts must have the same ones. */
async function requireSameClasses(train: string, test: string): Promise<void> {
  const [trainClasses, testClasses] = await Promise.all([classFolders(train), classFolders(test)])
  const missing = trainClasses.find((name) => !testClasses.includes(name))
  const extra = testClasses.find((name) => !trainClasses.includes(name))
  if (missing !== undefined) {
    throw new Error(
      `${test}: lacks class "${missing}" of ${train}; both need the same class folders`,
    )
  }
  if (extra !== undefined) {
    throw new Error(`${train}: lacks class "${extra}" of ${test}; both need the same class folders`)
  }
}

function openShapes(path: string, split: Split, options: OpenDatasetOptions): Dataset {
  const match = /^shapes(?::(\d+))?(?::(\d+))?$/.exec(path)
  const trainCount = Number(match?.[1] ?? 4000)
  const testCount = Number(match?.[2] ?? Math.ceil(trainCount / 4))
  if (!match || trainCount < 1 || testCount < 1) {
    throw new Error(
      `${path}: is not understood; write shapes, shapes:2000 or shapes:2000:500 (pictures to train on, to test on)`,
    )
  }
  return shapes({
    count: split === 'train' ? trainCount : testCount,
    split,
    ...(options.size === undefined ? {} : { size: options.size }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  })
}
