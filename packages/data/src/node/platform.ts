// Node's side of loading: files by their path, sharp for what `jpeg.ts` leaves. Workers import this file, so it
// starts none: a worker that can start itself is a circle on which bundlers hang.

import { availableParallelism } from 'node:os'
import type { PictureSource, Platform } from '../picture-source.ts'
import { readBlob, readUrl } from '../read-source.ts'
import { decodeWithSharp } from './decode.ts'
import { giveBack, readPlainFile, readPlainFileSync } from './read-file.ts'
import { closeFiles, doubtFiles, readPart } from './read-part.ts'

/** Node as a loader's thread needs it. */
export const nodePlatform: Platform = {
  read(source, wait, path, isLent = false) {
    switch (source.kind) {
      case 'bytes':
        return source.bytes
      case 'blob':
        return readBlob(source.blob, path)
      case 'url':
        return readUrl(source.url, path)
      case 'pixelFile': {
        const length = source.width * source.height * 3
        return readPart({ ...source, length }, { wait, keepOpen: isLent, name: path })
      }
      case 'file':
        if (source.start !== undefined && source.length !== undefined) {
          const { path: file, start, length, checksum } = source
          const part = { path: file, start, length, checksum }
          return readPart(part, { wait, keepOpen: isLent, name: path })
        }
        return wait ? readPlainFileSync(source.path, isLent) : readPlainFile(source.path, isLent)
    }
  },
  giveBack,
  begin: doubtFiles,
  rest: closeFiles,
  decode: decodeWithSharp,
  processors: availableParallelism(),
  canShare: true,
}

/** The bytes of any source, read on the calling thread without blocking it. */
export async function readSource(
  source: Exclude<PictureSource, { kind: 'pixels' }>,
  path: string,
): Promise<Uint8Array> {
  return nodePlatform.read(source, false, path)
}
