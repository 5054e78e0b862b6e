// Reading picture files. Only plain files are read: a FIFO in a folder of pictures would be waited for without end,
// and a device never ends.

import {
  close,
  closeSync,
  constants,
  fstat,
  fstatSync,
  open,
  openSync,
  type PathLike,
  read,
  readSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { PictureError } from '../picture.ts'
import { shownPath, systemPath } from './file-names.ts'

/** By descriptors: the objects of `node:fs/promises` take half as long again for files of this size. */
const later = {
  open: promisify<PathLike, number, number>(open),
  fstat: promisify(fstat),
  read: promisify(read),
  close: promisify(close),
}

/** A FIFO that nobody writes to opens at once with it; plain files are read as ever. Windows has neither. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Memory that was lent, that of it which came back, how much of that is kept, and how large: as a loader reads photographs. */
const lent = new WeakSet<ArrayBuffer>()
const spare: ArrayBuffer[] = []
const MOST_SPARE = 16
const LARGEST_SPARE = 4_000_000

/** Room for a file; where it comes back, memory that has come back, if the file fits it. */
function room(size: number, isLent: boolean): Uint8Array<ArrayBuffer> {
  if (!isLent) return Buffer.allocUnsafeSlow(size)
  const at = spare.findIndex(({ byteLength }) => byteLength >= size && byteLength <= 8 * size)
  // The next file may be larger.
  const [found = Buffer.allocUnsafeSlow(size + (size >> 1)).buffer] =
    at < 0 ? [] : spare.splice(at, 1)
  lent.add(found)
  return new Uint8Array(found, 0, size)
}

/** Takes back what `readPlainFile` lent; bytes that come from elsewhere stay their owner's. */
export function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  if (!lent.delete(buffer) || buffer.byteLength > LARGEST_SPARE) return
  if (spare.length === MOST_SPARE) spare.shift()
  spare.push(buffer)
}

/**
 * A file's bytes.
 * @param isLent Whether they come back by `giveBack`.
 * @throws PictureError where it is no plain file or cannot be read
 */
export async function readPlainFile(path: string, isLent = false): Promise<Uint8Array> {
  try {
    const descriptor = await later.open(systemPath(path), FLAGS)
    try {
      const kind = await later.fstat(descriptor)
      if (!kind.isFile()) throw notPlain(path, kind.isDirectory())
      const bytes = room(kind.size, isLent)
      let length = 0
      while (length < bytes.length) {
        const rest = bytes.length - length
        const { bytesRead } = await later.read(descriptor, bytes, length, rest, length)
        if (bytesRead === 0) return bytes.subarray(0, length)
        length += bytesRead
      }
      return bytes
    } finally {
      await later.close(descriptor)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** As `readPlainFile`, at once. */
export function readPlainFileSync(path: string, isLent = false): Uint8Array {
  try {
    const descriptor = openSync(systemPath(path), FLAGS)
    try {
      const kind = fstatSync(descriptor)
      if (!kind.isFile()) throw notPlain(path, kind.isDirectory())
      const bytes = room(kind.size, isLent)
      let length = 0
      while (length < bytes.length) {
        const read = readSync(descriptor, bytes, length, bytes.length - length, length)
        if (read === 0) return bytes.subarray(0, length)
        length += read
      }
      return bytes
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function notPlain(path: string, isFolder: boolean): PictureError {
  const problem = isFolder
    ? 'is a folder, not a picture; name a file in it'
    : 'is a pipe or a device, not a file; save the picture to a file first'
  return new PictureError(problem, { path: shownPath(path) })
}

/** The error for a file that could not be read. */
export function unreadable(path: string, error: unknown): PictureError {
  if (error instanceof PictureError) return error
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  // Node turns a command line's bytes that are no UTF-8 into this sign, and the name is lost.
  const missing = path.includes('\ufffd')
    ? 'does not exist; if its name is not UTF-8, rename it, or name the folder of its class folder'
    : 'does not exist; check the path'
  const problem =
    code === 'ENOENT'
      ? missing
      : code === 'EISDIR'
        ? 'is a folder, not a picture; name a file in it'
        : code === 'ENXIO'
          ? 'is a pipe or a device, not a file; save the picture to a file first'
          : `cannot be read (${code}); check the file and its permissions`
  return new PictureError(problem, { path: shownPath(path), cause: error })
}
