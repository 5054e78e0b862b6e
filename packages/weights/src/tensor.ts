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

/** Element types in files: those of arrays, and the two half-precision ones that JavaScript lacks. */
export type StoredDType = DType | 'float16' | 'bfloat16'

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

/** A tensor as it goes into a file: the bits of float16 and bfloat16 elements are in a Uint16Array. */
export interface StoredTensor {
  readonly dtype: StoredDType
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

/** A tensor that is still in its file. */
export interface LazyTensor {
  /** Element type that `load` gives. */
  readonly dtype: DType
  /** Element type in the file. */
  readonly storedAs: StoredDType
  readonly shape: readonly number[]
  /**
   * Reads the elements, row-major: a view where they lie in memory as they are wanted, otherwise a new
   * array, made anew by every call, so that the caller alone decides how long it lives.
   */
  load(): Promise<TensorData>
  /**
   * Reads `count` rows (indices of the first axis) from row `first` on, so that a large tensor need not be in
   * memory as a whole. Missing where the file does not have the elements in that order.
   */
  loadRows?(first: number, count: number): Promise<TensorData>
}

/** A checkpoint whose tensors are read one by one, on demand. */
export interface OpenCheckpoint {
  /** The file format, for example `pytorch-zip`. */
  readonly format: string
  /** In the file's order. Names that mean the same elements may share one LazyTensor. */
  readonly tensors: ReadonlyMap<string, LazyTensor>
  /** Free text by key. */
  readonly metadata: Readonly<Record<string, string>>
  /** Lets the file go; tensors cannot be loaded afterwards. */
  close(): Promise<void>
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

/** Bytes an element of a type takes in a file. */
export function elementSize(dtype: StoredDType): number {
  return dtype === 'float16' || dtype === 'bfloat16' ? 2 : arrayTypes[dtype].BYTES_PER_ELEMENT
}

/** The element type that a stored one is read as. */
export function readAs(dtype: StoredDType): DType {
  return dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype
}

/** Number of elements of a shape; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/**
 * A tensor's bytes, little-endian as on every machine that runs JavaScript today; a view, no copy, unless the
 * tensor lies in memory that threads share, which Blobs and hashes refuse.
 */
export function bytesOf(data: TensorData): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength)
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength))
}

/** @throws RangeError when a tensor's shape and number of elements disagree. */
export function requireWhole(name: string, { shape, data }: StoredTensor): void {
  if (elementCount(shape) === data.length) return
  throw new RangeError(`tensor '${name}': shape [${shape}] does not hold ${data.length} elements`)
}
