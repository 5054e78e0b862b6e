import { expect, it } from 'vitest'
import { arrayTypes, bytesOf, elementCount, elementSize, readAs, requireWhole } from './tensor.ts'

// numpy.dtype(name).itemsize, and 2 for bfloat16.
const sizes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  uint64: 8,
  int32: 4,
  uint32: 4,
  int16: 2,
  uint16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const

it('elements take as many bytes as in NumPy, and half precision is read as float32', () => {
  const types = Object.keys(sizes) as (keyof typeof sizes)[]
  expect(Object.fromEntries(types.map((type) => [type, elementSize(type)]))).toEqual(sizes)
  for (const type of types) {
    expect(readAs(type)).toBe(type === 'float16' || type === 'bfloat16' ? 'float32' : type)
    expect(arrayTypes[readAs(type)]).toBeDefined()
  }
})

it('a shape holds the product of its extents, and a scalar one', () => {
  expect(elementCount([])).toBe(1)
  expect(elementCount([2, 3, 4])).toBe(24)
  expect(elementCount([5, 0])).toBe(0)
})

it('bytes are a view of the elements alone, and a copy of shared memory', () => {
  const all = Float32Array.of(1, 2, 3, 4)
  const bytes = bytesOf(all.subarray(1, 3))
  expect(bytes).toEqual(Uint8Array.of(0, 0, 0, 0x40, 0, 0, 0x40, 0x40))
  expect(bytes.buffer).toBe(all.buffer)
  const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2)
  shared.set([2, 3])
  const copied = bytesOf(shared)
  expect(copied).toEqual(bytes)
  expect(copied.buffer).toBeInstanceOf(ArrayBuffer)
})

it('a tensor whose shape holds more or fewer elements than it has is refused', () => {
  const data = new Float32Array(6)
  expect(() => requireWhole('w', { dtype: 'float32', shape: [2, 3], data })).not.toThrow()
  for (const shape of [[5], [7], [2, 3, 0]]) {
    expect(() => requireWhole('w', { dtype: 'float32', shape, data })).toThrow(RangeError)
  }
})
