// Node's side of loading: files by their path, sharp for what `jpeg.ts` leaves. Workers import this file, so it
// starts none: a worker that can start itself is a circle on which bundlers hang.

import { closeSync, openSync, readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { crc32 } from 'node:zlib'
import { PictureError } from '../picture.ts'
import type { Checksum, PictureSource, Platform } from '../picture-source.ts'
import { readBlob, readUrl } from '../read-source.ts'
import { decodeWithSharp } from './decode.ts'
import { systemPath } from './file-names.ts'
import { giveBack, readPlainFile, readPlainFileSync, unreadable } from './read-file.ts'

/** Node as a loader's thread needs it. */
export const nodePlatform: Platform = {
  read(source, wait, path, isLent) {
    switch (source.kind) {
      case 'bytes':
        return source.bytes
      case 'blob':
        return readBlob(source.blob, path)
      case 'url':
        return readUrl(source.url, path)
      case 'pixelFile': {
        const length = source.width * source.height * 3
        const part = { ...source, length }
        return wait ? readPartSync(part, path) : readPart(part, path)
      }
      case 'file':
        if (source.start !== undefined && source.length !== undefined) {
          const { path: file, start, length, checksum } = source
          const part = { path: file, start, length, checksum }
          return wait ? readPartSync(part, path) : readPart(part, path)
        }
        return wait ? readPlainFileSync(source.path, isLent) : readPlainFile(source.path, isLent)
    }
  },
  giveBack,
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

interface FilePart {
  path: string
  start: number
  length: number
  checksum?: Checksum | undefined
}

/** The file that parts were last read from, left open: the next part is most likely in it, too. */
let current: { path: string; descriptor: number } | undefined

function readPartSync({ path, start, length, checksum }: FilePart, name: string): Uint8Array {
  try {
    if (current?.path !== path) {
      if (current) closeSync(current.descriptor)
      current = undefined
      current = { path, descriptor: openSync(systemPath(path), 'r') }
    }
    const bytes = new Uint8Array(length)
    if (readSync(current.descriptor, bytes, 0, length, start) < length) throw cutOff(name)
    return checked(bytes, checksum, name)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function readPart(
  { path, start, length, checksum }: FilePart,
  name: string,
): Promise<Uint8Array> {
  try {
    const file = await open(systemPath(path))
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await file.read(bytes, 0, length, start)
      if (bytesRead < length) throw cutOff(name)
      return checked(bytes, checksum, name)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function checked(bytes: Uint8Array, checksum: Checksum | undefined, path: string): Uint8Array {
  if (!checksum) return bytes
  if (crc32(bytes) === checksum.crc32) {
    checksum.found[checksum.at] = 1
    return bytes
  }
  throw new PictureError('is damaged: its bytes are not those that were packed; pack anew', {
    path,
  })
}

function cutOff(path: string): PictureError {
  return new PictureError('lies behind the end of its file, which is cut off; get it anew', {
    path,
  })
}
