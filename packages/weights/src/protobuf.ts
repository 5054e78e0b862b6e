// As much of protocol buffers as ONNX and Caffe files need, without generated code: messages are read
// field by field from a source, so that the tensors of a 240 MB file are stepped over and not copied,
// which the usual libraries cannot do (they decode a whole message into memory); and written as a list
// of chunks, the tensors' own memory among them. https://protobuf.dev/programming-guides/encoding

import { CheckpointError } from './error.ts'
import { type RangeSource, readRange } from './source.ts'

/** One field of a message. */
export interface Field {
  number: number
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  wireType: number
  /** A varint's value as int64; numbers past 2⁵³ lose their last bits. */
  value: number
  /** First byte of the field's content in the file, and the byte after it. */
  start: number
  end: number
  /** Byte of the field's tag. */
  tag: number
}

/** Fields of a message that are looked at, bounded so that a file of nothing but fields ends. */
const MOST_FIELDS = 1_000_000
const WINDOW = 64 * 1024
/** Bytes of a varint, and of a field's tag and length. */
const LONGEST_VARINT = 10
const LONGEST_HEAD = 2 * LONGEST_VARINT

/** Reads messages from a source through a small window. */
export class ProtobufReader {
  readonly source: RangeSource
  #window: Uint8Array = new Uint8Array(0)
  #windowStart = 0
  #next = 0
  #count = 0

  constructor(source: RangeSource) {
    this.source = source
  }

  /** The fields of the message from `start` to `end`, in order; contents are not read. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    for (let place = start; place < end; ) {
      if (++this.#count > MOST_FIELDS) this.fail(`over ${MOST_FIELDS} fields`, place)
      const head = Math.min(LONGEST_HEAD, end - place)
      if (!this.#holds(place, head)) await this.#fill(place, head)
      const field = this.#field(place, end)
      place = field.end
      yield field
    }
  }

  /** The field at `tag`, whose head is in the window. */
  #field(tag: number, end: number): Field {
    const key = this.#varint(tag, end)
    const afterKey = this.#next
    const wireType = key % 8
    const field = { number: Math.floor(key / 8), wireType, value: 0, start: afterKey, end, tag }
    if (field.number < 1) this.fail('a field with the number 0', tag)
    if (wireType === 0) {
      field.value = this.#varint(afterKey, end)
      field.end = this.#next
    } else if (wireType === 1) field.end = afterKey + 8
    else if (wireType === 5) field.end = afterKey + 4
    else if (wireType === 2) {
      const length = this.#varint(afterKey, end)
      field.start = this.#next
      field.end = field.start + length
    } else this.fail(`a field of the unknown kind ${wireType}`, tag)
    if (!(field.end <= end) || field.end < field.start) {
      this.fail('truncated: a field reaches past its message', tag)
    }
    return field
  }

  /** A field's content; at most `limit` bytes. */
  async bytes({ start, end, tag }: Field, limit: number): Promise<Uint8Array> {
    if (end - start > limit)
      this.fail(`a field of ${end - start} bytes where ${limit} are enough`, tag)
    return this.#range(start, end - start)
  }

  /** A field that is text. */
  async text(field: Field): Promise<string> {
    if (field.wireType !== 2) this.fail('a field that should be text', field.tag)
    return new TextDecoder().decode(await this.bytes(field, 10_000))
  }

  /** The whole numbers of a repeated field, packed (many in one field) or not. */
  async integers(field: Field, limit: number): Promise<number[]> {
    if (field.wireType === 0) return [field.value]
    if (field.wireType !== 2) this.fail('a field that should be whole numbers', field.tag)
    const bytes = await this.bytes(field, LONGEST_VARINT * limit)
    const values: number[] = []
    for (let place = 0; place < bytes.length; place = this.#next) {
      if (values.length >= limit) this.fail(`over ${limit} numbers in a field`, field.tag)
      values.push(this.#varintIn(bytes, place, bytes.length, field.start))
    }
    return values
  }

  fail(why: string, offset: number): never {
    throw new CheckpointError(`broken protocol buffer: ${why}`, { path: this.source.path, offset })
  }

  /** A varint that is in the window; `#next` is the byte after it, in the file. */
  #varint(start: number, end: number): number {
    const base = this.#windowStart
    const most = Math.min(end - base, this.#window.length)
    const value = this.#varintIn(this.#window, start - base, most, base)
    this.#next += base
    return value
  }

  /** A varint, as int64; numbers past 2⁵³ lose their last bits. `#next` is the byte after it. */
  #varintIn(bytes: Uint8Array, start: number, end: number, base: number): number {
    let value = 0
    let unit = 1
    const last = Math.min(end, start + 7)
    for (let place = start; place < last; place++) {
      const byte = bytes[place]!
      value += (byte & 127) * unit
      unit *= 128
      if (byte < 128) {
        this.#next = place + 1
        return value
      }
    }
    // Seven bytes hold 49 bits, which a number holds exactly; longer ones are rare, and mostly negative.
    let long = 0n
    for (let place = start; place < Math.min(end, start + LONGEST_VARINT); place++) {
      const byte = bytes[place]!
      long |= BigInt(byte & 127) << BigInt(7 * (place - start))
      if (byte < 128) {
        this.#next = place + 1
        return Number(BigInt.asIntN(64, long))
      }
    }
    return this.fail('a number that does not end', base + start)
  }

  #holds(start: number, length: number): boolean {
    const offset = start - this.#windowStart
    return offset >= 0 && offset + length <= this.#window.length
  }

  async #fill(start: number, length: number): Promise<void> {
    const wanted = Math.max(length, Math.min(WINDOW, this.source.size - start))
    this.#window = await readRange(this.source, start, wanted, 'a field')
    this.#windowStart = start
  }

  async #range(start: number, length: number): Promise<Uint8Array> {
    // What is longer than a window is not kept.
    if (length > WINDOW) return readRange(this.source, start, length, 'a field')
    if (!this.#holds(start, length)) await this.#fill(start, length)
    const offset = start - this.#windowStart
    return this.#window.subarray(offset, offset + length)
  }
}

