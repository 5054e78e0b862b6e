// The closed list of what a PyTorch checkpoint may call, and what each name stands for here. Calling
// anything else is an error that names it. Classes outside the list may be named and given attributes,
// as whole pickled modules do, since that makes a record and runs nothing.

import { checkShape, spanOf } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import type { StoredDType } from '../tensor.ts'
import type { PickleHost } from './pickle.ts'
import {
  ClassName,
  Dictionary,
  Instance,
  List,
  Storage,
  type StorageRecord,
  Tensor,
  Tuple,
  type Value,
} from './values.ts'

const storageTypes: Record<string, StoredDType> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
}

/** Element type of `torch.FloatStorage`, `torch.cuda.HalfStorage`, …; undefined for other names. */
export function storageType(value: Value | undefined): StoredDType | undefined {
  if (!(value instanceof ClassName)) return undefined
  const match = /^torch(?:\.cuda)?\.(\w+)$/.exec(value.name)
  const name = match?.[1] ?? ''
  return Object.hasOwn(storageTypes, name) ? storageTypes[name] : undefined
}

type Call = (args: readonly Value[], fail: (why: string) => never, path?: string) => Value

const opaque =
  (className: string): Call =>
  () =>
    new Instance(className)

const rebuildTensor: Call = ([storage, offset, shape, strides], fail, path) => {
  if (!(storage instanceof Storage)) return fail('a tensor without a storage')
  if (!(shape instanceof Tuple) || !(strides instanceof Tuple)) return fail('a tensor of no shape')
  return viewOfStorage(storage.record, offset, shape.items, strides.items, fail, path)
}

const dictionary: Call = ([pairs], fail) => {
  const result = new Dictionary()
  if (pairs === undefined) return result
  if (pairs instanceof Dictionary) {
    for (const [key, value] of pairs.entries) result.entries.set(key, value)
    return result
  }
  if (!(pairs instanceof List)) return fail('a dictionary made of what is no list of pairs')
  for (const pair of pairs.items) {
    if (!(pair instanceof List || pair instanceof Tuple) || pair.items.length !== 2) {
      return fail('a dictionary made of what is no pair')
    }
    result.entries.set(pair.items[0]!, pair.items[1]!)
  }
  return result
}

const list: Call = ([items]) =>
  items instanceof List || items instanceof Tuple ? new List([...items.items]) : new List([])

const calls = new Map<string, Call>([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', ([tensor], fail) => tensor ?? fail('an empty parameter')],
  [
    'torch._utils._rebuild_parameter_with_state',
    ([tensor], fail) => tensor ?? fail('an empty parameter'),
  ],
  ['collections.OrderedDict', dictionary],
  // What optimisers, schedulers and arguments of training scripts add; none of it holds weights.
  ['collections.Counter', dictionary],
  [
    'collections.defaultdict',
    ([, pairs], fail, path) => dictionary(pairs === undefined ? [] : [pairs], fail, path),
  ],
  ['__builtin__.set', list],
  ['builtins.set', list],
  ['torch.Size', list],
  ['torch.device', opaque('torch.device')],
  ['_codecs.encode', ([text]) => (typeof text === 'string' ? text : '')],
  ['numpy.dtype', opaque('numpy.dtype')],
  ['numpy.core.multiarray.scalar', opaque('numpy.scalar')],
  ['numpy._core.multiarray.scalar', opaque('numpy.scalar')],
  ['numpy.core.multiarray._reconstruct', opaque('numpy.ndarray')],
  ['numpy._core.multiarray._reconstruct', opaque('numpy.ndarray')],
])

/** Values that calls of one checkpoint may copy altogether. */
const MOST_COPIED = 10_000_000

function sizeOf(value: Value): number {
  if (value instanceof List || value instanceof Tuple) return value.items.length
  return value instanceof Dictionary ? value.entries.size : 0
}

/**
 * The host of a checkpoint's pickles.
 *
 * @param persistent what the format's persistent ids mean; see {@link storageOf}.
 */
export function torchHost(
  path: string | undefined,
  persistent: (id: Value, fail: (why: string) => never) => Value,
): PickleHost {
  let copied = 0
  const failAt = (offset: number) => (why: string) => {
    throw new CheckpointError(`broken or unsafe pickle: ${why}`, { path, offset })
  }
  return {
    call(target, args, offset) {
      const call = calls.get(target.name)
      if (call) {
        // Calls copy lists that a pickle can recall from its memo with two bytes, over and over.
        for (const arg of args) copied += sizeOf(arg)
        if (copied > MOST_COPIED) failAt(offset)(`it copies over ${MOST_COPIED} values`)
        return call(args, failAt(offset), path)
      }
      if (target.name.startsWith('__torch__.')) {
        return failAt(offset)('a TorchScript program; save its state_dict() with torch.save')
      }
      if (/^torch\._utils\._rebuild_/.test(target.name)) {
        return failAt(offset)(`tensors made by ${target.name} (quantised, sparse, …) are not read`)
      }
      return failAt(offset)(
        `it asks to call ${target.name}, which is not among what a checkpoint may use`,
      )
    },
    persistent: (id, offset) => persistent(id, failAt(offset)),
  }
}

/**
 * The storage that a persistent id `('storage', class, key, location, count[, view])` means; of the old
 * format's `('module', class, file, source)` the class.
 */
export function storageOf(id: Value, fail: (why: string) => never): Value {
  if (!(id instanceof Tuple)) return fail('a persistent id that is no tuple')
  const [kind, type, key, , count, view] = id.items
  if (kind === 'module' && type instanceof ClassName) return type
  if (kind !== 'storage') return fail('a persistent id that means no storage')
  const dtype = storageType(type)
  if (!dtype) {
    const name = type instanceof ClassName ? type.name : 'no class'
    return fail(`elements of ${name}, which cannot be read`)
  }
  if (typeof key !== 'string' && typeof key !== 'number') return fail('a storage without a key')
  if (!isCount(count)) return fail('a storage without a valid number of elements')
  const record: StorageRecord = { dtype, key: String(key), count, start: 0 }
  if (view instanceof Tuple) {
    const [, start, length] = view.items
    if (!isCount(start) || !isCount(length) || start + length > count) {
      return fail('a view that leaves its storage')
    }
    return new Storage({ ...record, start, count: length })
  }
  return new Storage(record)
}

const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** A tensor as a view of a storage, which it may not leave. */
export function viewOfStorage(
  storage: StorageRecord,
  offset: Value | undefined,
  shape: readonly Value[],
  strides: readonly Value[],
  fail: (why: string) => never,
  path?: string,
): Tensor {
  const extents = checkedShape(shape, fail, path)
  if (!isCount(offset)) return fail('a tensor with a negative or invalid offset')
  if (strides.length !== extents.length || !strides.every(isCount)) {
    return fail('a tensor with negative or invalid strides')
  }
  const span = spanOf(extents, strides as number[])
  if (!Number.isSafeInteger(span) || offset + span > storage.count) {
    return fail(
      `a tensor of shape [${extents}] and strides [${strides}] at ${offset} ` +
        `leaves its storage of ${storage.count} elements`,
    )
  }
  return new Tensor(storage, offset, extents, strides as number[])
}

function checkedShape(
  shape: readonly Value[],
  fail: (why: string) => never,
  path: string | undefined,
): number[] {
  try {
    return checkShape(shape, '', { path })
  } catch {
    return fail('a tensor with an invalid shape')
  }
}
