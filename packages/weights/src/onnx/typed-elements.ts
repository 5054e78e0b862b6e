// A TensorProto's elements in a field of their own type (float_data, int32_data, …) in place of raw bytes:
// floats as they are, whole numbers as varints, half precision as the whole numbers of its bits. Each such
// field may be packed or not and come in any number of pieces. Elements are counted when the file is
// opened and decoded when they are wanted. onnx.proto, TensorProto.

import { lazyTensor, widen } from '../elements.ts'
import { countVarints, decodeVarints, type Field, ProtobufReader } from '../protobuf.ts'
import {
  arrayTypes,
  elementCount,
  elementSize,
  type LazyTensor,
  readAs,
  type StoredDType,
  type TensorData,
} from '../tensor.ts'

const FLOATS = 4
const DOUBLES = 10
/** The field of each element type; all others are in int32_data (5). */
const fieldNumbers: Partial<Record<StoredDType, number>> = {
  float32: FLOATS,
  float64: DOUBLES,
  int64: 7,
  uint32: 11,
  uint64: 11,
}
const INT32S = 5

/** Whether a field of a TensorProto holds elements by their type. */
export const isTyped = ({ number }: Field) => [FLOATS, INT32S, 7, DOUBLES, 11].includes(number)

/** The elements of one TensorProto, piece after piece. */
export class TypedElements {
  readonly #reader: ProtobufReader
  readonly #message: Field
  #count = 0
  #pieces = 0
  #first: Field | undefined

  constructor(reader: ProtobufReader, message: Field) {
    this.#reader = reader
    this.#message = message
  }

  /** Notes a piece. */
  async add(piece: Field): Promise<void> {
    this.#first ??= piece
    this.#pieces++
    if (piece.number !== this.#first.number) {
      this.#reader.fail('elements in fields of two types', piece.tag)
    }
    this.#count += await countOf(this.#reader, piece)
  }

  /** The tensor that all pieces together are. */
  tensor(name: string, storedAs: StoredDType, shape: number[]): LazyTensor {
    const count = elementCount(shape)
    const first = this.#first
    const number = fieldNumbers[storedAs] ?? INT32S
    if (this.#count !== count || (first && first.number !== number)) {
      this.#reader.fail(
        `tensor '${name}' does not hold ${count} elements`,
        first?.tag ?? this.#message.tag,
      )
    }
    const { source } = this.#reader
    const isFloat = number === FLOATS || number === DOUBLES
    if (isFloat && this.#pieces <= 1) {
      return lazyTensor(source, name, { storedAs, shape, offset: first?.start ?? 0 })
    }
    const load = async (): Promise<TensorData> => {
      // Read again, with a count of fields of its own.
      const reader = new ProtobufReader(source)
      const pieces = reader.fields(this.#message.start, this.#message.end)
      if (isFloat) {
        const bytes = new Uint8Array(count * elementSize(storedAs))
        let place = 0
        for await (const piece of pieces) {
          if (piece.number !== number) continue
          bytes.set(await reader.bytes(piece, source.size), place)
          place += piece.end - piece.start
        }
        return new arrayTypes[storedAs as 'float32'](bytes.buffer)
      }
      const pairs = new Int32Array(2 * count)
      let place = 0
      for await (const piece of pieces) {
        if (piece.number === number) {
          place = decodeVarints(await reader.bytes(piece, source.size), pairs, place)
        }
      }
      return fromPairs(pairs, storedAs)
    }
    return { dtype: readAs(storedAs), storedAs, shape, load }
  }
}

/** Elements of one piece. */
async function countOf(reader: ProtobufReader, piece: Field): Promise<number> {
  const { number, wireType, start, end, tag } = piece
  const size = number === FLOATS ? 4 : number === DOUBLES ? 8 : 0
  if (size === 0 && wireType === 0) return 1
  if (size > 0 && wireType === (size === 4 ? 5 : 1)) return 1
  if (wireType !== 2) return reader.fail('elements that are none of their type', tag)
  if (size === 0) return countVarints(await reader.bytes(piece, end - start))
  if ((end - start) % size !== 0) reader.fail('elements that are cut off', tag)
  return (end - start) / size
}

/** Whole numbers, given as their low and high 32 bits, as elements. */
function fromPairs(pairs: Int32Array<ArrayBuffer>, storedAs: StoredDType): TensorData {
  if (storedAs === 'int64') return new BigInt64Array(pairs.buffer)
  if (storedAs === 'uint64') return new BigUint64Array(pairs.buffer)
  const isHalf = storedAs === 'float16' || storedAs === 'bfloat16'
  const ArrayType = arrayTypes[isHalf ? 'uint16' : storedAs] as Int32ArrayConstructor
  const elements = new ArrayType(pairs.length / 2)
  for (let i = 0; i < elements.length; i++) elements[i] = pairs[2 * i]!
  return widen(elements as TensorData, storedAs)
}
