// Zip archives, read by ranges: the directory at the end first, then only the entries that are wanted.
// Written for files from strangers: every number of the directory is checked against the file, entries
// may neither overlap nor leave it, and deflated entries are unpacked no further than they said they would
// be, not again for every tensor in them, and not beyond a bound on all of them together. Zip64 is
// read, since checkpoints pass 4 GB; encryption and archives in several parts are not.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

import { Inflate, inflateSync } from 'fflate'
import { type Crc32, crc32 as portableCrc32 } from './crc32.ts'
import { CheckpointError } from './error.ts'
import { type RangeSource, readRange, windowed } from './source.ts'
import { readDirectory, type ZipEntry } from './zip-directory.ts'

/** Unpacks deflated bytes; at most `most` of them, if it can tell. */
export type InflateRaw = (packed: Uint8Array, most: number) => Promise<Uint8Array>

/** How an archive is read. */
export interface ZipOptions {
  /** Default: one in JavaScript. */
  crc32?: Crc32 | undefined
  /** False passes over entries' CRC-32. Default true. */
  verify?: boolean | undefined
  /** Default: the platform's streams. */
  inflate?: InflateRaw | undefined
  /** Most bytes that the deflated entries that are read may unpack to altogether. Default: no bound. */
  maxBytes?: number | undefined
}

/** Bytes of a stored entry that are read at a time to check it. */
const PIECE = 1 << 20
/** Bytes of a deflated entry that are unpacked to see how it starts. */
const START = 4 * 1024

/** The entries of an archive, in the order of its directory. */
export class ZipArchive {
  readonly source: RangeSource
  readonly entries: ReadonlyMap<string, ZipEntry>
  readonly #crc32: Crc32
  readonly #verify: boolean
  readonly #inflateRaw: InflateRaw | undefined
  readonly #maxBytes: number
  readonly #headers: RangeSource
  /** Deflated entries that are read. */
  readonly #admitted = new Set<ZipEntry>()
  readonly #kept = new Map<ZipEntry, Promise<Uint8Array> | undefined>()
  #unpackedBytes = 0

  private constructor(
    source: RangeSource,
    entries: ReadonlyMap<string, ZipEntry>,
    options: ZipOptions,
  ) {
    const { crc32 = portableCrc32, verify = true, maxBytes = Number.POSITIVE_INFINITY } = options
    this.source = source
    this.entries = entries
    this.#crc32 = crc32
    this.#verify = verify
    this.#inflateRaw = options.inflate
    this.#maxBytes = maxBytes
    this.#headers = windowed(source)
  }

  /** Bytes that the deflated entries asked for so far unpack to. */
  get unpackedBytes(): number {
    return this.#unpackedBytes
  }

  /** Reads the directory. */
  static async open(source: RangeSource, options: ZipOptions = {}): Promise<ZipArchive> {
    return new ZipArchive(source, await readDirectory(source), options)
  }

  /** An entry's bytes, unpacked, its CRC-32 checked; a view where the file lies in memory. */
  async read(entry: ZipEntry): Promise<Uint8Array> {
    return this.entrySource(entry).read(0, entry.size)
  }

