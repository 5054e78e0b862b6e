// One call that opens whatever a person names on a command line: it looks at what is there and
// says what it looked for when it finds nothing.

import { stat } from 'node:fs/promises'
import type { Dataset, Split } from '../dataset.ts'
import { shapes } from '../shapes/shapes.ts'
import { cifar10Dataset, findCifar10 } from './cifar10.ts'
import { cifar100Dataset, findCifar100 } from './cifar100.ts'
import { shownPath, systemPath } from './file-names.ts'
import { findMnist, mnistDataset } from './idx.ts'
import { classFolders, folderClasses, imageFolder } from './image-folder.ts'
import { findPacked, packed } from './packed.ts'
import { findParts, type PartFolder, type Parts, shardParts } from './parts.ts'
import { findShards, tarShards } from './shards.ts'

/** What to open of it. */
export interface OpenDatasetOptions {
  /**
   * Which part, where the data set is divided; default `train`. `validation` is what a training run chooses its best
   * epoch by: `val/` where there is one, else the test part; `test` likewise is `val/` where there is no other.
   */
  split?: Split
  /** For `shapes`: side of the pictures in pixels, default 32. */
  size?: number
  /** For `shapes`: what they are drawn from, default 0. */
  seed?: number
}

/**
 * Opens a data set by its path, or by the word `shapes`:
 *
 * - a folder with `train/` and `val/`, `test/` or both (in any case, also called `training`, `valid`, `validation`,
 *   `dev`, `eval`, `testing`, or with such a word in all their names: `seg_train`, `seg_test`), each a folder of class folders or of tar shards. Labels of folders are places in the
 *   classes of the training part; those of shards are their own, for `matchClasses` to bring together;
 * - a folder of class folders: not divided, so `split` changes nothing and the result's `split`
 *   is undefined;
 * - CIFAR-10 or CIFAR-100, binary or Python version, in the folder or in the archive's own folder
 *   within it; MNIST or Fashion-MNIST in IDX files;
 * - what `alexnet pack` wrote: a packed file, or the folder of one or two;
 * - a tar shard in WebDataset's layout, or a folder of them, in parts where all are called so
 *   (`set-train-0.tar`, `set-val-0.tar`);
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
  const kind = await stat(systemPath(path)).catch(() => undefined)
  if (!kind) {
    throw new Error(
      `${shownPath(path)}: there is no such folder or file; name a folder of pictures or CIFAR-10, or "shapes" for drawn ones`,
    )
  }
  const pack = await findPacked(path, split)
  if (pack) return packed(pack)
  if (kind.isDirectory()) {
    if (await findCifar10(path)) return cifar10Dataset(path, { split })
    if (await findCifar100(path)) return cifar100Dataset(path, { split })
    if (await findMnist(path)) return mnistDataset(path, { split })
    const parts = await findParts(path)
    if (parts) return openPart(parts, split)
  }
  const shards = await findShards(path)
  if (shards.length > 0) {
    const named = shardParts(path, shards)?.pick(split)
    return named ? tarShards(named, { split }) : tarShards(path)
  }
  if (kind.isDirectory()) {
    const folders = await classFolders(path)
    if (folders.length > 0) return imageFolder(path)
  }
  throw new Error(
    `${shownPath(path)}: is no data set; looked for class folders with pictures, train/ and test/ (or val/) folders of them, tar shards, packed files, and the files of CIFAR-10, CIFAR-100 and MNIST`,
  )
}

/** A part that is a folder of its own. */
async function openPart(parts: Parts<PartFolder>, split: Split): Promise<Dataset> {
  const { kind, path } = parts.pick(split)
  const { train, notes } = parts
  const classes =
    kind === 'folders' && train?.kind === 'folders' && split !== 'train'
      ? await folderClasses(train.path)
      : undefined
  const part = await (kind === 'shards'
    ? tarShards(path, { split })
    : imageFolder(path, { split, classes }))
  return split === 'train' ? { ...part, notes: [...notes, ...(part.notes ?? [])] } : part
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
    split: split === 'train' ? 'train' : 'test',
    ...(options.size === undefined ? {} : { size: options.size }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  })
}
