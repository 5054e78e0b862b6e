// NumPy's .npy format: written as version 1.0, so that features go straight into numpy.load, and read; and
// archives of such files, .npz, which NumPy reads and writes as named arrays.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { Zip, ZipPassThrough } from 'fflate'
import { checkShape, lazyTensor } from './elements.ts'
import { CheckpointError } from './error.ts'
import { dtypesByNumpyType, numpyTypes, openPickledArrays } from './pytorch/numpy.ts'
import { type RangeSource, readRange } from './source.ts'
import {
  bytesOf,
  elementCount,
  elementSize,
  type LazyTensor,
  type OpenCheckpoint,
  requireWhole,
  type StoredDType,
  type StoredTensor,
} from './tensor.ts'
import type { ZipArchive } from './zip.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Arrays of one archive, in which each has a header of its own to be read. */
const MOST_ARRAYS = 8_000
/** Headers are some 100 bytes; NumPy itself refuses to parse those of over 10,000. */
const LARGEST_HEADER = 10_000

/**
 * The header of a .npy file, row-major and little-endian; the elements follow it.
 *
 * @param shape extents, outermost first.
 * @param dtype default float32.
 */
export function encodeNpyHeader(
  shape: readonly number[],
  dtype: StoredDType = 'float32',
): Uint8Array<ArrayBuffer> {
  const description = numpyTypes[dtype]
  if (!description) throw new RangeError(`NumPy has no element type ${dtype}`)
  const order = elementSize(dtype) === 1 ? '|' : '<'
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${order}${description}', 'fortran_order': False, 'shape': ${tuple}, }`
  // Magic (6), version (2), length (2), text, spaces and a newline: a multiple of 64 together.
  const total = Math.ceil((10 + text.length + 1) / 64) * 64
  const bytes = new Uint8Array(total).fill(0x20)
  bytes.set([...MAGIC, 1, 0])
  new DataView(bytes.buffer).setUint16(8, total - 10, true)
  bytes.set(new TextEncoder().encode(text), 10)
  bytes[total - 1] = 0x0a
  return bytes
}

/**
 * Writes tensors as an uncompressed .npz, for numpy.load.
 *
 * @returns the file in chunks, the tensors' own memory among them: to be written before they change.
 * @throws RangeError when a tensor's shape and number of elements disagree, for bfloat16, and past 4 GiB.
 */
export function encodeNpz(tensors: ReadonlyMap<string, StoredTensor>): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let failure: Error | null = null
  let size = 0
  const zip = new Zip((error, chunk) => {
    failure ??= error
    size += chunk.byteLength
    chunks.push(chunk)
  })
  for (const [name, tensor] of tensors) {
    requireWhole(name, tensor)
    const entry = new ZipPassThrough(`${name}.npy`)
    // One fixed moment (the first that zip knows), so that equal tensors give equal files.
    entry.mtime = new Date(1980, 0, 1)
    zip.add(entry)
    entry.push(encodeNpyHeader(tensor.shape, tensor.dtype))
    entry.push(bytesOf(tensor.data), true)
  }
  zip.end()
  if (failure) throw failure
  if (size > 0xffffffff) {
    throw new RangeError('an .npz of over 4 GiB cannot be written; use safetensors')
  }
  return chunks
}

/** Whether an archive holds .npy files, as .npz does. */
export function isNpz(archive: ZipArchive): boolean {
  for (const name of archive.entries.keys()) if (name.endsWith('.npy')) return true
  return false
}

/**
 * Opens an .npz archive. What is no array of numbers (texts, objects, other files) holds no weights and is
 * passed over.
 */
export async function openNpz(archive: ZipArchive): Promise<OpenCheckpoint> {
  const { source } = archive
  const tensors = new Map<string, LazyTensor>()
  let passedOver = 0
  for (const entry of archive.entries.values()) {
    const name = entry.name.replace(/\.npy$/, '')
    // What is hidden are leavings of the tools that packed it (`__MACOSX/._w.npy`).
    if (name === entry.name || /(^|\/)\.[^/]*$/.test(name)) continue
    const where = { path: source.path, offset: entry.offset }
    if (tensors.size + passedOver >= MOST_ARRAYS) {
      throw new CheckpointError(`it holds over ${MOST_ARRAYS} arrays`, where)
    }
    const header = await readNpyHeader(archive.entryStart(entry), name, where)
    if (isText(header)) passedOver++
    else tensors.set(name, arrayOf(archive.entrySource(entry), name, header, where))
  }
  if (tensors.size === 0 && passedOver > 0) {
    throw new CheckpointError('its arrays are texts or objects: there are no numbers in it', source)
  }
  return { format: 'npz', tensors, metadata: {}, close: async () => source.close?.() }
}

/** Whether a file that starts so is a .npy file. */
export const startsAsNpy = (start: Uint8Array) => MAGIC.every((byte, i) => start[i] === byte)

/**
 * Opens a lone .npy file: one array, called `tensor`; or, as some published weights are kept, an object that
 * holds arrays by name, `{'conv1': [weight, bias]}`.
 */
export async function openNpy(source: RangeSource): Promise<OpenCheckpoint> {
  const { path } = source
  const close = async () => source.close?.()
  const header = await readNpyHeader(source, 'tensor', { path })
  const opened = { format: 'npy', metadata: {}, close }
  if (header.type === 'O') {
    return { ...opened, tensors: await openPickledArrays(source, header.end, header.shape) }
  }
  if (isText(header)) {
    throw new CheckpointError('an array of texts: there are no numbers in it', { path, offset: 0 })
  }
  return { ...opened, tensors: new Map([['tensor', arrayOf(source, 'tensor', header, { path })]]) }
}

