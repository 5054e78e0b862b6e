// Downloads weights into a store, whatever the store is (a folder in Node, OPFS in browsers): tries a record's
// addresses in turn, resumes where a broken download stopped, believes neither a server's length nor its
// bytes, and puts a file into its place only when its SHA-256 is the record's. A file that is there is
// therefore whole.

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { DownloadError, type DownloadFailure } from './error.ts'
import { fileNameOf, type PublishedFile } from './registry.ts'
import { reasonOf } from './source.ts'

/** A SHA-256 that is fed piece by piece. */
export interface StreamingHash {
  update(bytes: Uint8Array): unknown
  /** 64 hexadecimal digits. */
  digest(): string
}

/** Where downloads go. Unfinished files are apart from finished ones. */
export interface WeightStore {
  /** Where a file is, or would be, for messages. */
  place(fileName: string): string
  /** How whoever has the file can do without a download, as the end of a sentence. */
  byHand(fileName: string): string
  /** Bytes of a finished file; undefined when there is none. */
  size(fileName: string): Promise<number | undefined>
  read(fileName: string): AsyncIterable<Uint8Array>
  /** Bytes of an unfinished file; 0 when there is none. */
  partialSize(fileName: string): Promise<number>
  readPartial(fileName: string): AsyncIterable<Uint8Array>
  /** Goes on with an unfinished file; what was written survives a crash as far as may be. */
  append(
    fileName: string,
  ): Promise<{ write(bytes: Uint8Array): Promise<void>; close(): Promise<void> }>
  removePartial(fileName: string): Promise<void>
  /** Makes the unfinished file the finished one. */
  finish(fileName: string): Promise<void>
  remove(fileName: string): Promise<void>
  /** Keeps others from the same download, when it is free to be had; resolves to the release. */
  lock?(
    fileName: string,
    options: Pick<DownloadOptions, 'onWait' | 'signal'>,
  ): Promise<() => Promise<void>>
  /** Default: one in JavaScript. */
  createHash?(): StreamingHash
}

/** How to download. */
export interface DownloadOptions {
  /** Asked instead of the record's servers: the file's name is appended to it. */
  mirror?: string | undefined
  /** Called for every piece that arrives. */
  onProgress?: (progress: DownloadProgress) => void
  /** In Node: told who is downloading the same already, when that is to be waited for: `process 1234`. */
  onWait?: (holder: string) => void
  /** Stops the download; what has arrived stays for the next time. */
  signal?: AbortSignal
  /** Default: the global one. */
  fetch?: typeof fetch
  /** Attempts in a row at one address that may bring next to nothing. Default 3. */
  attempts?: number
  /** Pause before the second attempt; it doubles with each. Default 500. */
  pauseMs?: number
  /** Silence after which a connection counts as broken. Default 30,000. */
  stallMs?: number
}

export interface DownloadProgress {
  /** Bytes that are there. */
  received: number
  total: number
  /** Bytes that were there from an earlier download. */
  resumedFrom: number
}

/** Attempts altogether, for servers that drop the connection after every few bytes. */
const MOST_ATTEMPTS = 200
/** Share of the file that an attempt must bring for not having been fruitless. */
const FRUITFUL = 1 / 200

/**
 * Makes sure that a record's file is in the store.
 *
 * @throws DownloadError when it cannot be had; the reason of `signal` when it was aborted.
 */
export async function pullInto(
  store: WeightStore,
  record: PublishedFile,
  options: DownloadOptions = {},
): Promise<void> {
  const fileName = fileNameOf(record)
  if ((await store.size(fileName)) === record.bytes) return
  const release = await store.lock?.(fileName, options)
  try {
    // Another process may have finished it while this one waited for the lock.
    if ((await store.size(fileName)) === record.bytes) return
    await new Download(store, record, options).run()
  } finally {
    await release?.()
  }
}

/** Hashes a finished file: `absent`, `ok`, or `damaged`. */
export async function verifyIn(
  store: WeightStore,
  record: PublishedFile,
): Promise<'absent' | 'ok' | 'damaged'> {
  const fileName = fileNameOf(record)
  const size = await store.size(fileName)
  if (size === undefined) return 'absent'
  if (size !== record.bytes) return 'damaged'
  const hash = newHash(store)
  for await (const bytes of store.read(fileName)) hash.update(bytes)
  return hash.digest() === record.sha256 ? 'ok' : 'damaged'
}

