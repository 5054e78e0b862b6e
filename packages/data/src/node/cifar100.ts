// CIFAR-100 (Krizhevsky, 2009) from the files it is given out in: the binary version (`train.bin`,
// `test.bin`: a coarse and a fine label byte before each picture's planes) or the Python version
// (`train`, `test`, `meta`: pickles). 100 fine classes; 50,000 pictures to train on, 10,000 to test.

import { join } from 'node:path'
import type { Dataset, Split } from '../dataset.ts'
import {
  cifarDataset,
  isFile,
  readBinaryBatch,
  readClassList,
  readPythonBatch,
  readPythonClasses,
} from './cifar-files.ts'

/** Which part to open. */
export interface Cifar100Options {
  /** Default `train`. */
  split?: Split
}

type Version = 'binary' | 'python'

/**
 * Opens CIFAR-100, either version, in `folder` itself or in the archive's own folder within it.
 * @throws Error, one line with the path, where a file is missing or not what it should be.
 */
export async function cifar100Dataset(
  folder: string,
  options: Cifar100Options = {},
): Promise<Dataset> {
  const { split = 'train' } = options
  const found = await findCifar100(folder)
  if (!found) {
    throw new Error(
      `${folder}: has no CIFAR-100 files (train.bin and fine_label_names.txt, or train and meta, there or in cifar-100-binary or cifar-100-python); unpack the archive there`,
    )
  }
  const { root, version } = found
  const isBinary = version === 'binary'
  const classes = isBinary
    ? await readClassList(join(root, 'fine_label_names.txt'))
    : await readPythonClasses(join(root, 'meta'), 'fine_label_names')
  const batch = isBinary
    ? await readBinaryBatch(join(root, `${split}.bin`), 2)
    : await readPythonBatch(join(root, split), 'fine_labels')
  return cifarDataset({ name: 'cifar100', folder, split, classes, batches: [batch] })
}

/** Which version of CIFAR-100 lies in `folder`, if one does. */
export async function findCifar100(
  folder: string,
): Promise<{ root: string; version: Version } | undefined> {
  for (const root of [folder, join(folder, 'cifar-100-binary'), join(folder, 'cifar-100-python')]) {
    if (await isFile(join(root, 'fine_label_names.txt'))) return { root, version: 'binary' }
    // `train` may be a folder of classes in other data sets: here it is a file.
    const isPython = (await isFile(join(root, 'meta'))) && (await isFile(join(root, 'train')))
    if (isPython) return { root, version: 'python' }
  }
  return undefined
}
