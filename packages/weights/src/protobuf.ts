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
const MOST_FIELDS = 2_000_000
const WINDOW = 64 * 1024

/** Reads messages from a source through a small window. */
export class ProtobufReader {
  readonly source: RangeSource
  #window = new Uint8Array(0)
  #windowStart = 0
  #count = 0

  constructor(source: RangeSource) {
    this.source = source
  }

  /** The fields of the message from `start` to `end`, in order; contents are not read. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    let place = start
    while (place < end) {
      if (++this.#count > MOST_FIELDS) this.fail(`over ${MOST_FIELDS} fields`, place)
      const tag = place
      const [key, afterKey] = await this.#varint(place, end)
      const wireType = key % 8
      const field = { number: Math.floor(key / 8), wireType, value: 0, start: afterKey, end, tag }
      if (field.number < 1) this.fail('a field with the number 0', tag)
      if (wireType === 0) [field.value, field.end] = await this.#varint(afterKey, end)
      else if (wireType === 1) field.end = afterKey + 8
      else if (wireType === 5) field.end = afterKey + 4
      else if (wireType === 2) {
        const [length, contentStart] = await this.#varint(afterKey, end)
        field.start = contentStart
        field.end = contentStart + length
      } else this.fail(`a field of the unknown kind ${wireType}`, tag)
      if (field.end > end) this.fail('truncated: a field reaches past its message', tag)
      place = field.end
      yield field
    }
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
  async integers(field: Field, limit = 10_000): Promise<number[]> {
    if (field.wireType === 0) return [field.value]
    if (field.wireType !== 2) this.fail('a field that should be whole numbers', field.tag)
    const values: number[] = []
    for (let place = field.start; place < field.end; ) {
      if (values.length >= limit) this.fail(`over ${limit} numbers in a field`, field.tag)
      const [value, next] = await this.#varint(place, field.end)
      values.push(value)
      place = next
    }
    return values
  }

  fail(why: string, offset: number): never {
    throw new CheckpointError(`broken protocol buffer: ${why}`, { path: this.source.path, offset })
  }

  /** A varint, as int64, and the byte after it. */
  async #varint(start: number, end: number): Promise<[value: number, next: number]> {
    const bytes = await this.#range(start, Math.min(10, end - start))
    let value = 0
    for (let i = 0; i < bytes.length; i++) {
      // Seven bytes hold 49 bits, which a number holds exactly; longer ones are rare, and mostly negative.
      if (i === 7) return this.#longVarint(bytes, start)
      value += (bytes[i]! & 127) * 2 ** (7 * i)
      if (bytes[i]! < 128) return [value, start + i + 1]
    }
    return this.fail('a number that does not end', start)
  }

  #longVarint(bytes: Uint8Array, start: number): [value: number, next: number] {
    let value = 0n
    for (let i = 0; i < bytes.length; i++) {
      value |= BigInt(bytes[i]! & 127) << BigInt(7 * i)
      if (bytes[i]! < 128) return [Number(BigInt.asIntN(64, value)), start + i + 1]
    }
    return this.fail('a number that does not end', start)
  }

  async #range(start: number, length: number): Promise<Uint8Array> {
    const offset = start - this.#windowStart
    if (offset >= 0 && offset + length <= this.#window.length) {
      return this.#window.subarray(offset, offset + length)
    }
    const wanted = Math.min(Math.max(length, WINDOW), this.source.size - start)
    this.#window = (await readRange(
      this.source,
      start,
      Math.max(wanted, length),
      'a field',
    )) as Uint8Array<ArrayBuffer>
    this.#windowStart = start
    return this.#window.subarray(0, length)
  }
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
