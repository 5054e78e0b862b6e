// Reading picture files. Only plain files are read: a FIFO in a folder of pictures would be waited for without end,
// and a device never ends.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { PictureError } from '../picture.ts'
import { shownPath, systemPath } from './file-names.ts'

/** A FIFO that nobody writes to opens at once with it; plain files are read as ever. Windows has neither. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** A file's bytes. @throws PictureError where it is no plain file or cannot be read */
export async function readPlainFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(systemPath(path), FLAGS)
    try {
      const kind = await file.stat()
      if (!kind.isFile()) throw notPlain(path, kind.isDirectory())
      const bytes = Buffer.allocUnsafeSlow(kind.size)
      let length = 0
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, length)
        if (bytesRead === 0) return bytes.subarray(0, length)
        length += bytesRead
      }
      return bytes
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** As `readPlainFile`, at once. */
export function readPlainFileSync(path: string): Uint8Array {
  try {
    const descriptor = openSync(systemPath(path), FLAGS)
    try {
      const kind = fstatSync(descriptor)
      if (!kind.isFile()) throw notPlain(path, kind.isDirectory())
      const bytes = Buffer.allocUnsafeSlow(kind.size)
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
