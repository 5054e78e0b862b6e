// Checkpoints as files, in Node: reading one by path, and replacing one so that a crash, a full disk or
// a second reader never sees half a file.

import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { openCheckpoint, type ReadOptions, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { encodeSafetensors } from './safetensors.ts'
import type { RangeSource } from './source.ts'
import type { Checkpoint, OpenCheckpoint, StoredTensor } from './tensor.ts'

/**
 * Reads a checkpoint file of any known format, as `readCheckpoint`; of a model.json or a list of shards the
 * files beside it, too. Every tensor is read from its place in the file into its own array.
 *
 * @throws CheckpointError when it is missing, is no file, or cannot be read.
 */
export async function readCheckpointFile(
  file: string | URL,
  options: ReadOptions = {},
): Promise<Checkpoint> {
  const path = pathOf(file)
  return readCheckpoint(await openFile(path), { crc32, ...options, path })
}

/** Opens a checkpoint file as `openCheckpoint`: its tensors stay in the file until they are asked for. */
export async function openCheckpointFile(
  file: string | URL,
  options: ReadOptions = {},
): Promise<OpenCheckpoint> {
  const path = pathOf(file)
  return openCheckpoint(await openFile(path), { crc32, ...options, path })
}

const pathOf = (file: string | URL) => (file instanceof URL ? fileURLToPath(file) : file)

/** Large ranges are read by several threads at once, which takes half the time of one; in pieces of this. */
const PIECE = 16 * 1024 * 1024
const MOST_AT_ONCE = 4

/** A file as a source. */
export async function openFile(path: string): Promise<RangeSource> {
  let file: FileHandle
  let size: number
  try {
    file = await open(path)
    const stats = await file.stat()
    size = stats.size
    if (stats.isDirectory()) {
      await file.close()
      throw Object.assign(new Error(), { code: 'EISDIR' })
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new CheckpointError(readFailures[code ?? ''] ?? message, { path, cause })
  }
  return {
    size,
    path,
    read: async (offset, length) => {
      const bytes = new Uint8Array(length)
      let next = 0
      let missing = 0
      const readPieces = async () => {
        while (next < length) {
          const start = next
          const end = Math.min(length, start + PIECE)
          next = end
          const read = await fill(file, bytes.subarray(start, end), offset + start)
          missing += end - start - read
        }
      }
      const threads = Math.min(MOST_AT_ONCE, Math.ceil(length / PIECE))
      await Promise.all(Array.from({ length: threads }, readPieces))
      return bytes.subarray(0, length - missing)
    },
    sibling: (name) => openFile(join(dirname(path), name)),
    close: () => file.close(),
  }
}

/** Reads until `bytes` are full or the file ends; gives the bytes read. */
async function fill(file: FileHandle, bytes: Uint8Array, offset: number): Promise<number> {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled)
    if (bytesRead === 0) return filled
    filled += bytesRead
  }
  return bytes.length
}

const readFailures: Record<string, string> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'no permission to read it',
}

/**
 * Writes a file under a temporary name beside its place, flushes it to the disk and renames it: at every
 * moment the path holds either the old file or the whole new one.
 *
 * @throws Error that names the file and the reason (a full disk, no permission); the temporary file is
 *   removed and an older file of that name stays as it was.
 */
export async function replaceFile(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`)
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      for await (const chunk of chunks) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    const { code } = cause as NodeJS.ErrnoException
    if (code === undefined) throw cause
    throw new Error(
      `${path}: could not be written: ${writeFailures[code] ?? (cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

const writeFailures: Record<string, string> = {
  ENOSPC: 'the disk is full; free some space and try again (nothing was overwritten)',
  EDQUOT: 'the disk quota is used up; free some space and try again (nothing was overwritten)',
  EFBIG: 'the file would pass the size limit set for this process (nothing was overwritten)',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'a folder of that name is there',
}

/** Writes tensors as a safetensors file, atomically as {@link replaceFile} does. */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await replaceFile(path, encodeSafetensors(tensors, metadata))
}
