// alexnet pack: a data set into files that load faster.

import { join } from 'node:path'
import { type Dataset, openDataset, packDataset, packedName } from '@alexnet/data'
import { replaceFileBy } from '@alexnet/weights/node'
import { openPictures } from '../pictures.ts'
import { refuseTogether } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { print, printJson } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface PackOptions {
  size: number
  raw?: boolean
  quality?: number
  skipBroken?: boolean
  json?: boolean
}

export async function pack(path: string, out: string, options: PackOptions): Promise<void> {
  refuseTogether(options, 'raw', 'quality')
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
  const stop = interruptible('stopped; files that were not whole are gone, start again')
  const files: { path: string; pictures: number; bytes: number; skipped: string[] }[] = []
  try {
    for (const dataset of parts) {
      const file = join(out, packedName(dataset.split))
      const bar = progress(dataset.split ?? 'packing', dataset.length, { quiet })
      try {
        const { pictures, bytes, skipped } = await replaceFileBy(file, (temporary) =>
          packDataset(dataset, temporary, {
            size,
            signal: stop.signal,
            onBroken: skipBroken ? 'skip' : 'stop',
            ...(quality !== undefined && { encoding: 'jpeg', quality }),
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
