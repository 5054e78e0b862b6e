// The entry point for browsers: downloaded weights in the origin private file system (OPFS), where they
// stay from visit to visit and are read by ranges as any File.
// https://developer.mozilla.org/docs/Web/API/File_System_API/Origin_private_file_system

import { type DownloadOptions, pullInto, verifyIn, type WeightStore } from './pull.ts'
import { fileNameOf, getWeightRecord, type PublishedFile } from './registry.ts'

/** Where in the origin's file system; tests and workers may pass another folder. */
export interface BrowserCacheOptions {
  /** Default: `alexnet` in the origin private file system. */
  folder?: FileSystemDirectoryHandle
}

/**
 * Makes sure that weights are in the origin private file system, downloading them if need be.
 *
 * @param weights a record or its name.
 * @returns the file, for `openCheckpoint` and `readCheckpoint`.
 * @throws RangeError for an unknown name, DownloadError when they cannot be had, Error where the browser
 *   has no such file system (private windows of some).
 */
export async function pullWeights(
  weights: string | PublishedFile,
  options: BrowserCacheOptions & DownloadOptions = {},
): Promise<File> {
  const record = recordOf(weights)
  const folder = options.folder ?? (await defaultFolder())
  const download = () => pullInto(opfsStore(folder), record, options)
  // One tab downloads, the others wait for it.
  const locks = globalThis.navigator?.locks
  if (locks) await locks.request(`alexnet:${fileNameOf(record)}`, download)
  else await download()
  return (await folder.getFileHandle(fileNameOf(record))).getFile()
}

/** Compares a cached file with its record's SHA-256: `absent`, `ok`, or `damaged`. */
export async function verifyWeights(
  weights: string | PublishedFile,
  options: BrowserCacheOptions = {},
): Promise<'absent' | 'ok' | 'damaged'> {
  return verifyIn(opfsStore(options.folder ?? (await defaultFolder())), recordOf(weights))
}

/** Removes weights, unfinished ones, too. */
export async function removeWeights(
  weights: string | PublishedFile,
  options: BrowserCacheOptions = {},
): Promise<void> {
  const store = opfsStore(options.folder ?? (await defaultFolder()))
  const fileName = fileNameOf(recordOf(weights))
  await store.removePartial(fileName)
  await store.remove(fileName)
}

const recordOf = (weights: string | PublishedFile) =>
  typeof weights === 'string' ? getWeightRecord(weights) : weights

async function defaultFolder(): Promise<FileSystemDirectoryHandle> {
  const storage = globalThis.navigator?.storage
  if (!storage?.getDirectory) {
    throw new Error(
      'this browser keeps no private files (the page must be secure, and some private windows have none)',
    )
  }
  const root = await storage.getDirectory()
  return root.getDirectoryHandle('alexnet', { create: true })
}

/** Bytes of one piece of an unfinished file. */
const PIECE = 16 * 1024 * 1024

/**
 * A folder of OPFS as a store. A file being written there is lost when the page closes, so an unfinished
 * file is kept in pieces (`NAME.part0`, `NAME.part1`, …), each closed when it is full.
 */
function opfsStore(folder: FileSystemDirectoryHandle): WeightStore {
  const find = async (name: string): Promise<File | undefined> => {
    try {
      return await (await folder.getFileHandle(name)).getFile()
    } catch {
      return undefined
    }
  }
  const remove = (name: string) => folder.removeEntry(name).catch(() => {})
  const partName = (fileName: string, index: number) => `${fileName}.part${index}`
  const parts = async (fileName: string): Promise<File[]> => {
    const found: File[] = []
    for (;;) {
      const part = await find(partName(fileName, found.length))
      if (!part) return found
      found.push(part)
    }
  }
  const write = async (name: string) =>
    (await folder.getFileHandle(name, { create: true })).createWritable()
  return {
    place: (fileName) => `${folder.name}/${fileName} of the origin private file system`,
    byHand: (fileName) =>
      `download ${fileName} by hand and open that file in its place, or name a mirror of your own that lets pages read it (the option mirror)`,
    size: async (fileName) => (await find(fileName))?.size,
    read: async function* (fileName) {
      const file = await find(fileName)
      if (file) yield* streamOf(file)
    },
    partialSize: async (fileName) =>
      (await parts(fileName)).reduce((sum, part) => sum + part.size, 0),
    readPartial: async function* (fileName) {
      for (const part of await parts(fileName)) yield* streamOf(part)
    },
    append: async (fileName) => {
      let index = (await parts(fileName)).length
      let piece: FileSystemWritableFileStream | undefined
      let written = 0
      const close = async () => {
        await piece?.close()
        piece = undefined
      }
      return {
        write: async (bytes) => {
          if (!piece) {
            piece = await write(partName(fileName, index++))
            written = 0
          }
          await piece.write(bytes as Uint8Array<ArrayBuffer>)
          written += bytes.byteLength
          if (written >= PIECE) await close()
        },
        close,
      }
    },
    removePartial: async (fileName) => {
      const count = (await parts(fileName)).length
      for (let index = count - 1; index >= 0; index--) await remove(partName(fileName, index))
    },
    finish: async (fileName) => {
      const pieces = await parts(fileName)
      const file = await write(fileName)
      for (const piece of pieces) await file.write(piece)
      await file.close()
      for (let index = pieces.length - 1; index >= 0; index--)
        await remove(partName(fileName, index))
    },
    remove: (fileName) => remove(fileName),
  }
}

async function* streamOf(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}
