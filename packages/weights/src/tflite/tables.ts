// Tables and vectors of a FlatBuffer, for schemas that are written by hand: a table is the list of its fields by slot.
// https://flatbuffers.dev/internals/

import { Builder } from 'flatbuffers'

/** A field of a table. */
export type Field = { offset: number } | { int: number } | { byte: number } | { float: number }

/** FlatBuffers' tables and vectors, each written before what refers to it. */
export class TableWriter {
  readonly #builder = new Builder(1024)

  constructor() {
    // A field that is given is written, even where it has the schema's default.
    this.#builder.forceDefaults(true)
  }

  /** The bytes, which begin with the offset of the root table and a mark of four letters. */
  finish(root: number, mark: string): Uint8Array<ArrayBuffer> {
    this.#builder.finish(root, mark)
    return this.#builder.asUint8Array() as Uint8Array<ArrayBuffer>
  }

  /** Fields by slot; undefined ones are absent. */
  table(fields: readonly (Field | undefined)[]): number {
    const builder = this.#builder
    builder.startObject(fields.length)
    for (const [slot, field] of fields.entries()) {
      if (!field) continue
      if ('offset' in field) builder.addFieldOffset(slot, field.offset, 0)
      else if ('int' in field) builder.addFieldInt32(slot, field.int, null)
      else if ('byte' in field) builder.addFieldInt8(slot, field.byte, null)
      else builder.addFieldFloat32(slot, field.float, null)
    }
    return builder.endObject()
  }

  text(value: string): number {
    return this.#builder.createString(value)
  }

  ints(values: readonly number[]): number {
    return this.#vector(values, 4, (value) => this.#builder.addInt32(value))
  }

  floats(values: Float32Array): number {
    return this.#vector(values, 4, (value) => this.#builder.addFloat32(value))
  }

  longZeros(length: number): number {
    return this.#vector({ length }, 8, () => this.#builder.addInt64(0n))
  }

  offsets(values: readonly number[]): number {
    return this.#vector(values, 4, (value) => this.#builder.addOffset(value))
  }

  /** Written from its end, as everything in a FlatBuffer is. */
  #vector(values: ArrayLike<number>, size: number, add: (value: number) => void): number {
    this.#builder.startVector(size, values.length, size)
    for (let i = values.length - 1; i >= 0; i--) add(values[i]!)
    return this.#builder.endVector()
  }
}
