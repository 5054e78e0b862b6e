// NumPy's arrays in pickles: a .npy file whose one element is an object, as published weights of converted
// networks are kept: `numpy.save('bvlc_alexnet.npy', {'conv1': [weight, bias], …})`, also with dictionaries
// in place of the lists. The same reader as for PyTorch's pickles, so nothing in the file is executed.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { checkShape, lazyTensor, MOST_TENSORS } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import { bytesSource, type RangeSource, readRange } from '../source.ts'
import { elementCount, elementSize, type LazyTensor, type StoredDType } from '../tensor.ts'
import { torchHost } from './globals.ts'
import { pickleMemory, readPickle } from './pickle.ts'
import { Dictionary, Instance, List, Tuple, type Value } from './values.ts'

/** NumPy's names of element types, without the byte order; NumPy has no bfloat16. */
export const numpyTypes: Partial<Record<StoredDType, string>> = {
  float64: 'f8',
  float32: 'f4',
  float16: 'f2',
  int64: 'i8',
  uint64: 'u8',
  int32: 'i4',
  uint32: 'u4',
  int16: 'i2',
  uint16: 'u2',
  int8: 'i1',
  uint8: 'u1',
  bool: 'b1',
}
/** Element types by NumPy's names. */
export const dtypesByNumpyType = new Map(
  Object.entries(numpyTypes).map(([dtype, type]) => [type, dtype as StoredDType]),
)

/** Largest pickle, whose arrays are in it: it is in memory as a whole. */
const LARGEST_PICKLE = 2 ** 31
/** Dictionaries and lists that may hold each other. */
const DEEPEST_NESTING = 8
const LONGEST_NAME = 1_000
const MOST_VISITS = 1_000_000
/** Names of a layer's arrays, in the order in which they are listed. */
const parts = ['weight', 'bias']

/** The arrays that the object at `start` of a .npy file holds, by name. */
export async function openPickledArrays(
  source: RangeSource,
  start: number,
  shape: readonly number[],
): Promise<Map<string, LazyTensor>> {
  const { path, size } = source
  const fail = (why: string): never => {
    throw new CheckpointError(why, { path, offset: start })
  }
  if (elementCount(shape) !== 1) fail('an array of several objects: no weights by name')
  if (size - start > LARGEST_PICKLE) fail(`a pickle of over ${LARGEST_PICKLE} bytes`)
  const bytes = await readRange(source, start, size - start, 'the pickle')
  const host = torchHost(path, (_, refuse) => refuse('a persistent id'))
  const { value } = readPickle(bytes, host, { path, base: start, memory: pickleMemory(size) })
  const array = pickledArray(value)
  const root = array?.data instanceof List ? array.data.items[0] : undefined
  const tensors = new Map<string, LazyTensor>()
  let visits = 0
  const add = (name: string, item: Value, depth: number): void => {
    if (++visits > MOST_VISITS) fail(`over ${MOST_VISITS} values`)
    if (depth > DEEPEST_NESTING || name.length > LONGEST_NAME)
      fail('nested too deep, or long names')
    const found = item instanceof Instance ? pickledArray(item) : undefined
    if (found && !(found.data instanceof List)) {
      if (tensors.size >= MOST_TENSORS) fail(`over ${MOST_TENSORS} arrays`)
      if (tensors.has(name)) fail(`two arrays called '${name}'`)
      tensors.set(name, tensorOf(found, name, { path, offset: start }))
    } else if (item instanceof List || item instanceof Tuple) {
      const isLayer = item.items.length <= parts.length
      for (const [index, inner] of item.items.entries()) {
        add(`${name}.${isLayer ? parts[index] : index}`, inner, depth + 1)
      }
    } else if (item instanceof Dictionary) {
      for (const [key, inner] of item.entries) {
        const isName = typeof key === 'string' || typeof key === 'number'
        if (isName) add(name ? `${name}.${key}` : String(key), inner, depth + 1)
      }
    }
  }
  if (root instanceof Dictionary) add('', root, 0)
  if (tensors.size === 0) fail('its object holds no arrays by name')
  return tensors
}

/** What a pickled ndarray was to be set to. */
interface PickledArray {
  shape: readonly Value[]
  dtype: Value
  isFortran: boolean
  /** Its elements' bytes, of Python 2 as text; of objects the list. */
  data: Value
}

function pickledArray(value: Value): PickledArray | undefined {
  if (!(value instanceof Instance) || value.className !== 'numpy.ndarray') return undefined
  if (!(value.state instanceof Tuple)) return undefined
  // The version of the state comes first, since 2006.
  const [shape, dtype, isFortran, data] = value.state.items.slice(-4)
  if (!(shape instanceof Tuple)) return undefined
  return {
    shape: shape.items,
    dtype: dtype ?? null,
    isFortran: isFortran === true,
    data: data ?? null,
  }
}

function tensorOf(
  { shape, dtype, isFortran, data }: PickledArray,
  name: string,
  where: { path: string | undefined; offset: number },
): LazyTensor {
  const fail = (why: string): never => {
    throw new CheckpointError(`array '${name}' ${why}`, where)
  }
  const type = dtype instanceof Instance ? dtype.args[0] : undefined
  const storedAs = typeof type === 'string' ? dtypesByNumpyType.get(type) : undefined
  if (!storedAs) return fail('has an element type that cannot be read')
  const state = dtype instanceof Instance ? dtype.state : null
  const bigEndian = state instanceof Tuple && state.items[1] === '>'
  const extents = checkShape(shape, name, where)
  const bytes = bytesOfData(data)
  const needed = elementCount(extents) * elementSize(storedAs)
  if (bytes?.length !== needed) fail(`of shape [${extents}] needs ${needed} bytes`)
  const strides = isFortran
    ? extents.map((_, axis) => elementCount(extents.slice(0, axis)))
    : undefined
  const source = bytesSource(bytes!, where.path)
  return lazyTensor(source, name, { storedAs, shape: extents, offset: 0, strides, bigEndian })
}

/** Bytes, which short ones of Python 2 are text for. */
function bytesOfData(data: Value): Uint8Array | undefined {
  if (typeof data !== 'string') return data instanceof Uint8Array ? data : undefined
  const bytes = new Uint8Array(data.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = data.charCodeAt(i)
  return bytes
}
