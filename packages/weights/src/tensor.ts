// What every checkpoint format is read into and written from: named tensors as typed arrays. This file
// knows element types and their sizes; it knows no file format and no tensor library.

/** Element types, named as NumPy names them. float16 and bfloat16 are read as float32. */
export type DType =
  | 'float64'
  | 'float32'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'uint32'
  | 'int16'
  | 'uint16'
  | 'int8'
  | 'uint8'
  | 'bool'

/** The array that holds a tensor's elements, row-major; bool is one byte an element. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array

export interface NamedTensor {
  readonly dtype: DType
  /** Extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[]
  readonly data: TensorData
}

/** A checkpoint, whatever file it came from. */
export interface Checkpoint {
  /** The file format it was read from, for example `safetensors`. */
  readonly format: string
  readonly tensors: ReadonlyMap<string, NamedTensor>
  /** Free text by key. */
  readonly metadata: Readonly<Record<string, string>>
}

/** Constructor and bytes an element of each element type. */
export const arrayTypes = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>

/** Number of elements of a shape; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** A tensor's bytes, little-endian as on every machine that runs JavaScript today; a view, no copy. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
