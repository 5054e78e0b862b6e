// PyTorch's files from before zip (torch.save of 0.1.10 to 1.5, and with _use_new_zipfile_serialization
// False since): five pickles, which are a magic number, the protocol version, facts on the writer's
// machine, the object and the list of storages; then each storage as an int64 count and its elements,
// little-endian whatever machine wrote them. pytorch/torch/serialization.py, _legacy_save.

import { MOST_TENSORS } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import { type RangeSource, readRange, windowed } from '../source.ts'
import { elementSize, type OpenCheckpoint } from '../tensor.ts'
import { storageOf, torchHost } from './globals.ts'
import { pickleMemory, readPickle } from './pickle.ts'
import { TruncatedPickleError } from './pickle-bytes.ts'
import { findStateDict } from './state-dict.ts'
import { lazyTensors } from './tensors.ts'
import { Instance, List, Storage, type StorageRecord, type Value } from './values.ts'

const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001
/** Where to look for the pickles first, and the farthest that they may reach. */
const FIRST_READ = 256 * 1024
const LARGEST_PICKLES = 64 * 1024 * 1024
const MOST_STORAGES = MOST_TENSORS

/** Whether a file that starts so is of this format: a pickle of a 10-byte integer, the magic number. */
export function startsAsLegacy(start: Uint8Array): boolean {
  // From protocol 4 on, a frame of so many bytes comes first.
  const place = start[2] === 0x95 ? 11 : 2
  return start[0] === 0x80 && start[place] === 0x8a && start[place + 1] === 10
}

/** Opens a file of this format. */
export async function openTorchLegacy(source: RangeSource): Promise<OpenCheckpoint> {
  const { path } = source
  const { root, keys, storages, end } = await readPickles(source)
  const { tensors, metadata } = findStateDict(root, path)
  const places = await placeStorages(source, keys, storages, end)
  const lazy = lazyTensors(tensors, ({ key }, name) => {
    const offset = places.get(key)
    if (offset !== undefined) return { source, offset }
    throw new CheckpointError(`tensor '${name}': its storage ${key} is not in the file`, {
      path,
      offset: end,
    })
  })
  const close = async () => source.close?.()
  return { format: 'pytorch-legacy', tensors: lazy, metadata, close }
}

interface Pickles {
  root: Value
  keys: string[]
  storages: Map<string, StorageRecord>
  /** Byte after the last pickle. */
  end: number
}

/** Reads ever more of the file's start until the pickles are whole in it. */
async function readPickles(source: RangeSource): Promise<Pickles> {
  for (let length = FIRST_READ; ; length *= 4) {
    const bytes = await readRange(source, 0, Math.min(length, source.size), 'the pickles')
    try {
      return parsePickles(bytes, source.path, pickleMemory(source.size))
    } catch (error) {
      const isWhole = length >= source.size || length >= LARGEST_PICKLES
      if (isWhole || !(error instanceof TruncatedPickleError)) throw error
    }
  }
}

function parsePickles(bytes: Uint8Array, path: string | undefined, memory: number): Pickles {
  const storages = new Map<string, StorageRecord>()
  const host = torchHost(path, (id, fail, offset) => {
    const found = storageOf(id, fail, offset)
    // Where the storages behind this one begin would not be known.
    if (found instanceof Instance) fail(found.refusal!.why)
    if (found instanceof Storage) {
      const { key, dtype, start, count } = found.record
      const known = storages.get(key)
      if (known && known.dtype !== dtype) fail(`storage ${key} has two element types`)
      // Of a view, the whole storage is at least as long as the view's end.
      const whole = Math.max(known?.count ?? 0, start + count)
      storages.set(key, { dtype, key, count: whole, start: 0 })
    }
    return found
  })
  let start = 0
  const next = (): Value => {
    const { value, end } = readPickle(bytes, host, { path, start, memory })
    start = end
    return value
  }
  const fail = (why: string, offset: number): never => {
    throw new CheckpointError(why, { path, offset })
  }
  if (next() !== MAGIC) fail('no PyTorch file: it begins as one and has another magic number', 0)
  const afterMagic = start
  const protocol = next()
  if (protocol !== PROTOCOL) {
    fail(`protocol version ${String(protocol).slice(0, 50)}; only ${PROTOCOL} is known`, afterMagic)
  }
  next() // Facts on the writer's machine; the file does not depend on them.
  const root = next()
  const beforeKeys = start
  const list = next()
  if (!(list instanceof List) || list.items.length > MOST_STORAGES) {
    return fail('the list of storages is missing or too long', beforeKeys)
  }
  const keys = list.items.map((key) =>
    typeof key === 'string' || typeof key === 'number'
      ? String(key)
      : fail('the list of storages has a key that is no text', beforeKeys),
  )
  return { root, keys, storages, end: start }
}

/** Walks over the storages after the pickles: where the elements of each begin, by key. */
async function placeStorages(
  source: RangeSource,
  keys: readonly string[],
  storages: ReadonlyMap<string, StorageRecord>,
  start: number,
): Promise<Map<string, number>> {
  const places = new Map<string, number>()
  const counts = windowed(source)
  let place = start
  for (const key of keys) {
    const storage = storages.get(key)
    const fail = (why: string): never => {
      throw new CheckpointError(`storage ${key} ${why}`, { path: source.path, offset: place })
    }
    if (!storage) return fail('is listed and no tensor uses it')
    if (places.has(key)) fail('is listed twice')
    const [count] = await readCounts(counts, place, 1, `the length of storage ${key}`)
    if (count! < storage.count) fail(`has ${count} elements where ${storage.count} should be`)
    const end = place + 8 + count! * elementSize(storage.dtype)
    if (end > source.size) {
      fail(`is truncated: it should end at byte ${end}, the file ends at ${source.size}`)
    }
    places.set(key, place + 8)
    place = end
  }
  return places
}

/** Int64s that count something. */
export async function readCounts(
  source: RangeSource,
  offset: number,
  length: number,
  what: string,
): Promise<number[]> {
  const bytes = await readRange(source, offset, 8 * length, what)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length }, (_, index) => {
    const count = Number(view.getBigInt64(8 * index, true))
    if (Number.isSafeInteger(count) && count >= 0) return count
    const where = { path: source.path, offset: offset + 8 * index }
    throw new CheckpointError(`${what}: ${count} is no count`, where)
  })
}
