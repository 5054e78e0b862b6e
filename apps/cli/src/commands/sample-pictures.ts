// Pictures to hold two models against each other: a few drawn ones, or those of a folder.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Picture, readPicture, shapes } from '@alexnet/data'
import { openPictures } from '../pictures.ts'
import { UsageError } from '../terminal/errors.ts'

/** Pictures that are loaded when they are needed. */
export interface SamplePictures {
  length: number
  load(index: number): Promise<Picture>
}

/** Pictures that are drawn when none are named. */
export const DRAWN = 16

/** Of the drawn pictures; any other than training's default. */
const SEED = 7

/** Drawn pictures, a side of `size` pixels. */
export const drawnPictures = (count: number, size: number): SamplePictures =>
  shapes({ count, size: Math.max(8, size), seed: SEED, split: 'test' })

/**
 * At most `limit` pictures, evenly spread over a data set (its test part) or a folder of pictures.
 *
 * @throws UsageError when there is no picture
 */
export async function picturesOf(path: string, limit: number): Promise<SamplePictures> {
  const all = await allPictures(path)
  if (all.length === 0) throw new UsageError(`${path}: holds no pictures (JPEG, PNG or WebP)`)
  const length = Math.min(limit, all.length)
  return { length, load: (index) => all.load(Math.floor((index * all.length) / length)) }
}

async function allPictures(path: string): Promise<SamplePictures> {
  const names = await readdir(path).catch(() => [])
  const files = names.filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort()
  if (files.length > 0) {
    return { length: files.length, load: (index) => readPicture(join(path, files[index]!)) }
  }
  return openPictures(path, 'test')
}