  /**
   * An entry as a source of its own, whose offsets count from its first unpacked byte. The CRC-32 of a
   * stored entry is checked when the whole is read, at once or piece after piece; a deflated one is
   * unpacked and checked as a whole.
   *
   * @throws CheckpointError when the deflated entries asked for so far would unpack to more than the bound.
   */
  entrySource(entry: ZipEntry): RangeSource {
    const { path } = this.source
    if (entry.isDeflated) {
      this.#admit(entry)
      const read: RangeSource['read'] = async (offset, length) =>
        (await this.#inflated(entry)).subarray(offset, offset + length)
      return { size: entry.size, isPacked: true, path, read }
    }
    // Of the bytes from the entry's first on, as far as they have been read one after the other.
    let checked = 0
    let crc = 0
    const read: RangeSource['read'] = async (offset, length) => {
      const what = `entry '${entry.name}'`
      const bytes = await readRange(this.source, entry.offset + offset, length, what)
      if (!this.#verify || (offset !== 0 && offset !== checked)) return bytes
      crc = this.#crc32(bytes, offset === 0 ? 0 : crc)
      checked = offset + length
      if (checked === entry.size) this.#check(entry, crc)
      return bytes
    }
    return { size: entry.size, path, read }
  }

  /**
   * An entry as {@link entrySource}, of which only a part will be read: the whole is checked before, once, in
   * pieces.
   */
  checkedSource(entry: ZipEntry): RangeSource {
    const source = this.entrySource(entry)
    if (entry.isDeflated || !this.#verify || entry.crc32 === 0) return source
    let checking: Promise<void> | undefined
    const read: RangeSource['read'] = async (offset, length) => {
      checking ??= this.#checkStored(entry)
      await checking
      return source.read(offset, length)
    }
    return { ...source, read }
  }

  async #checkStored(entry: ZipEntry): Promise<void> {
    const whole = this.entrySource(entry)
    for (let at = 0; at < entry.size; at += PIECE) {
      await whole.read(at, Math.min(PIECE, entry.size - at))
    }
  }

  /**
   * An entry as {@link entrySource}, for what stands at its start: small pieces of stored entries are read with
   * what is beside them in the file, and of deflated ones only the start is unpacked. Nothing is checked.
   */
  entryStart(entry: ZipEntry): RangeSource {
    const { size } = entry
    const { path } = this.source
    if (!entry.isDeflated) {
      const read: RangeSource['read'] = (offset, length) =>
        this.#headers.read(entry.offset + offset, length)
      return { size, path, read }
    }
    if (size <= SMALL) return this.entrySource(entry)
    let start: Promise<Uint8Array> | undefined
    const read: RangeSource['read'] = async (offset, length) => {
      start ??= this.#inflateStart(entry)
      const bytes = await start
      if (offset + length <= bytes.byteLength) return bytes.subarray(offset, offset + length)
      return this.entrySource(entry).read(offset, length)
    }
    return { size, path, read }
  }

  async #inflateStart({ offset, storedSize, name }: ZipEntry): Promise<Uint8Array> {
    const length = Math.min(storedSize, START)
    const stored = await readRange(this.#headers, offset, length, `entry '${name}'`)
    let start: Uint8Array = new Uint8Array(0)
    try {
      new Inflate((bytes) => {
        start = bytes
      }).push(stored, length === storedSize)
    } catch {
      // Reading the whole says what is wrong.
    }
    return start
  }

  #admit(entry: ZipEntry): void {
    if (this.#admitted.has(entry)) return
    const { path } = this.source
    this.#unpackedBytes += entry.size
    // Deflate cannot do better than 1032 to 1, so a larger claim is a lie told to make us allocate.
    if (entry.size > entry.storedSize * 1032 + 1024) {
      throw new CheckpointError(
        `entry '${entry.name}' claims to unpack to ${entry.size} bytes: impossible`,
        { path, offset: entry.offset },
      )
    }
    if (this.#unpackedBytes > this.#maxBytes) {
      throw new CheckpointError(
        `its deflated entries unpack to over ${this.#maxBytes} bytes, at '${entry.name}' (raise maxBytes if that is right)`,
        { path, offset: entry.offset },
      )
    }
    this.#admitted.add(entry)
  }

  /** Keeps what a deflated entry unpacks to, once it does: for entries of which several parts are read. */
  keep(entry: ZipEntry): void {
    if (entry.isDeflated && !this.#kept.has(entry)) this.#kept.set(entry, undefined)
  }

  #inflated(entry: ZipEntry): Promise<Uint8Array> {
    if (entry.size <= SMALL) this.keep(entry)
    const kept = this.#kept.get(entry)
    if (kept) return kept
    const inflating = this.#inflate(entry)
    if (this.#kept.has(entry)) this.#kept.set(entry, inflating)
    return inflating
  }

  async #inflate(entry: ZipEntry): Promise<Uint8Array> {
    const { path } = this.source
    const what = `entry '${entry.name}'`
    const stored = await readRange(this.source, entry.offset, entry.storedSize, what)
    const bytes = await inflate(stored, entry, path, this.#inflateRaw)
    if (this.#verify) this.#check(entry, this.#crc32(bytes))
    return bytes
  }

  #check(entry: ZipEntry, crc: number): void {
    // PyTorch writes 0 where it was told to compute none (torch.serialization.set_crc32_options).
    if (crc === entry.crc32 || entry.crc32 === 0) return
    throw new CheckpointError(
      `entry '${entry.name}' is damaged: its CRC-32 is not the one in the directory ` +
        '(pass verify: false if the writer is known to leave it out)',
      { path: this.source.path, offset: entry.offset },
    )
  }
}

/** Entries up to so many bytes are unpacked at once, without a stream, which takes longer to set up, and kept. */
const SMALL = 64 * 1024

/** An entry, unpacked, its size checked. */
async function inflate(
  stored: Uint8Array,
  { name, size, offset }: ZipEntry,
  path: string | undefined,
  inflateRaw: InflateRaw | undefined,
): Promise<Uint8Array> {
  const fail = (why: string, cause?: unknown): never => {
    throw new CheckpointError(`entry '${name}' ${why}`, { path, offset, cause })
  }
  const requireSize = (found: number) => {
    if (found > size) fail(`unpacks to more than the ${size} bytes it claims`)
    if (found < size) fail(`unpacks to ${found} bytes where it claims ${size}`)
  }
  const broken = 'cannot be unpacked: its deflated data is broken'
  const isSmall = size <= SMALL && stored.byteLength <= SMALL
  if (inflateRaw || isSmall) {
    let bytes: Uint8Array
    try {
      // Room for one byte too many, by which more than was claimed is noticed.
      bytes = inflateRaw
        ? await inflateRaw(stored, size + 1)
        : inflateSync(stored, { out: new Uint8Array(size + 1) })
    } catch (cause) {
      return fail(broken, cause)
    }
    requireSize(bytes.byteLength)
    return bytes
  }
  const bytes = new Uint8Array(size)
  let filled = 0
  const stream = new DecompressionStream('deflate-raw')
  const writer = stream.writable.getWriter()
  // Whatever fails here also fails the reading side, which reports it.
  writer
    .write(stored as Uint8Array<ArrayBuffer>)
    .then(() => writer.close())
    .catch(() => {})
  const reader = stream.readable.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (filled + value.byteLength > size) requireSize(filled + value.byteLength)
      bytes.set(value, filled)
      filled += value.byteLength
    }
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause
    fail(broken, cause)
  } finally {
    await reader.cancel().catch(() => {})
  }
  requireSize(filled)
  return bytes
}
