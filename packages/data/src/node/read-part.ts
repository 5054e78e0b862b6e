// Reading parts of files: a picture out of a file that holds thousands. What takes most of the time is not the
// bytes but the way there, so a loader leaves its files open until it ends, and small parts are read at once: a
// few microseconds, where a promise of the system's takes a hundred.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { PictureError } from '../picture.ts'
import type { Checksum } from '../picture-source.ts'
import { systemPath } from './file-names.ts'
import { unreadable } from './read-file.ts'

export interface FilePart {
  path: string
  start: number
  length: number
  checksum?: Checksum | undefined
}

/** Bytes that are read at once, whoever waits. */
const SMALL = 1 << 16

/** Files left open, the one that was opened first in front; descriptors by path. */
const files = new Map<string, number>()
/** Those of them that are still to be compared with what is at their path now. */
const doubted = new Set<string>()
/** CIFAR-10 comes in six files, packed sets in two. */
const MOST_OPEN = 8

/**
 * A part of a file.
 * @param wait Whether nobody minds to be held up.
 * @param keepOpen Whether `closeFiles` is called in the end.
 * @param name The picture's, for errors.
 * @throws PictureError where the file cannot be read, or its bytes are not those that the checksum is of
 */
export function readPart(
  part: FilePart,
  { wait, keepOpen, name }: { wait: boolean; keepOpen: boolean; name: string },
): Uint8Array | Promise<Uint8Array> {
  if (!keepOpen || !(wait || part.length <= SMALL)) return readLater(part, name)
  const { path, start, length, checksum } = part
  try {
    const bytes = new Uint8Array(length)
    const read = readSync(descriptorOf(path), bytes, 0, length, start)
    return checked(bytes, read, checksum, name)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Closes all files that were left open; what comes after opens them anew. */
export function closeFiles(): void {
  for (const path of [...files.keys()]) close(path)
}

/** Has each file that another loader has open compared with what is at its path, before it is read again. */
export function doubtFiles(): void {
  for (const path of files.keys()) doubted.add(path)
}

function close(path: string): void {
  const descriptor = files.get(path)!
  files.delete(path)
  doubted.delete(path)
  closeSync(descriptor)
}

function descriptorOf(path: string): number {
  if (doubted.delete(path) && !isAt(path, files.get(path)!)) close(path)
  const known = files.get(path)
  if (known !== undefined) return known
  const descriptor = openSync(systemPath(path), 'r')
  const [oldest] = files.size === MOST_OPEN ? files.keys() : []
  if (oldest !== undefined) close(oldest)
  files.set(path, descriptor)
  return descriptor
}

/** Whether a file that is open is the one at a path. */
function isAt(path: string, descriptor: number): boolean {
  const now = statSync(systemPath(path), { bigint: true, throwIfNoEntry: false })
  const { dev, ino } = fstatSync(descriptor, { bigint: true })
  return now?.dev === dev && now.ino === ino
}

async function readLater(
  { path, start, length, checksum }: FilePart,
  name: string,
): Promise<Uint8Array> {
  try {
    const file = await open(systemPath(path))
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await file.read(bytes, 0, length, start)
      return checked(bytes, bytesRead, checksum, name)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function checked(
  bytes: Uint8Array,
  read: number,
  checksum: Checksum | undefined,
  path: string,
): Uint8Array {
  if (read < bytes.length) {
    const problem = 'lies behind the end of its file, which is cut off; get it anew'
    throw new PictureError(problem, { path })
  }
  if (!checksum) return bytes
  if (crc32(bytes) === checksum.crc32) {
    checksum.found[checksum.at] = 1
    return bytes
  }
  throw new PictureError('is damaged: its bytes are not those that were packed; pack anew', {
    path,
  })
}