function newHash(store: WeightStore): StreamingHash {
  if (store.createHash) return store.createHash()
  const hash = nobleSha256.create()
  const hex = (bytes: Uint8Array) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { update: (bytes) => hash.update(bytes), digest: () => hex(hash.digest()) }
}

/** A connection that may be tried again. */
class BrokenConnectionError extends Error {}
/** An address that is of no use; another one may be. */
class AddressError extends Error {}

class Download {
  readonly #store: WeightStore
  readonly #record: PublishedFile
  readonly #options: DownloadOptions
  readonly #fileName: string
  readonly #urls: readonly string[]
  #url: string
  #hash: StreamingHash
  #received = 0
  #resumedFrom = 0

  constructor(store: WeightStore, record: PublishedFile, options: DownloadOptions) {
    this.#store = store
    this.#record = record
    this.#options = options
    this.#fileName = fileNameOf(record)
    const { mirror } = options
    this.#urls = mirror ? [`${mirror.replace(/\/+$/, '')}/${this.#fileName}`] : record.urls
    this.#url = this.#urls[0]!
    this.#hash = newHash(store)
  }

  async run(): Promise<void> {
    await this.#resume()
    const failures: DownloadFailure[] = []
    let cause: unknown
    for (const url of this.#urls) {
      this.#url = url
      try {
        await this.#fetchWhole()
        return await this.#store.finish(this.#fileName)
      } catch (error) {
        if (!(error instanceof AddressError)) throw error
        failures.push({ url, reason: error.message })
        cause = error.cause
      }
    }
    this.#giveUp(failures, cause)
  }

