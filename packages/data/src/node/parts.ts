// The parts of a divided data set by the names of its folders or shards: to train on, to choose by, to test on.
// Whatever their names' case, and one folder a part: two that could be meant are an error, not a choice.

import { basename, join } from 'node:path'
import type { Split } from '../dataset.ts'
import { shownPath } from './file-names.ts'
import { classFolders } from './image-folder.ts'
import { partInWords, partNames, partOf } from './part-names.ts'
import { findShards } from './shards.ts'

/** What stands in for a part that is not there. */
const standIn: Record<Split, Split | undefined> = {
  train: undefined,
  validation: 'test',
  test: 'validation',
}

/** The parts that there are. */
export interface Parts<T> {
  readonly train: T | undefined
  /** What lies beside them and is none: for a data set's notes. */
  readonly notes: readonly string[]
  /** The asked-for part, or what stands in for it. @throws Error, one line, where neither is there */
  pick(split: Split): T
}

/** A folder that holds a part. */
export interface PartFolder {
  readonly path: string
  readonly kind: 'folders' | 'shards'
}

/**
 * The folders of parts in `path`, by their names, else by words of them where all are called so (`seg_train`,
 * `seg_test`); undefined where it is not divided so: a class may be called "train".
 * @throws Error, one line, where two folders could be the same part, or parts hold no class folders
 */
export async function findParts(path: string): Promise<Parts<PartFolder> | undefined> {
  const folders = await classFolders(path)
  const named = folders.filter((name) => partOf(name))
  if (named.length > 0) {
    const parts = await foldersOf(path, named, partOf)
    const others = folders.filter((name) => !named.includes(name)).map((name) => `${name}/`)
    const note = `${shownPath(path)}: passed over ${others.map(shownPath).join(', ')}, beside its parts`
    if (parts.found) return partsOf(path, parts.found, folderName, others.length > 0 ? [note] : [])
    if (parts.flat.length > 1 && parts.flat.length === folders.length) {
      throw new Error(
        `${shownPath(path)}: ${parts.flat.join(' and ')} hold pictures but no class folders; put those of each class into a folder named after it`,
      )
    }
    return undefined
  }
  const words = new Set(folders.map(partInWords))
  if (words.size < 2 || words.has(undefined)) return undefined
  const { found, flat } = await foldersOf(path, folders, partInWords)
  return found && flat.length === 0 ? partsOf(path, found, folderName) : undefined
}

const folderName = ({ path }: PartFolder) => `${basename(path)}/`

/** Folders that hold class folders or shards, by their part; those that do not are `flat`. */
async function foldersOf(
  path: string,
  folders: readonly string[],
  partFor: (name: string) => Split | undefined,
): Promise<{ found: Partial<Record<Split, PartFolder>> | undefined; flat: string[] }> {
  const found: Partial<Record<Split, PartFolder>> = {}
  const flat: string[] = []
  for (const name of folders) {
    const part = partFor(name)!
    const folder = join(path, name)
    const kind = await kindOf(folder)
    if (!kind) {
      flat.push(`${name}/`)
      continue
    }
    const twin = found[part]
    if (twin) {
      throw new Error(
        `${shownPath(path)}: ${folderName(twin)} and ${name}/ could both be the ${part} part; keep one, or name the folder of classes itself`,
      )
    }
    found[part] = { path: folder, kind }
  }
  return { found: Object.keys(found).length > 0 ? found : undefined, flat }
}

async function kindOf(folder: string): Promise<PartFolder['kind'] | undefined> {
  if ((await findShards(folder)).length > 0) return 'shards'
  return (await classFolders(folder)).length > 0 ? 'folders' : undefined
}

/**
 * Shards of one folder that are called after their parts; undefined where they are not, or all of one.
 * @throws Error, one line, where some are and some are not
 */
export function shardParts(
  path: string,
  shards: readonly string[],
): Parts<readonly string[]> | undefined {
  const byPart = new Map<Split | undefined, string[]>()
  for (const shard of shards) {
    const part = partInWords(basename(shard))
    byPart.set(part, [...(byPart.get(part) ?? []), shard])
  }
  const others = byPart.get(undefined)
  byPart.delete(undefined)
  if (byPart.size === 0 || (byPart.size === 1 && !others)) return undefined
  if (others && byPart.size > 1) {
    throw new Error(
      `${shownPath(path)}: some of its tar files are called after parts (${[...byPart.keys()].join(', ')}), ${basename(others[0]!)} is not; put each part into a folder of its own`,
    )
  }
  if (others) return undefined
  return partsOf(path, Object.fromEntries(byPart), ([first]) => basename(first!))
}

function partsOf<T>(
  path: string,
  found: Partial<Record<Split, T>>,
  nameOf: (part: T) => string,
  notes: readonly string[] = [],
): Parts<T> {
  return {
    train: found.train,
    notes,
    pick(split) {
      const instead = standIn[split]
      const part = found[split] ?? (instead && found[instead])
      if (part) return part
      const there = Object.values(found).map(nameOf).join(', ')
      const wanted = [...partNames[split], ...(instead ? partNames[instead] : [])].join('/, ')
      throw new Error(
        `${shownPath(path)}: has no ${wanted}/ folder of classes beside ${there}; add one, or name the folder of classes itself`,
      )
    },
  }
}
