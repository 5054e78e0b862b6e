// Node's side of loading: files by their path, sharp for what `jpeg.ts` leaves. Workers import this file, so it
// starts none: a worker that can start itself is a circle on which bundlers hang.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { PictureError } from '../picture.ts'
import type { PictureSource, Platform } from '../picture-source.ts'
import { readBlob, readUrl } from '../read-source.ts'
import { decodeWithSharp, unreadable } from './decode.ts'

/** Node as a loader's thread needs it. */
export const nodePlatform: Platform = {
  read(source, wait, path) {
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
          const part = { path: source.path, start: source.start, length: source.length }
          return wait ? readPartSync(part, path) : readPart(part, path)
        }
        return wait ? readWholeSync(source.path) : readWhole(source.path)
    }
  },
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
}

function readWholeSync(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The file that parts were last read from, left open: the next part is most likely in it, too. */
let current: { path: string; descriptor: number } | undefined

function readPartSync({ path, start, length }: FilePart, name: string): Uint8Array {
  try {
    if (current?.path !== path) {
      if (current) closeSync(current.descriptor)
      current = undefined
      current = { path, descriptor: openSync(path, 'r') }
    }
    const bytes = new Uint8Array(length)
    if (readSync(current.descriptor, bytes, 0, length, start) < length) throw cutOff(name)
    return bytes
  } catch (error) {
    throw error instanceof PictureError ? error : unreadable(path, error)
  }
}

async function readPart({ path, start, length }: FilePart, name: string): Promise<Uint8Array> {
  try {
    const file = await open(path)
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await file.read(bytes, 0, length, start)
      if (bytesRead < length) throw cutOff(name)
      return bytes
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof PictureError ? error : unreadable(path, error)
  }
}

function cutOff(path: string): PictureError {
  return new PictureError('lies behind the end of its file, which is cut off; get it anew', {
    path,
  })
}
