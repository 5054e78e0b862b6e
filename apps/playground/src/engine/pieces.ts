// Weights in pieces, as `alexnet convert --to shards` cuts them: fetched one after the other with their progress, each checked
// by its SHA-256 and kept in the browser by it, so that what was broken off goes on and a second visit fetches nothing.
import type { OnProgress } from './protocol.ts'

interface Piece {
  path: string
  bytes: number
  sha256: string
}

/** Silence in milliseconds after which a connection counts as broken. */
const SILENCE = 30_000
const MOST_PIECES = 10_000
/** Bytes of a list, and of all that it lists. */
const LONGEST_LIST = 4_000_000
const MOST_BYTES = 4e9

/**
 * The list at an address and the files that it names beside it, as `openModel` takes them.
 *
 * @throws Error that names the address and says what is wrong there; the reason of `signal` when it was aborted
 */
export async function fetchPieces(
  address: string,
  onProgress?: OnProgress,
  signal?: AbortSignal,
): Promise<File[]> {
  if (!crypto.subtle) {
    throw new Error(
      `${address} cannot be checked by a page that came without encryption: open the page by https or from localhost`,
    )
  }
  const list = await fetchBytes(address, LONGEST_LIST, () => {}, signal)
  const pieces = readList(address, list)
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0)
  // Pages that are served without encryption have no such storage.
  const kept = await globalThis.caches?.open('alexnet-pieces').catch(() => undefined)
  const files = [new File([list], 'pieces.json')]
  let done = 0
  onProgress?.(0, total)
  for (const piece of pieces) {
    const { path, bytes } = piece
    const key = new URL(`pieces/${piece.sha256}`, location.href).href
    const known = await (await kept?.match(key).catch(() => undefined))?.arrayBuffer()
    if (known && (await hashOf(known)) === piece.sha256) files.push(new File([known], path))
    else {
      const content = await fetchPiece(
        address,
        piece,
        (part) => onProgress?.(done + part, total),
        signal,
      )
      files.push(new File([content], path))
      // A full storage keeps none: the next visit fetches it again.
      await kept?.put(key, new Response(content)).catch(() => {})
    }
    done += bytes
    onProgress?.(done, total)
  }
  return files
}

/** @throws Error when it is no list of pieces */
function readList(address: string, bytes: Uint8Array): Piece[] {
  const fail = (what: string) =>
    new Error(`${address} ${what}: make one with alexnet convert WEIGHTS FOLDER --to shards`)
  let list: { format?: unknown; shards?: unknown } | null
  try {
    list = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw fail('is no list of pieces')
  }
  const pieces = list?.shards
  if (list?.format !== 'alexnet-shards' || !Array.isArray(pieces)) {
    throw fail('is no list of pieces')
  }
  const isWhole = (piece: Partial<Piece> | null) =>
    typeof piece?.path === 'string' &&
    Number.isSafeInteger(piece.bytes) &&
    piece.bytes! > 0 &&
    /^[0-9a-f]{64}$/.test(String(piece.sha256))
  if (!pieces.every(isWhole)) throw fail('lists a piece without a name, a size or a hash')
  const all = pieces as Piece[]
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0)
  if (all.length === 0 || all.length > MOST_PIECES || total > MOST_BYTES) {
    throw fail(`lists ${all.length} pieces of ${total} bytes, which is no model for a page`)
  }
  return all
}

async function fetchPiece(
  list: string,
  { path, bytes, sha256 }: Piece,
  onPart: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  // In a name no letter means anything to an address.
  const address = new URL(encodeURIComponent(path), list).href
  const content = await fetchBytes(address, bytes, onPart, signal)
  if (content.length !== bytes) {
    throw new Error(
      `${address} sent ${content.length} bytes, not the ${bytes} of its list: try again`,
    )
  }
  const found = await hashOf(content)
  if (found === sha256) return content
  throw new Error(
    `${address} sent other bytes than its list says (the SHA-256 is ${found}, not ${sha256}); they were thrown away`,
  )
}

/** What an address has, no more than `most` bytes of it. */
async function fetchBytes(
  address: string,
  most: number,
  onPart: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const silence = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const watch = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), SILENCE)
  }
  try {
    watch()
    const signals = [silence.signal, ...(signal ? [signal] : [])]
    const response = await fetch(address, { signal: AbortSignal.any(signals) })
    if (!response.ok) {
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trim())
    }
    const parts: Uint8Array<ArrayBuffer>[] = []
    let received = 0
    for (const reader = response.body!.getReader(); ; ) {
      watch()
      const { done, value } = await reader.read()
      if (done) break
      received += value.length
      if (received > most) {
        await reader.cancel()
        throw new Error(`the server sends more than ${most} bytes`)
      }
      parts.push(value)
      onPart(received)
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer())
  } catch (error) {
    signal?.throwIfAborted()
    const { message } = error as Error
    const why = silence.signal.aborted
      ? `nothing came for ${SILENCE / 1000} s`
      : error instanceof TypeError
        ? `${message} (no network, or the server lets no other pages read its files: CORS)`
        : message
    throw new Error(`${address} could not be fetched: ${why}`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

async function hashOf(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
