// MNIST and Fashion-MNIST in the files they are given out in (IDX, LeCun's format: two zero bytes, a
// type, the number of dimensions, their sizes as big-endian 32-bit numbers, the data), as they are or
// packed with gzip. Grey becomes red, green and blue of the same value. A split is kept in memory.

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { checkIndex, type Dataset, type Split } from '../dataset.ts'
import { Hash } from '../hash.ts'

/** Options of `mnist`. */
export interface MnistOptions {
  /** Default `train`. */
  split?: Split
  /** Class names; default the digits, or Fashion-MNIST's where the folder's name has "fashion" in it. */
  classes?: readonly string[]
}

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
const fashion = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
]
const prefixes: Record<Split, string> = { train: 'train', test: 't10k' }

/**
 * Opens `train-images-idx3-ubyte` and `train-labels-idx1-ubyte` (`t10k-…` to test), or the same with
 * `.gz`, in `folder` itself, or in `raw`, `MNIST/raw` or `FashionMNIST/raw` in it (torchvision's).
 * @throws Error, one line with the path, where a file is missing or not what it should be.
 */
export async function mnist(folder: string, options: MnistOptions = {}): Promise<Dataset> {
  const { split = 'train' } = options
  const root = await findMnist(folder)
  if (!root) {
    throw new Error(
      `${folder}: has no MNIST files (train-images-idx3-ubyte, train-labels-idx1-ubyte, with or without .gz); put them there`,
    )
  }
  const prefix = join(root, prefixes[split])
  const images = await readIdx(`${prefix}-images-idx3-ubyte`, 3)
  const labels = await readIdx(`${prefix}-labels-idx1-ubyte`, 1)
  const [length, height, width] = images.shape as [number, number, number]
  if (labels.shape[0] !== length) {
    throw new Error(
      `${labels.path}: has ${labels.shape[0]} labels for ${length} pictures; get it anew`,
    )
  }
  const isFashion = /fashion/i.test(root)
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
      for (const { data } of [images, labels]) {
        for (let byte = 0; byte < data.length; byte += 9973) hash.addNumber(data[byte]!)
      }
      return hash.digest()
    },
  }
}

/** The folder in which MNIST's files lie, if they do. */
export async function findMnist(folder: string): Promise<string | undefined> {
  for (const inner of ['.', 'raw', 'MNIST/raw', 'FashionMNIST/raw']) {
    const root = join(folder, inner)
    for (const prefix of Object.values(prefixes)) {
      for (const ending of ['', '.gz']) {
        const found = await stat(join(root, `${prefix}-images-idx3-ubyte${ending}`)).catch(() => {})
        if (found?.isFile()) return root
      }
    }
  }
  return undefined
}

/** Reads `path` or `path.gz`: bytes in so many dimensions. */
async function readIdx(
  path: string,
  dimensions: number,
): Promise<{ path: string; shape: number[]; data: Uint8Array }> {
  let bytes: Uint8Array | undefined
  let found = path
  for (const ending of ['', '.gz']) {
    found = path + ending
    try {
      bytes = await readFile(found)
      break
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') throw new Error(`${found}: cannot be read (${code})`, { cause: error })
    }
  }
  if (!bytes) throw new Error(`${path}: is missing, with .gz, too; get all files of the data set`)
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
