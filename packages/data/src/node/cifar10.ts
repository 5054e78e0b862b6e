/**
 * CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009) from the
 * files it is given out in: the binary version (`data_batch_1.bin` …: a label byte and 3,072 bytes
 * of red, green and blue planes for each picture) or the Python version (the same bytes as numpy
 * arrays in pickles). Both hold 32×32 pictures, 50,000 to train on and 10,000 to test.
 *
 * A whole split is kept in memory, as the bytes it has on disk (150 MB to train on).
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import { Hash } from '../hash.ts'
import type { Picture } from '../picture.ts'
import { readPickle, textOf } from './pickle.ts'

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

/** Pictures of one file: planes of `data` begin every `stride` bytes from `offset` on. */
interface StoredBatch {
  path: string
  labels: ArrayLike<number>
  data: Uint8Array
  offset: number
  stride: number
}

const side = 32
const planeBytes = side * side
const pictureBytes = 3 * planeBytes

const versions: readonly Version[] = [
  {
    folder: 'cifar-10-batches-bin',
    extension: '.bin',
    names: 'batches.meta.txt',
    readBatch: readBinaryBatch,
    readClasses: readClassList,
  },
  {
    folder: 'cifar-10-batches-py',
    extension: '',
    names: 'batches.meta',
    readBatch: readPythonBatch,
    readClasses: readPythonClasses,
  },
]

/**
 * Opens CIFAR-10, either version, in `folder` itself or in the archive's own folder within it.
 * @throws Error, one line with the path, where a file is missing or not what it should be.
 */
export async function cifar10(folder: string, options: Cifar10Options = {}): Promise<Dataset> {
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
  checkLabels(batches, classes.length)

  const starts: number[] = []
  let length = 0
  for (const batch of batches) {
    starts.push(length)
    length += batch.labels.length
  }
  const locate = (index: number) => {
    checkIndex(index, length, folder)
    const file = starts.findLastIndex((start) => start <= index)
    return { batch: batches[file]!, at: index - starts[file]! }
  }
  return {
    name: 'cifar10',
    classes,
    length,
    split,
    label(index) {
      const { batch, at } = locate(index)
      return batch.labels[at]!
    },
    async load(index) {
      const { batch, at } = locate(index)
      return interleave(batch.data, batch.offset + at * batch.stride)
    },
    path(index) {
      const { batch, at } = locate(index)
      return `${batch.path}#${at}`
    },
    async fingerprint() {
      const hash = new Hash().add(`cifar10 ${split}`)
      for (const batch of batches) hash.addNumber(batch.labels.length)
      // Sizes alone are the same for any CIFAR-10; a few pictures tell edited ones apart.
      for (const { data } of batches) {
        for (let at = 0; at < data.length; at += 9973) hash.addNumber(data[at]!)
      }
      return hash.digest()
    },
  }
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

async function readBinaryBatch(path: string): Promise<StoredBatch> {
  const data = await readCifarFile(path)
  const stride = 1 + pictureBytes
  if (data.length === 0 || data.length % stride !== 0) {
    throw new Error(
      `${path}: has ${data.length} bytes, which is no whole number of ${stride}-byte pictures; it is cut off or not CIFAR-10's, get it anew`,
    )
  }
  const labels = Uint8Array.from({ length: data.length / stride }, (_, at) => data[at * stride]!)
  return { path, labels, data, offset: 1, stride }
}

async function readClassList(path: string): Promise<string[]> {
  const text = Buffer.from(await readCifarFile(path)).toString('utf8')
  const classes = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (classes.length === 0) throw new Error(`${path}: has no class names; get it anew`)
  return classes
}

async function readPythonBatch(path: string): Promise<StoredBatch> {
  const content = readPickle(await readCifarFile(path), path)
  const data = content instanceof Map ? content.get('data') : undefined
  const labels = content instanceof Map ? content.get('labels') : undefined
  const isData = typeof data === 'object' && data !== null && 'shape' in data
  if (!isData || !Array.isArray(labels) || data.shape[1] !== pictureBytes) {
    throw new Error(`${path}: has no "data" of ${pictureBytes} columns with "labels"; get it anew`)
  }
  if (labels.length !== data.shape[0] || labels.some((label) => typeof label !== 'number')) {
    throw new Error(
      `${path}: has ${data.shape[0]} pictures but ${labels.length} labels; get it anew`,
    )
  }
  return { path, labels: labels as number[], data: data.data, offset: 0, stride: pictureBytes }
}

async function readPythonClasses(path: string): Promise<string[]> {
  const content = readPickle(await readCifarFile(path), path)
  const list = content instanceof Map ? content.get('label_names') : undefined
  const classes = Array.isArray(list) ? list.map(textOf) : []
  const complete = classes.filter((name) => name !== undefined)
  if (complete.length === 0 || complete.length < classes.length) {
    throw new Error(`${path}: has no "label_names"; get it anew`)
  }
  return complete
}

async function readCifarFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const problem = code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`
    throw new Error(`${path}: ${problem}; unpack the whole CIFAR-10 archive`, { cause: error })
  }
}

function checkLabels(batches: readonly StoredBatch[], classes: number): void {
  for (const { path, labels } of batches) {
    for (let at = 0; at < labels.length; at++) {
      const label = labels[at]!
      if (!Number.isInteger(label) || label < 0 || label >= classes) {
        throw new Error(
          `${path}: picture ${at} has label ${label}, but there are ${classes} classes; get the file anew`,
        )
      }
    }
  }
}

/** Planes to pixels. */
function interleave(data: Uint8Array, start: number): Picture {
  const pixels = new Uint8Array(pictureBytes)
  for (let from = start, to = 0; to < pictureBytes; from++, to += 3) {
    pixels[to] = data[from]!
    pixels[to + 1] = data[from + planeBytes]!
    pixels[to + 2] = data[from + 2 * planeBytes]!
  }
  return { width: side, height: side, data: pixels }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
