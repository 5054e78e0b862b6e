// NumPy's .npy format, version 1.0, so that features go straight into numpy.load, and archives of such
// files, .npz, which NumPy reads and writes as named arrays.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

import { Zip, ZipPassThrough } from 'fflate'
import { checkShape, lazyTensor } from './elements.ts'
import { CheckpointError } from './error.ts'
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
import type { ZipArchive, ZipEntry } from './zip.ts'

/** NumPy's names of element types, without the byte order; NumPy has no bfloat16. */
const descriptions: Partial<Record<StoredDType, string>> = {
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
const dtypesByDescription = new Map(
  Object.entries(descriptions).map(([dtype, description]) => [description, dtype as StoredDType]),
)

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
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
  const description = descriptions[dtype]
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

/** Whether an archive holds .npy files only, as .npz does. */
export function isNpz(archive: ZipArchive): boolean {
  return (
    archive.entries.size > 0 && [...archive.entries.keys()].every((name) => /\.npy$/.test(name))
  )
}

/** Opens an .npz archive. */
export async function openNpz(archive: ZipArchive): Promise<OpenCheckpoint> {
  const tensors = new Map<string, LazyTensor>()
  for (const entry of archive.entries.values()) {
    const name = entry.name.replace(/\.npy$/, '')
    tensors.set(name, await openNpy(archive.entrySource(entry), name, entry))
  }
  const close = async () => archive.source.close?.()
  return { format: 'npz', tensors, metadata: {}, close }
}

async function openNpy(source: RangeSource, name: string, entry: ZipEntry): Promise<LazyTensor> {
  const where = { path: source.path, offset: entry.offset }
  const fail = (why: string): never => {
    throw new CheckpointError(`array '${name}' ${why}`, where)
  }
  const start = await readRange(source, 0, Math.min(12, source.size), `array '${name}'`)
  if (start.length < 12 || MAGIC.some((byte, i) => start[i] !== byte)) fail('is no .npy file')
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const isShort = start[6] === 1
  if (!isShort && start[6] !== 2 && start[6] !== 3) fail(`has the unknown version ${start[6]}`)
  const headerStart = isShort ? 10 : 12
  const length = isShort ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > LARGEST_HEADER) fail(`has a header of ${length} bytes, over ${LARGEST_HEADER}`)
  // From the start, so that the archive's CRC-32 goes on with the elements behind it.
  const front = await readRange(source, 0, headerStart + length, `the header of array '${name}'`)
  const header = new TextDecoder().decode(front.subarray(headerStart))
  const description = /'descr': *'([<>|=]?)(\w+)'/.exec(header)
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1]
  const extents = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1]
  if (!description || !order || extents === undefined)
    return fail('has a header that cannot be read')
  const storedAs = dtypesByDescription.get(description[2]!)
  if (!storedAs) return fail(`has the element type ${description[2]}, which cannot be read`)
  const shape = checkShape(
    extents
      .split(',')
      .filter((text) => text.trim())
      .map(Number),
    name,
    where,
  )
  const needed = headerStart + length + elementCount(shape) * elementSize(storedAs)
  if (needed !== source.size) fail(`should be ${needed} bytes and is ${source.size}`)
  const strides =
    order === 'True' ? shape.map((_, axis) => elementCount(shape.slice(0, axis))) : undefined
  // The elements with the header in front of them, so that the archive's CRC-32 covers what is read.
  const elements: RangeSource = {
    ...source,
    size: source.size,
    read: async (offset, count) => {
      const isAll = offset === headerStart + length && offset + count === source.size
      if (!isAll) return source.read(offset, count)
      return (await source.read(0, source.size)).subarray(offset)
    },
  }
  const bigEndian = description[1] === '>'
  const place = { storedAs, shape, offset: headerStart + length, bigEndian }
  return lazyTensor(elements, name, { ...place, ...(strides ? { strides } : {}) })
}
