// The closed list of what a PyTorch checkpoint may call, and what each name stands for here. A call of
// anything else is not made: what it would have given is lost, which state-dict.ts minds where weights
// depend on it. Classes outside the list may be named and given attributes, as whole pickled modules do,
// since that makes a record and runs nothing.

import { checkShape, spanOf } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import type { StoredDType } from '../tensor.ts'
import { ELEMENT_BYTES, ENTRY_BYTES, type PickleHost } from './pickle.ts'
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

/** What a call may need besides its arguments. */
interface Context {
  fail: (why: string) => never
  /** Told of the bytes that the call takes. */
  spend: (bytes: number) => void
  path: string | undefined
  /** Byte of the file at which the call stands. */
  offset: number
}
/** Letters of a storage's key, which are a number or an address. */
const LONGEST_KEY = 100

type Call = (args: readonly Value[], context: Context) => Value

const opaque =
  (className: string): Call =>
  (args) =>
    new Instance(className, args)

/** What Python 2 made objects by: the class, its base, a value of the base. */
const reconstructor: Call = (args) => {
  const [type] = args
  return new Instance(type instanceof ClassName ? type.name : 'object', args)
}

const rebuildTensor: Call = ([storage, offset, shape, strides], { fail, path }) => {
  // Of a type that cannot be read: nobody may need it.
  if (storage instanceof Instance) return storage
  if (!(storage instanceof Storage)) return fail('a tensor without a storage')
  if (!(shape instanceof Tuple) || !(strides instanceof Tuple)) return fail('a tensor of no shape')
  return viewOfStorage(storage.record, offset, shape.items, strides.items, fail, path)
}

const firstArgument: Call = ([tensor], { fail }) => tensor ?? fail('an empty parameter')

/** A tensor of a derived class: the call that makes it, its class, the arguments, and attributes. */
const rebuildFromType: Call = ([rebuild, , args], context) => {
  if (!(rebuild instanceof ClassName) || !(args instanceof Tuple)) {
    return context.fail('a tensor of no type')
  }
  return makeCall(rebuild, args.items, context)
}

const dictionary: Call = ([pairs], { fail, spend }) => {
  const result = new Dictionary()
  if (pairs === undefined) return result
  // Pickles can recall one dictionary from their memo with two bytes, and have it copied over and over.
  spend(ENTRY_BYTES * sizeOf(pairs))
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

const list: Call = ([items], { spend }) => {
  if (!(items instanceof List || items instanceof Tuple)) return new List([])
  spend(ELEMENT_BYTES * items.items.length)
  return new List([...items.items])
}

const calls = new Map<string, Call>([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', firstArgument],
  ['torch._utils._rebuild_parameter_with_state', firstArgument],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['collections.OrderedDict', dictionary],
  // What optimisers, schedulers and arguments of training scripts add; none of it holds weights.
  ['collections.Counter', dictionary],
  ['collections.defaultdict', ([, pairs], context) => dictionary(pairs ? [pairs] : [], context)],
  ['__builtin__.set', list],
  ['builtins.set', list],
  ['torch.Size', list],
  ['torch.device', opaque('torch.device')],
  ['_codecs.encode', ([text]) => (typeof text === 'string' ? text : '')],
  ['copy_reg._reconstructor', reconstructor],
  ['copyreg._reconstructor', reconstructor],
  ['numpy.dtype', opaque('numpy.dtype')],
  ['numpy.core.multiarray.scalar', opaque('numpy.scalar')],
  ['numpy._core.multiarray.scalar', opaque('numpy.scalar')],
  ['numpy.core.multiarray._reconstruct', opaque('numpy.ndarray')],
  ['numpy._core.multiarray._reconstruct', opaque('numpy.ndarray')],
])

function makeCall(target: ClassName, args: readonly Value[], context: Context): Value {
  const call = calls.get(target.name)
  if (call) return call(args, context)
  return new Instance(target.name, args, refusalOf(target.name, context.offset))
}

function refusalOf(name: string, offset: number): Instance['refusal'] {
  if (name.startsWith('__torch__.')) {
    const why = 'a TorchScript program; save its state_dict() with torch.save'
    return { why, offset, isTensor: true }
  }
  if (/^torch\._utils\._rebuild_/.test(name)) {
    const why = `tensors made by ${name} (quantised, sparse, …) are not read`
    return { why, offset, isTensor: true }
  }
  const why = `it asks to call ${name}, which is not among what a checkpoint may use`
  return { why, offset, isTensor: false }
}

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
  persistent: (id: Value, fail: (why: string) => never, offset: number) => Value,
): PickleHost {
  const failAt = (offset: number) => (why: string) => {
    throw new CheckpointError(`broken or unsafe pickle: ${why}`, { path, offset })
  }
  return {
    call: (target, args, offset, spend) =>
      makeCall(target, args, { fail: failAt(offset), spend, path, offset }),
    persistent: (id, offset) => persistent(id, failAt(offset), offset),
  }
}

/**
 * The storage that a persistent id `('storage', class, key, location, count[, view])` means; of the old
 * format's `('module', class, file, source)` the class.
 */
export function storageOf(id: Value, fail: (why: string) => never, offset: number): Value {
  if (!(id instanceof Tuple)) return fail('a persistent id that is no tuple')
  const [kind, type, key, , count, view] = id.items
  if (kind === 'module' && type instanceof ClassName) return type
  if (kind !== 'storage') return fail('a persistent id that means no storage')
  const dtype = storageType(type)
  if (!dtype) {
    const name = type instanceof ClassName ? type.name : 'no class'
    const why = `elements of ${name}, which cannot be read`
    return new Instance(name, [], { why, offset, isTensor: true })
  }
  if ((typeof key !== 'string' && typeof key !== 'number') || String(key).length > LONGEST_KEY) {
    return fail('a storage without a valid key')
  }
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
