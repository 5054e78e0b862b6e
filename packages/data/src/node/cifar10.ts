// CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009) from the
// files it is given out in: the binary version (`data_batch_1.bin` …: a label byte and 3,072 bytes
// of red, green and blue planes for each picture) or the Python version (the same bytes as numpy
// arrays in pickles). Both hold 32×32 pictures, 50,000 to train on and 10,000 to test.
//
// A whole split is kept in memory, as the bytes it has on disk (150 MB to train on).

import { join } from 'node:path'
import type { Dataset, Split } from '../dataset.ts'
import {
  cifarDataset,
  isFile,
  readBinaryBatch,
  readClassList,
  readPythonBatch,
  readPythonClasses,
  type StoredBatch,
} from './cifar-files.ts'

/** Which part to open. */
export interface Cifar10Options {
  /** Default `train`. */
  split?: Split
}

interface Version {
  /** The folder that the archive unpacks to. */
  folder: string
  extension: string
  names: string
  readBatch(path: string): Promise<StoredBatch>
  readClasses(path: string): Promise<string[]>
}

const versions: readonly Version[] = [
  {
    folder: 'cifar-10-batches-bin',
    extension: '.bin',
    names: 'batches.meta.txt',
    readBatch: (path) => readBinaryBatch(path, 1),
    readClasses: readClassList,
  },
  {
    folder: 'cifar-10-batches-py',
    extension: '',
    names: 'batches.meta',
    readBatch: (path) => readPythonBatch(path, 'labels'),
    readClasses: (path) => readPythonClasses(path, 'label_names'),
  },
]

/**
 * Opens CIFAR-10, either version, in `folder` itself or in the archive's own folder within it.
 * @throws Error, one line with the path, where a file is missing or not what it should be.
 */
export async function cifar10Dataset(
  folder: string,
  options: Cifar10Options = {},
): Promise<Dataset> {
  const { split = 'train' } = options
  const found = await findCifar10(folder)
  if (!found) {
    throw new Error(
      `${folder}: has no CIFAR-10 files (data_batch_1.bin or data_batch_1, there or in cifar-10-batches-bin or cifar-10-batches-py); unpack the archive there`,
    )
  }
  const { version, root } = found
  const names = split === 'train' ? [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`) : ['test_batch']
  const classes = await version.readClasses(join(root, version.names))
  const batches: StoredBatch[] = []
  for (const name of names)
    batches.push(await version.readBatch(join(root, name + version.extension)))
  return cifarDataset({ name: 'cifar10', folder, split, classes, batches })
}

/** Which version of CIFAR-10 lies in `folder`, if one does. */
export async function findCifar10(
  folder: string,
): Promise<{ root: string; version: Version } | undefined> {
  for (const version of versions) {
    for (const root of [folder, join(folder, version.folder)]) {
      for (const name of ['data_batch_1', 'test_batch']) {
        if (await isFile(join(root, name + version.extension))) return { root, version }
      }
    }
  }
  return undefined
}
