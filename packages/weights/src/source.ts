// Where a checkpoint's bytes come from: memory, a Blob or File, a URL, or anything that can be read by
// ranges. Readers ask for ranges only, so a file of hundreds of megabytes is never in memory as a whole
// beside its tensors. Files by path are in `@alexnet/weights/node`.

import { CheckpointError } from './error.ts'

/** Bytes that can be read by ranges. */
export interface RangeSource {
  /** Bytes altogether. */
  readonly size: number
  /** Named in errors: a path or a URL. */
  readonly path?: string
  /** Whether to read a range means to unpack all that is before it. Default false. */
  readonly isPacked?: boolean
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
}

/** Turns whatever was given into something that is read by ranges. */
export async function openSource(
  source: CheckpointSource,
  options: SourceOptions = {},
): Promise<RangeSource> {
  if (source instanceof URL) return openUrl(source, options)
  const opened = openLocal(source, options.path)
  const { files } = options
  if (!files) return opened
  return {
    ...describe(opened),
    read: (offset, length) => opened.read(offset, length),
    sibling: async (name) => {
      const file = files.get(name)
      if (file) return openLocal(file, name)
      throw new CheckpointError(`names the file '${name}', which was not given with it`, {
        ...pathOf(opened),
      })
    },
    close: async () => opened.close?.(),
  }
}

function openLocal(source: Exclude<CheckpointSource, URL>, path?: string): RangeSource {
  if (source instanceof ArrayBuffer) return bytesSource(new Uint8Array(source), path)
  if (source instanceof Uint8Array) return bytesSource(source, path)
  if (typeof Blob !== 'undefined' && source instanceof Blob) return blobSource(source, path)
  const { size, read } = (source ?? {}) as RangeSource
  if (typeof read === 'function' && Number.isSafeInteger(size)) return source as RangeSource
  throw new TypeError(
    'a checkpoint is read from bytes, a Blob, a URL or a source with size and read(); ' +
      'for a path use @alexnet/weights/node',
  )
}

/** Bytes in memory; reading gives views. */
export function bytesSource(bytes: Uint8Array, path?: string): RangeSource {
  return {
    size: bytes.byteLength,
    ...(path === undefined ? {} : { path }),
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}

function blobSource(blob: Blob, path?: string): RangeSource {
  const name = path ?? (blob as Partial<File>).name
  return {
    size: blob.size,
    ...(name === undefined ? {} : { path: name }),
    read: async (offset, length) =>
      new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  }
}

/**
 * A URL, read by HTTP ranges; a server that does not know them is asked once for the whole file, which is
 * then kept in memory.
 */
async function openUrl(url: URL, options: SourceOptions): Promise<RangeSource> {
  const path = options.path ?? url.href
  if (url.protocol === 'file:') {
    throw new CheckpointError(
      'is a file: readCheckpointFile and openCheckpointFile of @alexnet/weights/node read it',
      { path },
    )
  }
  const request = options.fetch ?? fetch
  const ask = async (range?: string) => {
    const response = await request(url, range ? { headers: { range } } : {})
    if (response.ok) return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
    await response.body?.cancel()
    return { response, bytes: new Uint8Array(0) }
  }
  const get = async (range?: string) => {
    // Once more when it fails: a server may close a kept connection at the moment that it is used again.
    const answer = await ask(range)
      .catch(() => ask(range))
      .catch((cause) => {
        throw new CheckpointError(`could not be fetched: ${reasonOf(cause)}`, { path, cause })
      })
    const { status, statusText, ok } = answer.response
    if (ok) return answer
    throw new CheckpointError(
      `could not be fetched: the server answered ${status} ${statusText}`.trim(),
      { path },
    )
  }
  const sibling = (name: string) =>
    openUrl(new URL(name, url), options.fetch ? { fetch: options.fetch } : {})
  const first = await get('bytes=0-0')
  const size = Number(
    /^bytes 0-0\/(\d+)$/.exec(first.response.headers.get('content-range') ?? '')?.[1],
  )
  if (first.response.status !== 206 || !Number.isSafeInteger(size)) {
    // An answer to a range that is no range: either the whole file, or nothing to build on.
    const whole = first.response.status === 206 ? await get() : first
    return { ...bytesSource(whole.bytes, path), sibling }
  }
  const read = async (offset: number, length: number) => {
    if (length === 0) return new Uint8Array(0)
    const { response, bytes } = await get(`bytes=${offset}-${offset + length - 1}`)
    if (response.status === 206 && bytes.byteLength === length) return bytes
    throw new CheckpointError(
      `the server sent ${bytes.byteLength} bytes (status ${response.status}) where ${length} were asked for`,
      { path, offset },
    )
  }
  return { size, path, sibling, read: readAhead(read, size) }
}

/** Small reads, as headers are made of, are served from blocks: one request for many of them. */
function readAhead(read: RangeSource['read'], size: number): RangeSource['read'] {
  const BLOCK = 256 * 1024
  let start = 0
  let block = new Uint8Array(0)
  return async (offset, length) => {
    if (offset >= start && offset + length <= start + block.byteLength) {
      return block.subarray(offset - start, offset - start + length)
    }
    if (length >= BLOCK) return read(offset, length)
    const fetched = await read(offset, Math.min(BLOCK, size - offset))
    ;[start, block] = [offset, fetched as Uint8Array<ArrayBuffer>]
    return block.subarray(0, length)
  }
}

/** Why a fetch failed, from the innermost cause, which says more than "fetch failed". */
export function reasonOf(error: unknown): string {
  let innermost = error as Error & { code?: string }
  while (innermost?.cause instanceof Error) innermost = innermost.cause as typeof innermost
  return innermost?.message || innermost?.code || String(error)
}

const pathOf = (source: RangeSource) => (source.path === undefined ? {} : { path: source.path })
const describe = (source: RangeSource) => ({ size: source.size, ...pathOf(source) })

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
      { ...pathOf(source), offset: Math.max(0, Math.min(offset, source.size)) },
    )
  }
  if (length === 0) return new Uint8Array(0)
  const bytes = await source.read(offset, length)
  if (bytes.byteLength === length) return bytes
  throw new CheckpointError(
    `truncated while it was read: ${what} should be ${length} bytes, ${bytes.byteLength} came`,
    { ...pathOf(source), offset: offset + bytes.byteLength },
  )
}

/** Several sources one after the other, as one: shards. */
export function joinedSource(parts: readonly RangeSource[], path?: string): RangeSource {
  const starts: number[] = []
  let size = 0
  for (const part of parts) {
    starts.push(size)
    size += part.size
  }
  return {
    size,
    ...(path === undefined ? {} : { path }),
    read: async (offset, length) => {
      const pieces: Uint8Array[] = []
      for (const [index, part] of parts.entries()) {
        const from = Math.max(offset, starts[index]!)
        const to = Math.min(offset + length, starts[index]! + part.size)
        if (from < to) pieces.push(await part.read(from - starts[index]!, to - from))
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
