// The parts of a divided data set by the names of its folders or shards: to train on, to choose by, to test on.
// Whatever their names' case, and one folder a part: two that could be meant are an error, not a choice.

import { basename, join } from 'node:path'
import type { Split } from '../dataset.ts'
import { shownPath } from './file-names.ts'
import { classFolders } from './image-folder.ts'
import { findShards } from './shards.ts'

const names: Record<Split, readonly string[]> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation', 'dev', 'eval'],
  test: ['test', 'testing'],
}
const splits = Object.keys(names) as Split[]
const partOf = (name: string) => splits.find((part) => names[part].includes(name.toLowerCase()))

/** What stands in for a part that is not there. */
const standIn: Record<Split, Split | undefined> = {
  train: undefined,
  validation: 'test',
  test: 'validation',
}

/** The parts that there are. */
export interface Parts<T> {
  readonly train: T | undefined
  /** The asked-for part, or what stands in for it. @throws Error, one line, where neither is there */
  pick(split: Split): T
}

/** A folder that holds a part. */
export interface PartFolder {
  readonly path: string
  readonly kind: 'folders' | 'shards'
}

/**
 * The folders of parts in `path`; undefined where it is not divided so: a class may be called "train".
 * @throws Error, one line, where two folders could be the same part, or parts hold no class folders
 */
export async function findParts(path: string): Promise<Parts<PartFolder> | undefined> {
  const folders = await classFolders(path)
  const found: Partial<Record<Split, PartFolder>> = {}
  const flat: string[] = []
  for (const name of folders) {
    const part = partOf(name)
    if (!part) continue
    const folder = join(path, name)
    const kind = await kindOf(folder)
    if (!kind) {
      flat.push(`${name}/`)
      continue
    }
    const twin = found[part]
    if (twin) {
      throw new Error(
        `${shownPath(path)}: ${basename(twin.path)}/ and ${name}/ could both be the ${part} part; keep one, or name the folder of classes itself`,
      )
    }
    found[part] = { path: folder, kind }
  }
  if (Object.keys(found).length > 0) return partsOf(path, found, ({ path }) => `${basename(path)}/`)
  if (flat.length > 1 && flat.length === folders.length) {
    throw new Error(
      `${shownPath(path)}: ${flat.join(' and ')} hold pictures but no class folders; put those of each class into a folder named after it`,
    )
  }
  return undefined
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
    const words = basename(shard)
      .toLowerCase()
      .split(/[^a-z]+/)
    const part = words.map(partOf).find((one) => one !== undefined)
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
): Parts<T> {
  return {
    train: found.train,
    pick(split) {
      const instead = standIn[split]
      const part = found[split] ?? (instead && found[instead])
      if (part) return part
      const there = Object.values(found).map(nameOf).join(', ')
      const wanted = [...names[split], ...(instead ? names[instead] : [])].join('/, ')
      throw new Error(
        `${shownPath(path)}: has no ${wanted}/ folder of classes beside ${there}; add one, or name the folder of classes itself`,
      )
    },
  }
}
