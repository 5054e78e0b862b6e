// A checkpoint at a URL, read by HTTP ranges. A server is believed nothing: of every answer no more is taken
// than was asked for, silence ends it, and what is not the range asked for is an error. A server that
// does not know ranges is asked once for the whole file, which is then kept in memory.

import { CheckpointError } from './error.ts'
import { bytesSource, type RangeSource, reasonOf, type SourceOptions, windowed } from './source.ts'

/** Small reads, as headers are made of, are cut from blocks: one request for many of them. */
const BLOCK = 256 * 1024
const STALL_MS = 30_000
/** Most bytes of a whole file whose length the server does not say, and of one that it sends packed. */
const LARGEST_UNSIZED = 512 * 1024 * 1024
const LARGEST_PACKED = 64 * 1024 * 1024
/** Largest file that is kept in memory as a whole. */
const LARGEST_WHOLE = 2 ** 31

/** An answer of the server, its body read. */
interface Answer {
  status: number
  headers: Headers
  bytes: Uint8Array
}

/** Opens a URL; see this file's head. */
export async function openUrl(url: URL, options: SourceOptions): Promise<RangeSource> {
  const path = options.path ?? url.href
  if (url.protocol === 'file:') {
    throw new CheckpointError(
      'is a file: readCheckpointFile and openCheckpointFile of @alexnet/weights/node read it',
      { path },
    )
  }
  const get = async (range?: [first: number, last: number]): Promise<Answer> => {
    const ask = () => request(url, range, path, options)
    // Once more when it fails: a server may close a kept connection at the moment that it is used again.
    return ask().catch((error) => {
      if (error instanceof CheckpointError) throw error
      return ask().catch((cause) => {
        if (cause instanceof CheckpointError) throw cause
        throw new CheckpointError(`could not be fetched: ${reasonOf(cause)}`, { path, cause })
      })
    })
  }
  // The name of a file beside it, in which no letter means anything to a URL.
  const sibling = (name: string) =>
    openUrl(new URL(encodeURIComponent(name), url), { ...options, path: undefined })
  const first = await get([0, 0])
  const range = /^bytes 0-0\/(\d+)$/.exec(first.headers.get('content-range') ?? '')
  const size = Number(range?.[1])
  const isPart = first.status === 206 && !isPacked(first.headers) && Number.isSafeInteger(size)
  if (!isPart) {
    // An answer to a range that is no range: either the whole file, or nothing to build on.
    const whole = first.status === 206 ? await get() : first
    return { ...bytesSource(whole.bytes, path), sibling }
  }
  const read = async (offset: number, length: number) => {
    if (length === 0) return new Uint8Array(0)
    const { status, bytes } = await get([offset, offset + length - 1])
    if (status === 206 && bytes.byteLength === length) return bytes
    throw new CheckpointError(
      `the server sent ${bytes.byteLength} bytes (status ${status}) where ${length} were asked for`,
      { path, offset },
    )
  }
  return { ...windowed({ size, path, read }, BLOCK, BLOCK - 1), sibling }
}

const isPacked = (headers: Headers) => !/^(identity)?$/i.test(headers.get('content-encoding') ?? '')

/** One request, and no more of its answer than may be. */
async function request(
  url: URL,
  range: [first: number, last: number] | undefined,
  path: string,
  { fetch: ask = fetch, stallMs = STALL_MS }: SourceOptions,
): Promise<Answer> {
  const controller = new AbortController()
  const silence = new CheckpointError(
    `could not be fetched: nothing came for ${stallMs / 1000} s; check the network and try again`,
    { path },
  )
  let timer: ReturnType<typeof setTimeout> | undefined
  const watch = () => {
    clearTimeout(timer)
    timer = setTimeout(() => controller.abort(silence), stallMs)
  }
  try {
    watch()
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (range) headers.range = `bytes=${range[0]}-${range[1]}`
    const response = await ask(url, { headers, signal: controller.signal })
    const { status, statusText, ok } = response
    if (!ok) {
      await response.body?.cancel().catch(() => {})
      throw new CheckpointError(
        `could not be fetched: the server answered ${status} ${statusText}`.trim(),
        { path },
      )
    }
    // The whole file in place of a range is taken once, from the first question.
    const isWhole = status !== 206 && (!range || range[1] === 0)
    const most = isWhole || !range ? mostOf(response.headers, path) : range[1] - range[0] + 1
    const bytes = await readBody(response, most, watch)
    if (bytes) return { status, headers: response.headers, bytes }
    throw new CheckpointError(
      `the server sends more than the ${most} bytes that it may: download the file and name it here`,
      { path },
    )
  } finally {
    clearTimeout(timer)
  }
}

/** Most bytes of a whole file, by the server's own word or without one. */
function mostOf(headers: Headers, path: string): number {
  const stated = headers.get('content-length')
  const length = stated === null ? undefined : Number(stated)
  if (length !== undefined && length > LARGEST_WHOLE) {
    throw new CheckpointError(
      `the server has no ranges and a file of ${length} bytes: download it and name it here`,
      { path },
    )
  }
  if (!isPacked(headers)) return length ?? LARGEST_UNSIZED
  return length === undefined ? LARGEST_PACKED : 8 * length + LARGEST_PACKED
}

/** The body, or undefined when it is longer than `most` bytes. */
async function readBody(
  response: Response,
  most: number,
  watch: () => void,
): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader()
  if (!reader) return new Uint8Array(0)
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      watch()
      const { done, value } = await reader.read()
      if (done) break
      size += value.byteLength
      if (size > most) return undefined
      parts.push(value)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
  if (parts.length === 1) return parts[0]!
  const bytes = new Uint8Array(size)
  let place = 0
  for (const [index, part] of parts.entries()) {
    bytes.set(part, place)
    place += part.byteLength
    // Let go piece by piece, so that a large file is not in memory twice.
    parts[index] = new Uint8Array(0)
  }
  return bytes
}
