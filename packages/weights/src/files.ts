// Checkpoints as files, in Node: reading one by path, and saving one as a whole.

import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { crc32, inflateRaw, inflateRawSync } from 'node:zlib'
import { openCheckpoint, type ReadOptions, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { kindOf, replaceFile } from './replace-file.ts'
import { encodeSafetensors } from './safetensors.ts'
import { type RangeSource, SMALL, windowed } from './source.ts'
import type { Checkpoint, OpenCheckpoint, StoredTensor } from './tensor.ts'
import type { InflateRaw } from './zip.ts'

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
  return readCheckpoint(await openFile(path), { crc32, inflate, ...options, path })
}

/** Opens a checkpoint file as `openCheckpoint`: its tensors stay in the file until they are asked for. */
export async function openCheckpointFile(
  file: string | URL,
  options: ReadOptions = {},
): Promise<OpenCheckpoint> {
  const path = pathOf(file)
  return openCheckpoint(await openFile(path), { crc32, inflate, ...options, path })
}

const inflateLater = promisify(inflateRaw)
/** Bytes that are unpacked sooner than another thread could be asked to. */
const AT_ONCE = 64 * 1024

/** Into one piece of memory, in another thread. */
const inflate: InflateRaw = async (packed, most) => {
  const options = { chunkSize: Math.max(64, most), maxOutputLength: most }
  return most <= AT_ONCE ? inflateRawSync(packed, options) : inflateLater(packed, options)
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
    const stats = await stat(path)
    // Opening a pipe that nobody writes to would wait for ever.
    if (!stats.isFile()) throw new Error(`is ${kindOf(stats)}, not a file`)
    size = stats.size
    file = await open(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new CheckpointError(readFailures[code ?? ''] ?? message, { path, cause })
  }
  const read = async (offset: number, length: number) => {
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
  }
  // Files of tens of thousands of small tensors are not read in as many system calls.
  const small = windowed({ size, path, read })
  return {
    size,
    path,
    // What is read is the caller's own, and not a view of the window.
    read: async (offset, length) =>
      length > SMALL ? read(offset, length) : (await small.read(offset, length)).slice(),
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
  EACCES: 'no permission to read it',
}

/** Writes tensors as a safetensors file, atomically as {@link replaceFile} does. */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await replaceFile(path, encodeSafetensors(tensors, metadata))
}
