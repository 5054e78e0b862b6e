// MNIST and Fashion-MNIST in the files they are given out in (IDX, LeCun's format: two zero bytes, a
// type, the number of dimensions, their sizes as big-endian 32-bit numbers, the data), as they are or
// packed with gzip. Grey becomes red, green and blue of the same value. A split is kept in memory.

import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import { Hash } from '../hash.ts'
import { readPlainFile } from './read-file.ts'

/** Options of `mnistDataset`. */
export interface MnistOptions {
  /** Default `train`. */
  split?: Split
  /**
   * Class names; default the digits, or Fashion-MNIST's where the labels begin as its own do, or the folder that is
   * named for the set is called "fashion" or after Fashion-MNIST.
   */
  classes?: readonly string[]
}

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const fashion = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
]
/** What files of a part are called. */
const prefixes: Record<Split, string> = {
  train: 'train',
  validation: '(?:t10k|test)',
  test: '(?:t10k|test)',
}
/** The first ten labels of each set's parts, which tell the two apart wherever they lie. */
const beginnings: Record<string, readonly string[]> = {
  mnist: ['5041921314', '7210414959'],
  'fashion-mnist': ['9003027255', '9211614657'],
}

/**
 * Opens `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (`t10k-…` to test), also with dots or underscores
 * for dashes and without `ubyte`, in a folder of the file's own name, or with `.gz`, in `folder` itself, or in `raw`, `MNIST/raw` or
 * `FashionMNIST/raw` in it (torchvision's).
 * @throws Error, one line with the path, where a file is missing or not what it should be.
 */
export async function mnistDataset(folder: string, options: MnistOptions = {}): Promise<Dataset> {
  const { split = 'train' } = options
  const root = await findMnist(folder)
  if (!root) {
    throw new Error(
      `${folder}: has no MNIST files (train-images-idx3-ubyte, train-labels-idx1-ubyte, with or without .gz); put them there`,
    )
  }
  const images = await readIdx(root, split, 'images')
  const labels = await readIdx(root, split, 'labels')
  const [length, height, width] = images.shape as [number, number, number]
  if (labels.shape[0] !== length) {
    throw new Error(
      `${labels.path}: has ${labels.shape[0]} labels for ${length} pictures; get it anew`,
    )
  }
  const isFashion = setOf(labels.data, root) === 'fashion-mnist'
  const classes = options.classes ?? (isFashion ? fashion : digits)
  const wrong = labels.data.findIndex((label) => label >= classes.length)
  if (wrong >= 0) {
    throw new Error(
      `${labels.path}: picture ${wrong} has label ${labels.data[wrong]}, but there are ${classes.length} classes; name more classes`,
    )
  }
  const name = isFashion ? 'fashion-mnist' : 'mnist'
  const at = (index: number) => checkIndex(index, length, folder)
  return {
    name,
    classes,
    length,
    split,
    label: (index) => labels.data[at(index)]!,
    async load(index) {
      const pixels = width * height
      const grey = images.data.subarray(at(index) * pixels, (index + 1) * pixels)
      const data = new Uint8Array(pixels * 3)
      for (let pixel = 0; pixel < pixels; pixel++) data.fill(grey[pixel]!, pixel * 3, pixel * 3 + 3)
      return { width, height, data }
    },
    path: (index) => `${images.path}#${at(index)}`,
    async fingerprint() {
      const hash = new Hash().add(`${name} ${split}`)
      for (const size of images.shape) hash.addNumber(size)
      const contents = createHash('sha256').update(images.data).update(labels.data)
      return hash.add(contents.digest('hex')).digest()
    },
  }
}

/** Which of the two sets it is, by its labels, else by the folder that is named for it. */
function setOf(labels: Uint8Array, root: string): string {
  const beginning = labels.subarray(0, 10).join('')
  const known = Object.keys(beginnings).find((set) => beginnings[set]!.includes(beginning))
  if (known) return known
  const full = resolve(root)
  const named = basename(full) === 'raw' ? dirname(full) : full
  return /^fashion$|fashion[-_ ]?mnist/i.test(basename(named)) ? 'fashion-mnist' : 'mnist'
}

/** The folder in which MNIST's files lie, if they do. */
export async function findMnist(folder: string): Promise<string | undefined> {
  for (const inner of ['.', 'raw', 'MNIST/raw', 'FashionMNIST/raw']) {
    const root = join(folder, inner)
    for (const split of ['train', 'test'] as const) {
      if (await findIdx(root, split, 'images')) return root
    }
  }
  return undefined
}

/** A file by any of its names. */
async function findIdx(
  root: string,
  split: Split,
  content: 'images' | 'labels',
): Promise<string | undefined> {
  const name = new RegExp(
    `^${prefixes[split]}[-_.]${content}[-_.]idx[13]?([-_.]u?byte)?(\\.gz)?$`,
    'i',
  )
  const names = await readdir(root).catch(() => [])
  // Unpacked before packed, LeCun's own name before others.
  const fitting = names
    .filter((one) => name.test(one))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  for (const one of fitting) {
    for (const path of [join(root, one), join(root, one, one)]) {
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile()) return path
    }
  }
  return undefined
}

/** Reads the images or labels of a part. */
async function readIdx(
  root: string,
  split: Split,
  content: 'images' | 'labels',
): Promise<{ path: string; shape: number[]; data: Uint8Array }> {
  const dimensions = content === 'images' ? 3 : 1
  const found = await findIdx(root, split, content)
  if (found === undefined) {
    const usual = `${split === 'train' ? 'train' : 't10k'}-${content}-idx${dimensions}-ubyte`
    throw new Error(
      `${join(root, usual)}: is missing, with .gz, too; get all files of the data set`,
    )
  }
  let bytes = await readPlainFile(found)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await promisify(gunzip)(bytes, { maxOutputLength: 2 ** 31 })
    } catch (cause) {
      const reason = (cause as Error).message
      throw new Error(`${found}: cannot be unpacked (${reason}); get it anew`, { cause })
    }
  }
  const header = 4 + 4 * dimensions
  const isIdx = bytes.length >= header && bytes[0] === 0 && bytes[1] === 0
  if (!isIdx || bytes[2] !== 8 || bytes[3] !== dimensions) {
    throw new Error(`${found}: is no IDX file of bytes in ${dimensions} dimensions; get it anew`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: dimensions }, (_, at) => view.getUint32(4 + 4 * at))
  const expected = shape.reduce((product, size) => product * size, 1)
  if (bytes.length - header !== expected) {
    throw new Error(
      `${found}: has ${bytes.length - header} bytes of data, its header says ${expected}; it is cut off, get it anew`,
    )
  }
  return { path: found, shape, data: bytes.subarray(header) }
}
