// What CIFAR-10's and CIFAR-100's files have in common: 32×32 pictures as planes of red, green and
// blue in a few files, each kept in memory as the bytes it has on disk.

import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import { Hash } from '../hash.ts'
import type { Picture } from '../picture.ts'
import { readPickle, textOf } from './pickle.ts'

/** Pictures of one file: planes of `data` begin every `stride` bytes from `offset` on. */
export interface StoredBatch {
  path: string
  labels: ArrayLike<number>
  data: Uint8Array
  offset: number
  stride: number
}

const SIDE = 32
const planeBytes = SIDE * SIDE
const pictureBytes = 3 * planeBytes

/** A data set of the files' pictures, in their order. */
export function cifarDataset(content: {
  name: string
  folder: string
  split: Split
  classes: readonly string[]
  batches: readonly StoredBatch[]
}): Dataset {
  const { name, folder, split, classes, batches } = content
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
    name,
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
      const hash = new Hash().add(`${name} ${split}`)
      for (const batch of batches) hash.addNumber(batch.labels.length)
      const contents = createHash('sha256')
      for (const { data, labels } of batches) contents.update(data).update(Uint8Array.from(labels))
      return hash.add(contents.digest('hex')).digest()
    },
  }
}

/**
 * A file of records: `labelBytes` bytes of labels, of which the last counts, then the planes.
 * @throws Error where it has no whole number of them.
 */
export async function readBinaryBatch(path: string, labelBytes: number): Promise<StoredBatch> {
  const data = await readCifarFile(path)
  const stride = labelBytes + pictureBytes
  if (data.length === 0 || data.length % stride !== 0) {
    throw new Error(
      `${path}: has ${data.length} bytes, which is no whole number of ${stride}-byte pictures; it is cut off or not CIFAR's, get it anew`,
    )
  }
  const labels = Uint8Array.from(
    { length: data.length / stride },
    (_, at) => data[at * stride + labelBytes - 1]!,
  )
  return { path, labels, data, offset: labelBytes, stride }
}

/** Class names, one a line. */
export async function readClassList(path: string): Promise<string[]> {
  const text = Buffer.from(await readCifarFile(path)).toString('utf8')
  const classes = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (classes.length === 0) throw new Error(`${path}: has no class names; get it anew`)
  return classes
}

/** A pickle of `data` and, under `key`, labels. */
export async function readPythonBatch(path: string, key: string): Promise<StoredBatch> {
  const content = readPickle(await readCifarFile(path), path)
  const data = content instanceof Map ? content.get('data') : undefined
  const labels = content instanceof Map ? content.get(key) : undefined
  const isData = typeof data === 'object' && data !== null && 'shape' in data
  if (!isData || !Array.isArray(labels) || data.shape[1] !== pictureBytes) {
    throw new Error(`${path}: has no "data" of ${pictureBytes} columns with "${key}"; get it anew`)
  }
  if (labels.length !== data.shape[0] || labels.some((label) => typeof label !== 'number')) {
    throw new Error(
      `${path}: has ${data.shape[0]} pictures but ${labels.length} labels; get it anew`,
    )
  }
  return { path, labels: labels as number[], data: data.data, offset: 0, stride: pictureBytes }
}

/** A pickle of class names under `key`. */
export async function readPythonClasses(path: string, key: string): Promise<string[]> {
  const content = readPickle(await readCifarFile(path), path)
  const list = content instanceof Map ? content.get(key) : undefined
  const classes = Array.isArray(list) ? list.map(textOf) : []
  const complete = classes.filter((name) => name !== undefined)
  if (complete.length === 0 || complete.length < classes.length) {
    throw new Error(`${path}: has no "${key}"; get it anew`)
  }
  return complete
}

async function readCifarFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const problem = code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`
    throw new Error(`${path}: ${problem}; unpack the whole archive`, { cause: error })
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
  return { width: SIDE, height: SIDE, data: pixels }
}

/** Whether `path` is a file. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
