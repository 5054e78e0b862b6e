// What a checkpoint's bytes are read through: anything with a size that can be read by ranges. Readers ask
// for ranges only, so a file of hundreds of megabytes is never in memory as a whole beside its tensors.
// open-source.ts makes one of whatever a caller has.

import { CheckpointError } from './error.ts'

/** Bytes that can be read by ranges. */
export interface RangeSource {
  /** Bytes altogether. */
  readonly size: number
  /** Named in errors: a path or a URL. */
  readonly path?: string | undefined
  /** Whether to read a range means to unpack all that is before it. Default false. */
  readonly isPacked?: boolean | undefined
  /** Reads exactly `length` bytes from `offset`; the range lies inside the source. A view is fine. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Another file beside this one, for formats that are spread over several. */
  sibling?(name: string): Promise<RangeSource>
  close?(): Promise<void>
}

/** What `openCheckpoint` and `readCheckpoint` take; a path, too, in `@alexnet/weights/node`. */
export type CheckpointSource = Uint8Array | ArrayBuffer | Blob | URL | RangeSource

/** How to open a source. */
export interface SourceOptions {
  /** Named in errors. Default: a File's name, a URL. */
  path?: string
  /** Files that a model.json or a shard list names, by their names there, when they lie in memory. */
  files?: ReadonlyMap<string, Uint8Array | Blob>
  /** Used for URLs. Default: the global one. */
  fetch?: typeof fetch
  /** Silence after which a connection to a URL counts as broken. Default 30,000. */
  stallMs?: number
}

/** Bytes in memory; reading gives views. */
export function bytesSource(bytes: Uint8Array, path?: string): RangeSource {
  return {
    size: bytes.byteLength,
    path,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}

/** Bytes that {@link windowed} reads at a time, and the longest range that it takes from them. */
const WINDOW = 16 * 1024
export const SMALL = 4 * 1024

/** A source whose small reads, one after the other, are cut from larger ones: for headers and counts. */
export function windowed(source: RangeSource, window = WINDOW, small = SMALL): RangeSource {
  let start = 0
  let block: Uint8Array = new Uint8Array(0)
  const read: RangeSource['read'] = async (offset, length) => {
    if (offset < start || offset + length > start + block.byteLength) {
      if (length > small) return source.read(offset, length)
      block = await source.read(offset, Math.min(window, source.size - offset))
      start = offset
    }
    return block.subarray(offset - start, offset - start + length)
  }
  return { size: source.size, path: source.path, read }
}

/** Why a fetch failed, from the innermost cause, which says more than "fetch failed". */
export function reasonOf(error: unknown): string {
  let innermost = error as Error & { code?: string }
  while (innermost?.cause instanceof Error) innermost = innermost.cause as typeof innermost
  return innermost?.message || innermost?.code || String(error)
}

/**
 * Reads a range, having checked that it lies inside the source.
 *
 * @param what named in the error, for example `the header`.
 * @throws CheckpointError when the file is too short.
 */
export async function readRange(
  source: RangeSource,
  offset: number,
  length: number,
  what: string,
): Promise<Uint8Array> {
  if (offset < 0 || length < 0 || offset + length > source.size) {
    throw new CheckpointError(
      `truncated: ${what} should be ${length} bytes at ${offset}, the file ends at ${source.size}`,
      { path: source.path, offset: Math.max(0, Math.min(offset, source.size)) },
    )
  }
  if (length === 0) return new Uint8Array(0)
  const bytes = await source.read(offset, length)
  if (bytes.byteLength === length) return bytes
  throw new CheckpointError(
    `truncated while it was read: ${what} should be ${length} bytes, ${bytes.byteLength} came`,
    { path: source.path, offset: offset + bytes.byteLength },
  )
}

/** Several sources one after the other, as one: shards. */
export function joinedSource(parts: readonly RangeSource[], path?: string): RangeSource {
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    path,
    read: async (offset, length) => {
      const pieces: Uint8Array[] = []
      let start = 0
      for (const part of parts) {
        const from = Math.max(offset, start)
        const to = Math.min(offset + length, start + part.size)
        if (from < to) pieces.push(await part.read(from - start, to - from))
        start += part.size
      }
      if (pieces.length === 1) return pieces[0]!
      const joined = new Uint8Array(length)
      let place = 0
      for (const piece of pieces) {
        joined.set(piece, place)
        place += piece.byteLength
      }
      return joined
    },
    close: async () => {
      for (const part of parts) await part.close?.()
    },
  }
}
