// Checkpoints as files, in Node: reading one by path, and replacing one so that a crash, a full disk or
// a second reader never sees half a file.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CheckpointError } from './error.ts'
import { encodeSafetensors, readSafetensors } from './safetensors.ts'
import type { Checkpoint, NamedTensor } from './tensor.ts'

/**
 * Reads a checkpoint file.
 *
 * @throws CheckpointError when it is missing, is no file, or cannot be read as safetensors.
 */
export async function readCheckpointFile(path: string): Promise<Checkpoint> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder, not a file' : message
    throw new CheckpointError(reason, { path, cause })
  }
  return readSafetensors(bytes, { path })
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
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await replaceFile(path, encodeSafetensors(tensors, metadata))
}
