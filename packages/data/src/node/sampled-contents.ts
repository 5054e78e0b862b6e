// A fingerprint of what files hold that does not read them whole: pictures that were exchanged or edited in place
// are noticed although their names and sizes are as before. Small ones are taken in whole; of others four pieces
// are, the last of which holds the check sums that most formats end with. Of more files than are opened, an even
// choice is; of the rest, sizes count.

import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { PictureSource } from '../picture-source.ts'
import { systemPath } from './file-names.ts'

/** Files that are opened, at most, spread evenly. */
const MOST_FILES = 20_000
/** Bytes of a piece, and pieces of a file. */
const PIECE = 2048
const PIECES = 4

/** A text that follows from the pictures' bytes, where they have such. A file that cannot be read is told as such. */
export async function sampleContents(sources: readonly PictureSource[]): Promise<string> {
  const hash = createHash('sha256')
  const every = Math.ceil(sources.length / MOST_FILES)
  const reader = new SampleReader()
  try {
    for (const [index, source] of sources.entries()) {
      // Reading at once is several times as fast as waiting; others have their turn now and then.
      if (index % 256 === 255) await new Promise((resolve) => setImmediate(resolve))
      if (source.kind === 'bytes') hash.update(source.bytes)
      if (source.kind !== 'file') continue
      try {
        if (index % every === 0) reader.take(source, (piece) => hash.update(piece))
        else hash.update(`${source.length ?? statSync(systemPath(source.path)).size} `)
      } catch {
        hash.update('cannot be read')
      }
    }
  } finally {
    reader.close()
  }
  return hash.digest('hex')
}

/** Reads pieces of files; the last file stays open, for the next picture may be in it. */
class SampleReader {
  readonly #buffer = Buffer.alloc(PIECE * PIECES)
  #current: { path: string; descriptor: number } | undefined

  take(
    { path, start = 0, length }: { path: string; start?: number; length?: number },
    use: (piece: string | Uint8Array) => void,
  ): void {
    if (this.#current?.path !== path) {
      this.close()
      const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
      this.#current = { path, descriptor: openSync(systemPath(path), flags) }
    }
    const { descriptor } = this.#current
    const size = length ?? fstatSync(descriptor).size
    use(`${size} `)
    const buffer = this.#buffer
    if (size <= buffer.length) {
      use(buffer.subarray(0, readSync(descriptor, buffer, 0, size, start)))
      return
    }
    for (let piece = 0; piece < PIECES; piece++) {
      const at = start + Math.floor((piece * (size - PIECE)) / (PIECES - 1))
      use(buffer.subarray(0, readSync(descriptor, buffer, 0, PIECE, at)))
    }
  }

  close(): void {
    if (this.#current) closeSync(this.#current.descriptor)
    this.#current = undefined
  }
}
