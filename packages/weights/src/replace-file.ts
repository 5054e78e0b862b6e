// Files replaced as a whole, in Node: a crash, a full disk or a second reader never sees half of one. What is
// at a place stays what it is: a link goes on pointing where it did, a file keeps its mode, and what is no file
// (a device, a pipe) is refused.

import { randomBytes } from 'node:crypto'
import { rmSync, type Stats } from 'node:fs'
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isAlive, OWNER, thisProcess } from './owner.ts'

/**
 * Writes a file under a temporary name beside its place, flushes it to the disk and renames it: at every
 * moment the path holds either the old file or the whole new one.
 *
 * @throws Error that names the file and the reason (a full disk, no permission, a device); the temporary file
 *   is removed and an older file of that name stays as it was. The reason of `signal` when it was aborted.
 */
export async function replaceFile(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  await replaceFileBy(path, async (temporary) => {
    const file = await open(temporary, 'r+').catch(failure(path))
    try {
      for await (const chunk of chunks) {
        signal?.throwIfAborted()
        await file.writeFile(chunk).catch(failure(path))
      }
      await file.sync().catch(failure(path))
    } finally {
      await file.close()
    }
  })
}

/** As {@link replaceFile}, for what writes to a path by itself: it is given that of the temporary file. */
export async function replaceFileBy<T>(
  path: string,
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  const { target, before } = await placeOf(path).catch(failure(path))
  const folder = dirname(target)
  await ensureFolder(folder).catch(failure(path))
  await sweepOnce(folder)
  const temporary = join(folder, temporaryName(basename(target)))
  try {
    // Nobody may read the new file before its time who could not read the old one.
    const mode = before && (before.mode & 0o777) | 0o200
    const file = await open(temporary, 'wx', mode).catch(failure(path))
    track(temporary)
    await file.close()
    const result = await write(temporary)
    if (before) await restore(temporary, before).catch(failure(path))
    await rename(temporary, target).catch(failure(path))
    return result
  } catch (error) {
    if (unfinished.has(temporary)) await rm(temporary, { force: true }).catch(() => {})
    throw error
  } finally {
    unfinished.delete(temporary)
  }
}

/**
 * Where a path leads, through links, also through one whose file is not there yet; and what is there.
 *
 * @throws Error when that is no file
 */
async function placeOf(path: string): Promise<{ target: string; before?: Stats }> {
  const before = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (before?.isFile()) return { target: await realpath(path), before }
  if (before) throw Object.assign(new Error(`${kindOf(before)} of that name is there`), NO_FILE)
  let target = path
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = await readlink(target).catch(() => undefined)
    if (next === undefined) return { target }
    target = resolve(await realpath(dirname(target)), next)
  }
  throw Object.assign(new Error(), { code: 'ELOOP' })
}

const MOST_LINKS = 40
const NO_FILE = { code: 'no file' }

/** What something on the disk is when it is no file, with its article. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

/** Gives a file the mode of the one that it replaces, and its owner where that may be done. */
async function restore(path: string, { mode, uid, gid }: Stats): Promise<void> {
  const now = await stat(path)
  if (now.uid !== uid || now.gid !== gid) await chown(path, uid, gid).catch(() => {})
  if (now.mode !== mode) await chmod(path, mode & 0o7777)
}

/** Makes a folder and those above it, unless they are there. @throws Error that names it and the reason */
export const makeFolder = (path: string): Promise<void> => ensureFolder(path).catch(failure(path))

/** Node's own way never ends below /proc, where folders cannot be made. */
async function ensureFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const above = dirname(resolve(path))
    if (code === 'ENOENT' && above !== resolve(path)) {
      await ensureFolder(above)
      return mkdir(path)
    }
    // A root that cannot be written to is there all the same.
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
    if (!isFolder) throw error
  }
}

/** Files that are being written; those that are left when the process ends are removed. */
const unfinished = new Set<string>()
let isWatched = false

function track(path: string): void {
  unfinished.add(path)
  if (isWatched) return
  isWatched = true
  process.once('exit', () => {
    for (const left of unfinished) rmSync(left, { force: true })
  })
}

/** Letters of a file's own name in a temporary one: a name has room for 255 bytes. */
const MOST_LETTERS = 60

/** A name that nobody can have prepared a link under, and that says whose file it is. */
const temporaryName = (name: string) =>
  `.${name.slice(0, MOST_LETTERS)}.${thisProcess()}-${randomBytes(6).toString('hex')}.tmp`

const TEMPORARY = new RegExp(String.raw`^\..*\.(${OWNER})-[0-9a-f]{12}\.tmp`)
/** A temporary file of another machine or container is given up when it has not grown for so long. */
const GIVEN_UP_MS = 60 * 60 * 1000

const swept = new Set<string>()

/** Removes what processes that were killed have left in a folder, once before the first file is written to it. */
async function sweepOnce(folder: string): Promise<void> {
  const path = resolve(folder)
  if (swept.has(path)) return
  swept.add(path)
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const owner = TEMPORARY.exec(name)?.[1]
    if (owner === undefined || isAlive(owner) === true) continue
    const left = join(folder, name)
    const isLost = isAlive(owner) === false || (await ageOf(left)) > GIVEN_UP_MS
    if (isLost) await rm(left, { force: true }).catch(() => {})
  }
}

const ageOf = async (path: string) =>
  Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())

/** For `catch`: throws what the system says again, as a line that names the file. */
export function failure(path: string): (cause: NodeJS.ErrnoException) => never {
  return (cause) => {
    const { code, message } = cause
    if (code === undefined) throw cause
    const why = writeFailures[code] ?? message
    throw new Error(`${path}: could not be written: ${why}`, { cause })
  }
}

const writeFailures: Record<string, string> = {
  ENOSPC: 'the disk is full; free some space and try again (nothing was overwritten)',
  EDQUOT: 'the disk quota is used up; free some space and try again (nothing was overwritten)',
  EFBIG: 'the file would pass the size limit set for this process (nothing was overwritten)',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its folder is not there and cannot be made',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  EISDIR: 'a folder of that name is there',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
}