/** Numbers that packed varints are. */
export function countVarints(bytes: Uint8Array): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! < 128) count++
  return count
}

/**
 * Packed varints as the low and high 32 bits of int64s, `[low, high, low, high, …]`, to be seen as whatever
 * they are numbers of.
 *
 * @returns places filled, or -1 where a number does not end
 */
export function decodeVarints(bytes: Uint8Array, target: Int32Array, from: number): number {
  let to = from
  for (let place = 0; place < bytes.length && to < target.length; to += 2) {
    let low = 0
    let high = 0
    let shift = 0
    for (; ; shift += 7) {
      const byte = bytes[place++]
      if (byte === undefined || shift > 63) return -1
      if (shift < 32) low |= (byte & 127) << shift
      if (shift > 24)
        high |= shift < 32 ? (byte & 127) >>> (32 - shift) : (byte & 127) << (shift - 32)
      if (byte < 128) break
    }
    target[to] = low
    target[to + 1] = high
  }
  return to
}

/** Writes one message as a list of chunks. */
export class ProtobufWriter {
  readonly chunks: Uint8Array<ArrayBuffer>[] = []
  size = 0

  /** A whole number, negative ones as int64. */
  integer(field: number, value: number): this {
    return this.#append(varint(field * 8)).#append(varint(value))
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(5)
    bytes.set(varint(field * 8 + 5))
    new DataView(bytes.buffer).setFloat32(1, value, true)
    return this.#append(bytes)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  /** Bytes, which stay where they are. */
  bytes(field: number, value: Uint8Array<ArrayBuffer>): this {
    return this.#append(varint(field * 8 + 2))
      .#append(varint(value.byteLength))
      .#append(value)
  }

  /** A message in this one. */
  message(field: number, inner: ProtobufWriter): this {
    this.#append(varint(field * 8 + 2)).#append(varint(inner.size))
    for (const chunk of inner.chunks) this.#append(chunk)
    return this
  }

  #append(bytes: Uint8Array<ArrayBuffer>): this {
    this.chunks.push(bytes)
    this.size += bytes.byteLength
    return this
  }
}

function varint(value: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}
