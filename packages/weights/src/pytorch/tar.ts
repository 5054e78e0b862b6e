// PyTorch's oldest files (torch.save up to 0.1.9): a tar of `storages` (each with its id, its type, a
// count and elements; then views), `tensors` (each an id, its storage's id, extents, strides and an
// offset) and `pickle` (the object, in which tensors are persistent ids). pytorch/torch/serialization.py,
// legacy_load.

import { MOST_TENSORS } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import { type RangeSource, readRange, windowed } from '../source.ts'
import { elementSize, type OpenCheckpoint } from '../tensor.ts'
import { storageType, torchHost, viewOfStorage } from './globals.ts'
import { readCounts } from './legacy.ts'
import { pickleMemory, readPickle } from './pickle.ts'
import { TruncatedPickleError } from './pickle-bytes.ts'
import { findStateDict } from './state-dict.ts'
import { lazyTensors } from './tensors.ts'
import { ClassName, List, type StorageRecord, type Tensor, Tuple, type Value } from './values.ts'

const BLOCK = 512
const MOST_MEMBERS = 1_000
const MOST_OBJECTS = MOST_TENSORS
const LARGEST_PICKLE = 64 * 1024 * 1024

/** Whether a file that starts so is a tar: `ustar` at its place in the first header, or an old header. */
export function startsAsTar(start: Uint8Array): boolean {
  return start.length >= BLOCK && start[0] !== 0 && hasChecksum(start.subarray(0, BLOCK))
}

/** Opens a file of this format. */
export async function openTorchTar(source: RangeSource): Promise<OpenCheckpoint> {
  const { path } = source
  // All but the elements is read in small pieces.
  const small = windowed(source)
  const members = await readMembers(small)
  const member = (name: string): Reader => {
    const found = members.get(name)
    if (found) return new Reader(small, found.offset, found.offset + found.size)
    throw new CheckpointError(`a tar without '${name}': no PyTorch file`, { path })
  }
  const { storages, places } = await readStorages(member('storages'))
  const tensors = await readTensors(member('tensors'), storages)
  const host = torchHost(path, (id, fail) => {
    if (id instanceof Tuple && id.items[0] instanceof ClassName) return id.items[0]
    return tensors.get(String(id)) ?? fail('a persistent id that means no tensor')
  })
  const pickle = member('pickle')
  const { tensors: named, metadata } = findStateDict(await pickle.pickle(host), path)
  const lazy = lazyTensors(named, ({ key }) => ({ source, offset: places.get(key)! }))
  const close = async () => source.close?.()
  return { format: 'pytorch-tar', tensors: lazy, metadata, close }
}