/** What a header says. */
interface NpyHeader {
  bigEndian: boolean
  /** `f4`, `O`, … */
  type: string
  isFortran: boolean
  shape: number[]
  /** Byte after the header. */
  end: number
}

interface Where {
  path?: string | undefined
  offset?: number
}

/** Text, bytes, objects, records, dates, complex numbers: what no weights are made of. */
const isText = ({ type }: NpyHeader) => /^[SUOVMmac]/.test(type)

async function readNpyHeader(source: RangeSource, name: string, where: Where): Promise<NpyHeader> {
  const fail = (why: string): never => {
    throw new CheckpointError(`array '${name}' ${why}`, where)
  }
  const start = await readRange(source, 0, Math.min(12, source.size), `array '${name}'`)
  if (start.length < 12 || !startsAsNpy(start)) fail('is no .npy file')
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const isShort = start[6] === 1
  if (!isShort && start[6] !== 2 && start[6] !== 3) fail(`has the unknown version ${start[6]}`)
  const headerStart = isShort ? 10 : 12
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > LARGEST_HEADER) fail(`has a header of ${length} bytes, over ${LARGEST_HEADER}`)
  const what = `the header of array '${name}'`
  const bytes = await readRange(source, headerStart, length, what)
  return { ...parseNpyHeader(bytes, name, fail, where), end: headerStart + length }
}

/** A header's text: a Python dictionary of exactly three keys, in any order, as NumPy demands. */
function parseNpyHeader(
  bytes: Uint8Array,
  name: string,
  fail: (why: string) => never,
  where: Where,
) {
  const text = new TextDecoder().decode(bytes)
  const fields = new Map<string, string>()
  const trimmed = text.trim()
  const isBraced = trimmed.startsWith('{') && trimmed.endsWith('}')
  const body = isBraced ? trimmed.slice(1, -1) : undefined
  // A key and its value: a word in quotes, True or False, a tuple of numbers, a list of records' fields.
  const field = /\s*(['"])(\w+)\1\s*:\s*(['"][^'"\\]*['"]|\w+|\([\dL,\s]*\)|\[.*\])\s*(?:,|$)/sy
  let place = 0
  while (body !== undefined && body.slice(place).trim() !== '') {
    field.lastIndex = place
    const [, , key, value] = field.exec(body) ?? []
    if (key === undefined || fields.has(key)) return fail('has a header that cannot be read')
    fields.set(key, value!)
    place = field.lastIndex
  }
  const description = /^(['"])([<>|=]?)(\w+)(?:\[\w+\])?\1$/.exec(fields.get('descr') ?? '')
  const isRecord = fields.get('descr')?.startsWith('[')
  const order = fields.get('fortran_order')
  const shape = extentsOf(fields.get('shape') ?? '')
  const isOrder = order === 'True' || order === 'False'
  if (fields.size !== 3 || !(description || isRecord) || !isOrder || !shape) {
    return fail('has a header that cannot be read')
  }
  const [, , byteOrder, type] = description ?? []
  return {
    bigEndian: byteOrder === '>',
    type: type ?? 'V',
    isFortran: order === 'True',
    shape: checkShape(shape, name, where),
  }
}

/** The numbers of a tuple, `()`, `(3,)`, `(3, 4)`, of Python 2 `(3L, 4L)`; undefined for anything else. */
function extentsOf(tuple: string): number[] | undefined {
  if (!tuple.startsWith('(') || tuple.slice(1, -1).trim() === '') {
    return /^\(\s*\)$/.test(tuple) ? [] : undefined
  }
  const extents = tuple
    .slice(1, -1)
    .split(',')
    .map((extent) => extent.trim())
  // A comma may follow the last number, and must follow the only one.
  if (extents.length > 1 && extents.at(-1) === '') extents.pop()
  else if (extents.length === 1) return undefined
  if (!extents.every((extent) => /^\d+L?$/.test(extent))) return undefined
  return extents.map((extent) => Number.parseInt(extent, 10))
}

/** The array behind a header. */
function arrayOf(
  source: RangeSource,
  name: string,
  { bigEndian, type, isFortran, shape, end }: NpyHeader,
  where: Where,
): LazyTensor {
  const storedAs = dtypesByNumpyType.get(type)
  if (!storedAs) {
    throw new CheckpointError(
      `array '${name}' has the element type ${type}, which cannot be read`,
      where,
    )
  }
  const needed = end + elementCount(shape) * elementSize(storedAs)
  if (needed !== source.size) {
    throw new CheckpointError(
      `array '${name}' should be ${needed} bytes and is ${source.size}`,
      where,
    )
  }
  const strides = isFortran ? shape.map((_, axis) => elementCount(shape.slice(0, axis))) : undefined
  // The first elements with the header in front of them, so that the archive's CRC-32 covers what is read.
  const { size, path, isPacked } = source
  const elements: RangeSource = {
    size,
    path,
    isPacked,
    read: async (offset, count) =>
      offset === end
        ? (await source.read(0, end + count)).subarray(end)
        : source.read(offset, count),
  }
  return lazyTensor(elements, name, { storedAs, shape, offset: end, bigEndian, strides })
}
