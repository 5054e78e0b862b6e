// alexnet pack: a data set into files that load faster.

import { join } from 'node:path'
import {
  type Dataset,
  openDataset,
  type PackedPicture,
  type PackOptions as PackSettings,
  PictureError,
  packDataset,
  packedName,
  packPicture,
} from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import { replaceFileBy } from '@alexnet/weights/node'
import { openPictures } from '../pictures.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import { inShards } from '../shards.ts'
import { refuseTogether } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { print, printJson } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface PackOptions extends RankOptions {
  size: number
  raw?: boolean
  quality?: number
  skipBroken?: boolean
  json?: boolean
}

export async function pack(path: string, out: string, options: PackOptions): Promise<void> {
  refuseTogether(options, 'raw', 'quality')
  await withRanks(options, (communicator, own) => packParts(path, out, own, communicator))
}

async function packParts(
  path: string,
  out: string,
  options: PackOptions,
  communicator: Communicator,
): Promise<void> {
  const { size, quality, json: quiet = false, skipBroken = false } = options
  const train = await openPictures(path, 'train')
  const parts: Dataset[] = [train]
  if (train.split) {
    const test = await openPictures(path, 'test')
    const validation = await openDataset(path, { split: 'validation' })
    // Where there is one of the two only, it stands in for the other.
    if (validation.path(0) !== test.path(0)) parts.push(validation)
    parts.push(test)
  }
  const settings: PackSettings = {
    size,
    ...(quality !== undefined && { encoding: 'jpeg', quality }),
  }
  const stop = interruptible('stopped; files that were not whole are gone, start again')
  const files: { path: string; pictures: number; bytes: number; skipped: string[] }[] = []
  try {
    for (const dataset of parts) {
      const file = join(out, packedName(dataset.split))
      const bar = progress(dataset.split ?? 'packing', dataset.length, { quiet })
      try {
        const prepared =
          communicator.size === 1
            ? undefined
            : shardedPictures(communicator, dataset, file, settings)
        if (prepared && communicator.rank > 0) {
          for await (const _ of prepared);
          continue
        }
        const { pictures, bytes, skipped } = await replaceFileBy(file, (temporary) =>
          packDataset(dataset, temporary, {
            ...settings,
            prepared,
            signal: stop.signal,
            onBroken: skipBroken ? 'skip' : 'stop',
            onProgress: (done) => bar.update(done),
          }),
        )
        files.push({
          path: file,
          pictures,
          bytes,
          skipped: skipped.map((error) => error.path ?? error.message),
        })
        for (const error of skipped) bar.log(`alexnet: skipped: ${error.message}`)
      } finally {
        bar.stop()
      }
    }
  } finally {
    stop.release()
  }
  if (quiet) printJson({ files }, 2)
  else {
    for (const { path: file, pictures, bytes, skipped } of files) {
      const left = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
      print(`${file}: ${pictures} pictures, ${Math.ceil(bytes / 1e6)} MB${left}`)
    }
  }
}

/** Pictures that a rank makes between two entries in its file. */
const BATCH = 64

/** What is wrong with a picture, without the path that its message begins with. */
const problemOf = ({ message, path }: PictureError) => message.slice((path ?? 'picture').length + 1)

/** What stands of a picture before the pictures' bytes. */
type Entry = { problem: string; path?: string } | { width: number; height: number; length: number }

/** The pictures of a packed file from the ranks of a job, each of which makes some of the batches. */
async function* shardedPictures(
  communicator: Communicator,
  dataset: Dataset,
  file: string,
  settings: PackSettings,
): AsyncGenerator<PackedPicture | PictureError> {
  const work = async (batch: number) => {
    const numbers = Array.from(
      { length: Math.min(BATCH, dataset.length - batch * BATCH) },
      (_, at) => batch * BATCH + at,
    )
    const made = await Promise.all(numbers.map((at) => packPicture(dataset, at, settings)))
    const index = made.map(
      (one): Entry =>
        one instanceof PictureError
          ? { problem: problemOf(one), path: one.path }
          : { width: one.width, height: one.height, length: one.bytes.length },
    )
    const text = Buffer.from(JSON.stringify(index))
    const head = Buffer.alloc(4)
    head.writeUInt32LE(text.length)
    const pictures = made.flatMap((one) => (one instanceof PictureError ? [] : [one.bytes]))
    return Buffer.concat([head, text, ...pictures])
  }
  const key = { command: 'pack', data: await dataset.fingerprint(), ...settings }
  const count = Math.ceil(dataset.length / BATCH)
  const shards = { folder: `${file}.parts`, key, count }
  for await (const bytes of inShards(communicator, shards, work)) {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let start = 4 + whole.readUInt32LE(0)
    const index = JSON.parse(whole.toString('utf8', 4, start)) as Entry[]
    for (const entry of index) {
      if ('problem' in entry) yield new PictureError(entry.problem, { path: entry.path })
      else {
        const { width, height, length } = entry
        yield { width, height, bytes: whole.subarray(start, start + length) }
        start += length
      }
    }
  }
}