async function readMembers(source: RangeSource) {
  const members = new Map<string, { offset: number; size: number }>()
  let place = 0
  for (let count = 0; place + BLOCK <= source.size; count++) {
    const header = await readRange(source, place, BLOCK, 'a header of the tar')
    if (header.every((byte) => byte === 0)) break
    const fail = (why: string): never => {
      throw new CheckpointError(why, { path: source.path, offset: place })
    }
    if (count >= MOST_MEMBERS) fail(`a tar of over ${MOST_MEMBERS} members`)
    if (!hasChecksum(header)) fail('a damaged header in the tar')
    const size = octal(header.subarray(124, 136))
    const offset = place + BLOCK
    if (offset + size > source.size) {
      fail(`truncated: a member of ${size} bytes at ${offset}, the file ends at ${source.size}`)
    }
    const name = text(header.subarray(0, 100)).replace(/^\.\//, '')
    if (!members.has(name)) members.set(name, { offset, size })
    place = offset + Math.ceil(size / BLOCK) * BLOCK
  }
  return members
}

function hasChecksum(header: Uint8Array): boolean {
  const stored = octal(header.subarray(148, 156))
  let sum = 8 * 0x20
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte
  return stored === sum
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
}

const octal = (bytes: Uint8Array) => Number.parseInt(text(bytes).trim() || '0', 8)

/** Reads a member from its start: pickles and numbers in turn. */
class Reader {
  readonly source: RangeSource
  place: number
  readonly end: number

  constructor(source: RangeSource, start: number, end: number) {
    this.source = source
    this.place = start
    this.end = end
  }

  /** One pickle; most are a few bytes, so little is read at first. */
  async pickle(
    host = torchHost(this.source.path, (_, fail) => fail('a persistent id')),
  ): Promise<Value> {
    for (let length = 1024; ; length *= 8) {
      const available = Math.min(length, this.end - this.place)
      const bytes = await readRange(this.source, this.place, available, 'a pickle')
      try {
        const { value, end } = readPickle(bytes, host, {
          path: this.source.path,
          base: this.place,
          memory: pickleMemory(this.source.size),
        })
        this.place += end
        return value
      } catch (error) {
        const isWhole = length >= this.end - this.place || length >= LARGEST_PICKLE
        if (isWhole || !(error instanceof TruncatedPickleError)) throw error
      }
    }
  }

  async count(what: string): Promise<number> {
    return (await this.counts(what, 1))[0]!
  }

  async counts(what: string, length: number): Promise<number[]> {
    if (this.place + 8 * length > this.end) this.fail(`truncated: ${what} is missing`)
    this.place += 8 * length
    return readCounts(this.source, this.place - 8 * length, length, what)
  }

  async numberOf(what: string): Promise<number> {
    const value = await this.pickle()
    if (typeof value === 'number' && value >= 0 && value <= MOST_OBJECTS) return value
    return this.fail(`the number of ${what} is missing or too large`)
  }

  async tuple(what: string, length: number): Promise<readonly Value[]> {
    const value = await this.pickle()
    if (value instanceof Tuple && value.items.length === length) return value.items
    return this.fail(`${what} should be ${length} values`)
  }

  fail(why: string): never {
    throw new CheckpointError(why, { path: this.source.path, offset: this.place })
  }
}

async function readStorages(reader: Reader) {
  const storages = new Map<string, StorageRecord>()
  const places = new Map<string, number>()
  const total = await reader.numberOf('storages')
  for (let index = 0; index < total; index++) {
    const [id, , type] = await reader.tuple('a storage', 3)
    const key = String(id)
    const dtype = storageType(type)
    if (!dtype) {
      const name = type instanceof ClassName ? type.name : 'no class'
      return reader.fail(`storage ${key} has elements of ${name}, which cannot be read`)
    }
    const count = await reader.count(`the length of storage ${key}`)
    places.set(key, reader.place)
    storages.set(key, { dtype, key, count, start: 0 })
    reader.place += count * elementSize(dtype)
    if (reader.place > reader.end) {
      reader.place = reader.end
      reader.fail(`truncated: storage ${key} of ${count} elements does not fit`)
    }
  }
  const views = await reader.pickle()
  if (!(views instanceof List)) return reader.fail('the list of views is missing')
  for (const view of views.items) {
    const [id, rootId, start, count] = view instanceof Tuple ? view.items : []
    const root = storages.get(String(rootId))
    const isInside =
      typeof start === 'number' &&
      typeof count === 'number' &&
      start >= 0 &&
      count >= 0 &&
      start + count <= (root?.count ?? -1)
    if (!root || !isInside) return reader.fail('a view that leaves its storage')
    storages.set(String(id), { ...root, start: root.start + start, count })
  }
  return { storages, places }
}

async function readTensors(reader: Reader, storages: ReadonlyMap<string, StorageRecord>) {
  const tensors = new Map<string, Tensor>()
  const total = await reader.numberOf('tensors')
  for (let index = 0; index < total; index++) {
    const [id, storageId] = await reader.tuple('a tensor', 3)
    const storage = storages.get(String(storageId))
    if (!storage) return reader.fail('a tensor whose storage is not there')
    // An int32 of axes and four bytes of filling.
    const axes = (await reader.count('the number of axes')) % 2 ** 32
    if (axes > 64) reader.fail(`a tensor of ${axes} axes`)
    const numbers = await reader.counts('extents, strides and an offset', 2 * axes + 1)
    const shape = numbers.slice(0, axes)
    const strides = numbers.slice(axes, -1)
    const offset = numbers.at(-1)
    const fail = (why: string) => reader.fail(why)
    const view = viewOfStorage(storage, offset, shape, strides, fail, reader.source.path)
    tensors.set(String(id), view)
  }
  return tensors
}
