// The bytes of a pickle, read from the first to the last: what its instructions carry. No length is believed.

import { CheckpointError } from '../error.ts'

/** Where the pickle lies. */
export interface PickleLocation {
  path?: string | undefined
  /** Byte of the file at which `bytes` begin. Default 0. */
  base?: number
  /** First byte of the pickle within `bytes`. Default 0. */
  start?: number
  /** Most memory that its values may take; see {@link pickleMemory}. Default: that of `bytes`. */
  memory?: number
}

/** A pickle that goes on beyond the bytes at hand. */
export class TruncatedPickleError extends CheckpointError {}

/** Bytes of an integer: PyTorch's magic number has 10. */
const LONGEST_INTEGER = 32
/** Letters of a module's or a class's name. */
export const LONGEST_NAME = 1000

/** A place in a pickle that moves on with what is read. */
export class PickleBytes {
  place: number
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #path: string | undefined
  readonly #base: number
  #instruction = 0

  constructor(bytes: Uint8Array, { path, base = 0, start = 0 }: PickleLocation) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
    this.#base = base
    this.place = start
  }

  /** Byte of the file at which the instruction begins. */
  get offset(): number {
    return this.#base + this.#instruction
  }

  /** The next instruction's code. */
  instruction(): number {
    this.#instruction = this.place
    return this.uint8()
  }

  fail(why: string): never {
    throw new CheckpointError(`broken or unsafe pickle: ${why}`, {
      path: this.#path,
      offset: this.offset,
    })
  }

  /** Steps over `count` bytes and returns where they begin. */
  take(count: number): number {
    const start = this.place
    if (count < 0) this.fail(`a length of ${count}`)
    if (start + count > this.#bytes.length) {
      throw new TruncatedPickleError(
        `truncated: a pickle's instruction needs ${count} more bytes, ${this.#bytes.length - start} are left`,
        { path: this.#path, offset: this.offset },
      )
    }
    this.place = start + count
    return start
  }

  uint8(): number {
    return this.#bytes[this.take(1)]!
  }

  uint16(): number {
    return this.#view.getUint16(this.take(2), true)
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4), true)
  }

  int32(): number {
    return this.#view.getInt32(this.take(4), true)
  }

  float64(): number {
    return this.#view.getFloat64(this.take(8), false)
  }

  size8(): number {
    const size = this.#view.getBigUint64(this.take(8), true)
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`a length of ${size}`)
    return Number(size)
  }

  long(length: number): number | bigint {
    if (length > LONGEST_INTEGER) this.fail(`an integer of ${length} bytes`)
    const start = this.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!)
    value = BigInt.asIntN(8 * length, value)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  raw(length: number): Uint8Array {
    const start = this.take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A line of text, as GLOBAL has them. */
  line(): string {
    const end = this.#bytes.indexOf(10, this.place)
    if (end < 0 || end - this.place > LONGEST_NAME) {
      const rest = this.#bytes.length - this.place
      if (rest <= LONGEST_NAME) this.take(rest + 1)
      this.fail(`a name of over ${LONGEST_NAME} bytes`)
    }
    const text = decodeLatin1(this.#bytes.subarray(this.place, end))
    this.place = end + 1
    return text
  }
}

export function decodeLatin1(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  }
  return text
}
