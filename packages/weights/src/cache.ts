// Downloaded weights in a folder of this user's, in Node: found again without a network, shared by all
// programs, shown and removed on request. An unfinished download lies beside its place as `NAME.part`.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { holdLock } from './lock.ts'
import { type DownloadOptions, pullInto, verifyIn, type WeightStore } from './pull.ts'
import {
  fileNameOf,
  getWeightRecord,
  type PublishedFile,
  type WeightRecord,
  weightRecords,
} from './registry.ts'
import { makeFolder } from './replace-file.ts'

/** Which cache. */
export interface CacheOptions {
  /** Default: see {@link weightsFolder}. */
  folder?: string | undefined
}

/** How to download into the cache; `mirror` is by default the environment's ALEXNET_MIRROR. */
export interface PullOptions extends CacheOptions, DownloadOptions {}

/** A record and what the cache has of it. */
export interface CachedWeights {
  record: WeightRecord
  /** `partial` goes on at the next download. */
  state: 'absent' | 'partial' | 'cached'
  /** Bytes that are there. */
  bytes: number
  /** Where the file is, or will be. */
  path: string
}

/**
 * The folder that weights are kept in: the environment's ALEXNET_CACHE, or `alexnet` in the system's folder
 * for caches (XDG_CACHE_HOME or ~/.cache; ~/Library/Caches; %LOCALAPPDATA%).
 */
export function weightsFolder(): string {
  return process.env.ALEXNET_CACHE || envPaths('alexnet', { suffix: '' }).cache
}

/**
 * Makes sure that weights are in the cache, downloading them if need be.
 *
 * @param weights a record or its name.
 * @returns the path of the file, for `readCheckpointFile` and `openCheckpointFile`.
 * @throws RangeError for an unknown name, DownloadError when they cannot be had.
 */
export async function pullWeights(
  weights: string | PublishedFile,
  options: PullOptions = {},
): Promise<string> {
  const record = recordOf(weights)
  const store = folderStore(options.folder ?? weightsFolder())
  const mirror = options.mirror ?? (process.env.ALEXNET_MIRROR || undefined)
  await pullInto(store, record, { ...options, mirror })
  return store.place(fileNameOf(record))
}

/** What the cache has of every record, or of those given. */
export async function listWeights(
  options: CacheOptions = {},
  records: readonly WeightRecord[] = weightRecords,
): Promise<CachedWeights[]> {
  const store = folderStore(options.folder ?? weightsFolder())
  return Promise.all(
    records.map(async (record) => {
      const fileName = fileNameOf(record)
      const path = store.place(fileName)
      const size = await store.size(fileName)
      if (size === record.bytes) return { record, state: 'cached' as const, bytes: size, path }
      const bytes = await store.partialSize(fileName)
      return { record, state: bytes > 0 ? ('partial' as const) : ('absent' as const), bytes, path }
    }),
  )
}

/** Compares a cached file with its record's SHA-256: `absent`, `ok`, or `damaged`. */
export async function verifyWeights(
  weights: string | PublishedFile,
  options: CacheOptions = {},
): Promise<'absent' | 'ok' | 'damaged'> {
  return verifyIn(folderStore(options.folder ?? weightsFolder()), recordOf(weights))
}

/** Removes weights from the cache, unfinished ones, too; gives the bytes that became free. */
export async function removeWeights(
  weights: string | PublishedFile,
  options: CacheOptions = {},
): Promise<number> {
  const store = folderStore(options.folder ?? weightsFolder())
  const fileName = fileNameOf(recordOf(weights))
  const bytes = ((await store.size(fileName)) ?? 0) + (await store.partialSize(fileName))
  await store.removePartial(fileName)
  await store.remove(fileName)
  return bytes
}

const recordOf = (weights: string | PublishedFile) =>
  typeof weights === 'string' ? getWeightRecord(weights) : weights

/** A folder as a store. */
function folderStore(folder: string): WeightStore {
  const place = (fileName: string) => join(folder, fileName)
  const partial = (fileName: string) => `${place(fileName)}.part`
  const sizeOf = async (path: string) => {
    const stats = await stat(path).catch(() => undefined)
    return stats?.isFile() ? stats.size : undefined
  }
  return {
    place,
    byHand: (fileName) =>
      `put the file at ${place(fileName)} by hand, or name a mirror of your own that can be reached (ALEXNET_MIRROR)`,
    size: (fileName) => sizeOf(place(fileName)),
    read: (fileName) => createReadStream(place(fileName), { highWaterMark: 1 << 20 }),
    partialSize: async (fileName) => (await sizeOf(partial(fileName))) ?? 0,
    readPartial: (fileName) => createReadStream(partial(fileName), { highWaterMark: 1 << 20 }),
    append: async (fileName) => {
      const file = await open(partial(fileName), 'a')
      return {
        write: (bytes) => file.writeFile(bytes),
        close: async () => {
          await file.sync()
          await file.close()
        },
      }
    },
    removePartial: (fileName) => rm(partial(fileName), { force: true }),
    finish: (fileName) => rename(partial(fileName), place(fileName)),
    remove: (fileName) => rm(place(fileName), { force: true }),
    lock: async (fileName, { onWait, signal }) => {
      await makeFolder(folder)
      return holdLock(`${place(fileName)}.lock`, { wait: true, onWait, signal })
    },
    createHash: () => {
      const hash = createHash('sha256')
      return { update: (bytes) => hash.update(bytes), digest: () => hash.digest('hex') }
    },
  }
}