  /** All of the file from one address, or what is missing of it. */
  async #fetchWhole(): Promise<void> {
    for (let round = 0; ; round++) {
      const before = this.#received
      await this.#fetchAll()
      if (this.#hash.digest() === this.#record.sha256) return
      await this.#restart()
      // What was there from earlier may have been the bad part: once more, from nothing.
      if (round > 0 || before === 0) {
        this.#fail(
          'sent other bytes than the published ones (the SHA-256 differs); they were thrown away',
        )
      }
    }
  }

  /** Takes up what an earlier download left. */
  async #resume(): Promise<void> {
    const size = await this.#store.partialSize(this.#fileName)
    if (size > this.#record.bytes) return this.#restart()
    if (size === 0) return
    for await (const bytes of this.#store.readPartial(this.#fileName)) {
      this.#hash.update(bytes)
      this.#received += bytes.byteLength
    }
    this.#resumedFrom = this.#received
  }

  async #restart(): Promise<void> {
    await this.#store.removePartial(this.#fileName)
    this.#hash = newHash(this.#store)
    this.#received = 0
    this.#resumedFrom = 0
  }

  async #fetchAll(): Promise<void> {
    const { attempts = 3, pauseMs = 500, signal } = this.#options
    let fruitless = 0
    this.#report()
    for (let attempt = 1; this.#received < this.#record.bytes; attempt++) {
      const before = this.#received
      try {
        await this.#fetchSome()
      } catch (error) {
        signal?.throwIfAborted()
        if (!(error instanceof BrokenConnectionError)) throw error
        const isFruitful = this.#received - before >= FRUITFUL * this.#record.bytes
        fruitless = isFruitful ? 0 : fruitless + 1
        if (fruitless >= attempts || attempt >= MOST_ATTEMPTS) {
          throw new AddressError(error.message, { cause: error })
        }
        await pause(pauseMs * 2 ** Math.max(0, fruitless - 1), signal)
      }
    }
  }

  /** One request: from what is there to the end, or as far as the connection holds. */
  async #fetchSome(): Promise<void> {
    const controller = new AbortController()
    const { signal: outer, stallMs = 30_000 } = this.#options
    const abort = () => controller.abort(outer?.reason)
    outer?.throwIfAborted()
    outer?.addEventListener('abort', abort, { once: true })
    let timer: ReturnType<typeof setTimeout> | undefined
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(
        () => controller.abort(new Error(`nothing came for ${stallMs / 1000} s`)),
        stallMs,
      )
    }
    try {
      watch()
      const response = await this.#request(controller.signal)
      const isTooMuch = await this.#receive(response.body!.getReader(), watch)
      if (isTooMuch) {
        await this.#restart()
        this.#fail(`sends more than the ${this.#record.bytes} bytes that the file has`)
      }
      if (this.#received < this.#record.bytes) {
        throw new BrokenConnectionError(
          `the connection ended after ${this.#received} of ${this.#record.bytes} bytes`,
        )
      }
    } finally {
      clearTimeout(timer)
      outer?.removeEventListener('abort', abort)
    }
  }

  /** Writes what arrives; true when it is more than the file has. */
  async #receive(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    watch: () => void,
  ): Promise<boolean> {
    const file = await this.#store.append(this.#fileName)
    try {
      for (;;) {
        watch()
        const { done, value } = await broken(reader.read())
        if (done) return false
        if (this.#received + value.byteLength > this.#record.bytes) return true
        await file.write(value)
        this.#hash.update(value)
        this.#received += value.byteLength
        this.#report()
      }
    } finally {
      await file.close()
      await reader.cancel().catch(() => {})
    }
  }

  async #request(signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' }
    if (this.#received > 0) headers.range = `bytes=${this.#received}-`
    const asking = (this.#options.fetch ?? fetch)(this.#url, { headers, signal })
    const response = await broken(asking, this.#elsewhere(signal))
    const { status } = response
    const discard = () => response.body?.cancel().catch(() => {})
    if (status === 416 && this.#received > 0) {
      await discard()
      await this.#restart()
      throw new BrokenConnectionError('the server does not have the rest of the file')
    }
    if (status === 429 || status >= 500) {
      await discard()
      throw new BrokenConnectionError(`the server answered ${status} ${response.statusText}`.trim())
    }
    if (status !== 200 && status !== 206) {
      await discard()
      this.#fail(`answered ${status} ${response.statusText}`.trim())
    }
    const offered = this.#offeredBytes(response)
    if (offered !== undefined && offered !== this.#record.bytes) {
      await discard()
      this.#fail(
        `offers ${offered} bytes where the file has ${this.#record.bytes}: it is another file`,
      )
    }
    // A server that does not know ranges sends all of it again.
    if (status === 200 && this.#received > 0) await this.#restart()
    return response
  }

  /** What a browser does not tell: why it did not let a page have another server's answer. */
  #elsewhere(signal: AbortSignal): () => string {
    const page = (globalThis as { location?: { origin?: string } }).location?.origin
    const isElsewhere = page !== undefined && new URL(this.#url).origin !== page
    return () =>
      isElsewhere && !signal.aborted
        ? ' (no network, or the server lets no other pages read its files: CORS)'
        : ''
  }

  /** Length of the whole file by the server's word; undefined when it does not say. */
  #offeredBytes({ status, headers }: Response): number | undefined {
    if (status === 206) {
      const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '')
      if (Number(range?.[1]) !== this.#received) {
        this.#fail('sends another part of the file than it was asked for')
      }
      return range![2] === '*' ? undefined : Number(range![2])
    }
    const length = headers.get('content-length')
    return length === null || headers.has('content-encoding') ? undefined : Number(length)
  }

  #report(): void {
    this.#options.onProgress?.({
      received: this.#received,
      total: this.#record.bytes,
      resumedFrom: this.#resumedFrom,
    })
  }

  #fail(why: string): never {
    throw new AddressError(`it ${why}`)
  }

  #giveUp(failures: DownloadFailure[], cause: unknown): never {
    const { name: weights, bytes } = this.#record
    const size = `${Math.round(bytes / 1e6)} MB`
    const have =
      this.#received > 0 ? ` (${Math.round(this.#received / 1e6)} MB are there already)` : ''
    const happened = failures.map(({ url, reason }) => `from ${url}: ${reason}`).join('; ')
    throw new DownloadError(
      `weights '${weights}' (${size}) could not be downloaded ${happened}${have}. ` +
        'Check the network and try again: the download goes on where it stopped. ' +
        `Or ${this.#store.byHand(this.#fileName)}`,
      { weights, failures, cause },
    )
  }
}

/** What a fetch or a read rejects with, as a connection that may be tried again. */
async function broken<T>(promise: Promise<T>, more = () => ''): Promise<T> {
  try {
    return await promise
  } catch (cause) {
    throw new BrokenConnectionError(reasonOf(cause) + more(), { cause })
  }
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
