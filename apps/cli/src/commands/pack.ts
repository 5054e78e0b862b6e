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
import { type RankOptions, withRanks } from '../ranks.ts'
import { inShards } from '../shards.ts'
import { Interrupted, refuseTogether } from '../terminal/errors.ts'
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
  const isFirst = communicator.rank === 0
  const { size, quality, json = false, skipBroken = false } = options
  const quiet = json || !isFirst
  const train = await openDataset(path, { split: 'train' })
  const parts: Dataset[] = [train]
  if (train.split) parts.push(await openDataset(path, { split: 'test' }))
  const stop = new AbortController()
  const interrupt = () =>
    stop.abort(new Interrupted('stopped; files that were not whole are gone, start again'))
  process.once('SIGINT', interrupt)
  const files: { path: string; pictures: number; bytes: number; skipped: string[] }[] = []
  try {
    for (const dataset of parts) {
      const file = join(out, packedName(dataset.split))
      const bar = progress(dataset.split ?? 'packing', dataset.length, { quiet })
      try {
        const settings: PackSettings = {
          size,
          ...(quality !== undefined && { encoding: 'jpeg', quality }),
        }
        const prepared =
          communicator.size === 1
            ? undefined
            : shardedPictures(communicator, dataset, file, settings)
        if (prepared && !isFirst) {
          for await (const _ of prepared);
          continue
        }
        const { pictures, bytes, skipped } = await packDataset(dataset, file, {
          ...settings,
          prepared,
          signal: stop.signal,
          onBroken: skipBroken ? 'skip' : 'stop',
          onProgress: (done) => bar.update(done),
        })
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
    process.off('SIGINT', interrupt)
  }
  if (!isFirst) return
  if (json) process.stdout.write(`${JSON.stringify({ files }, null, 2)}\n`)
  else {
    for (const { path: file, pictures, bytes, skipped } of files) {
      const left = skipped.length > 0 ? `, ${skipped.length} skipped` : ''
      process.stdout.write(`${file}: ${pictures} pictures, ${Math.ceil(bytes / 1e6)} MB${left}\n`)
    }
  }
}

/** Pictures that a rank makes between two entries in its file. */
const BATCH = 64

/** The pictures of a packed file from the ranks of a job, each of which makes some of the batches. */
async function* shardedPictures(
  communicator: Communicator,
  dataset: Dataset,
  file: string,
  settings: PackSettings,
): AsyncGenerator<PackedPicture | PictureError> {
  const work = async (batch: number) => {
    const end = Math.min(dataset.length, (batch + 1) * BATCH)
    const numbers = Array.from({ length: end - batch * BATCH }, (_, at) => batch * BATCH + at)
    const made = await Promise.all(numbers.map((at) => packPicture(dataset, at, settings)))
    const index = made.map((one) =>
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

/** What is wrong with a picture, without the path that its message begins with. */
const problemOf = ({ message, path }: PictureError) => message.slice((path ?? 'picture').length + 1)

type Entry =
  | { problem: string; path: string | undefined }
  | { width: number; height: number; length: number }
