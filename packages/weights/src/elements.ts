// From the place of a tensor's elements in a file to an array: the one way by which every format's
// tensors are loaded. Reads the range that the elements span, gathers strided ones, swaps foreign byte
// orders and widens half precision, each only where needed; otherwise the bytes read are the array.

import { CheckpointError } from './error.ts'
import { widenBfloat16, widenFloat16 } from './half.ts'
import { type RangeSource, readRange } from './source.ts'
import {
  arrayTypes,
  type DType,
  elementCount,
  elementSize,
  type LazyTensor,
  readAs,
  type StoredDType,
  type TensorData,
} from './tensor.ts'

/** Where a tensor's elements are. */
export interface ElementPlace {
  storedAs: StoredDType
  shape: readonly number[]
  /** Byte of the element at index 0 of every axis. */
  offset: number
  /** Elements from one index to the next, by axis; 0 repeats. Default: row-major without gaps. */
  strides?: readonly number[] | undefined
  /** Byte order of the elements. Default false. */
  bigEndian?: boolean
}

/**
 * A tensor in a source. The range that it spans must have been checked to lie inside.
 *
 * @param name used in errors.
 */
export function lazyTensor(source: RangeSource, name: string, place: ElementPlace): LazyTensor {
  const { storedAs, shape, offset, bigEndian = false } = place
  const size = elementSize(storedAs)
  const strides = place.strides && !isRowMajor(shape, place.strides) ? place.strides : undefined
  const read = (start: number, count: number) =>
    readRange(source, offset + start * size, count * size, `tensor '${name}'`)
  const finish = (bytes: Uint8Array) =>
    widen(typedArray(bigEndian && size > 1 ? swapped(bytes, size) : bytes, storedAs), storedAs)
  const count = elementCount(shape)
  const span = count === 0 ? 0 : strides ? spanOf(shape, strides) : count
  const tensor: LazyTensor = {
    dtype: readAs(storedAs),
    storedAs,
    shape,
    load: async () => {
      const bytes = await read(0, span)
      return finish(strides && count > 0 ? gather(bytes, size, shape, strides) : bytes)
    },
  }
  const isView = !strides && !bigEndian && readAs(storedAs) === storedAs && offset % size === 0
  costs.set(tensor, {
    own: source.isPacked && isView ? 0 : count * arrayTypes[tensor.dtype].BYTES_PER_ELEMENT,
    read: strides ? span * size : 0,
  })
  if (strides || shape.length === 0 || source.isPacked) return tensor
  const row = elementCount(shape.slice(1))
  tensor.loadRows = async (first, rows) => {
    if (!(first >= 0 && rows >= 0 && first + rows <= shape[0]!)) {
      throw new RangeError(`tensor '${name}' has ${shape[0]} rows, not ${first} to ${first + rows}`)
    }
    return finish(await read(first * row, rows * row))
  }
  return tensor
}

/** What loading a tensor takes, in bytes. */
export interface LoadCost {
  /** Memory, beside what its source has unpacked already. */
  own: number
  /** Bytes that are read and not all kept, as the elements of strided tensors lie apart. */
  read: number
}

const costs = new WeakMap<LazyTensor, LoadCost>()

/** What loading a tensor takes. */
export function loadCost(tensor: LazyTensor): LoadCost {
  const { shape, dtype } = tensor
  const own = elementCount(shape) * arrayTypes[dtype].BYTES_PER_ELEMENT
  return costs.get(tensor) ?? { own, read: 0 }
}

/** Elements from the first to the last that a strided tensor touches; 0 when it has none. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0
  return shape.reduce((span, extent, axis) => span + (extent - 1) * strides[axis]!, 1)
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false
    expected *= shape[axis]!
  }
  return true
}

/** float16 and bfloat16 elements, given as bits, to float32; others as they are. */
export function widen(elements: TensorData, storedAs: StoredDType): TensorData {
  if (storedAs === 'float16') return widenFloat16(elements as Uint16Array)
  if (storedAs === 'bfloat16') return widenBfloat16(elements as Uint16Array)
  return elements
}

/** Bytes as elements: a view, or a copy where the alignment asks for one. */
export function typedArray(bytes: Uint8Array, storedAs: StoredDType): TensorData {
  const dtype: DType = storedAs === 'float16' || storedAs === 'bfloat16' ? 'uint16' : storedAs
  const ArrayType = arrayTypes[dtype]
  const aligned = bytes.byteOffset % ArrayType.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice()
  return new ArrayType(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / ArrayType.BYTES_PER_ELEMENT,
  ) as TensorData
}

/**
 * The elements of a strided tensor, row-major. They are moved as whole numbers: a float that passes through a
 * number of JavaScript may come out with other bits, as those of foreign byte orders often do.
 */
function gather(
  bytes: Uint8Array,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  // Elements of eight bytes are two numbers of four, one more axis inside.
  if (size === 8) return gather(bytes, 4, [...shape, 2], [...strides.map((step) => 2 * step), 1])
  const ArrayType = size === 1 ? Uint8Array : size === 2 ? Uint16Array : Int32Array
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  const source = new ArrayType(buffer as ArrayBuffer, byteOffset, byteLength / size) as Int32Array
  const target = new ArrayType(elementCount(shape)) as Int32Array
  const index = new Array<number>(shape.length).fill(0)
  const inner = shape.length - 1
  const innerExtent = shape[inner]!
  const innerStride = strides[inner]!
  let from = 0
  for (let to = 0; to < target.length; to += innerExtent) {
    for (let i = 0; i < innerExtent; i++) target[to + i] = source[from + i * innerStride]!
    for (let axis = inner - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return new Uint8Array(target.buffer)
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const target = new Uint8Array(bytes.length)
  for (let start = 0; start < target.length; start += size) {
    for (let i = 0; i < size; i++) target[start + i] = bytes[start + size - 1 - i]!
  }
  return target
}

/** Most tensors of a file, which take about a kilobyte each before they are read. */
export const MOST_TENSORS = 20_000

/** Most axes that a tensor may have: NumPy's bound. */
const MOST_AXES = 64

/**
 * A shape as a file claims it.
 *
 * @throws CheckpointError unless it is a list of whole numbers whose product can be counted exactly.
 */
export function checkShape(
  shape: readonly unknown[],
  name: string,
  where: { path?: string | undefined; offset?: number },
): number[] {
  const fail = (why: string): never => {
    throw new CheckpointError(`tensor '${name}' ${why}`, where)
  }
  if (shape.length > MOST_AXES) fail(`has ${shape.length} axes, more than ${MOST_AXES}`)
  let count = 1
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || (extent as number) < 0) {
      fail(`has no valid shape: [${shape.map(String).join(', ').slice(0, 200)}]`)
    }
    // Zeros anywhere make the product 0, and must not hide an absurd extent.
    count *= Math.max(1, extent as number)
  }
  if (!Number.isSafeInteger(count)) fail(`has an impossible shape: [${shape}]`)
  return shape as number[]
}
