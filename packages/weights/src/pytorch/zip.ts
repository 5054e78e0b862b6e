// PyTorch's zip files (torch.save since 1.6): `ROOT/data.pkl` holds the object, `ROOT/data/KEY` one
// storage each, mostly stored, so that tensors can be read by ranges; `ROOT/byteorder` is there since
// 2.1. pytorch/caffe2/serialize/inline_container.h describes them.

import { spanOf } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import type { RangeSource } from '../source.ts'
import { elementSize, type OpenCheckpoint, type StoredDType } from '../tensor.ts'
import type { ZipArchive } from '../zip.ts'
import { storageOf, torchHost } from './globals.ts'
import { pickleMemory, readPickle } from './pickle.ts'
import { findStateDict } from './state-dict.ts'
import { lazyTensors, type StoragePlace } from './tensors.ts'
import { Storage, type StorageRecord } from './values.ts'

/** Largest data.pkl: tensors are not in it, so a network's is a few kilobytes. */
const LARGEST_PICKLE = 64 * 1024 * 1024
/** Largest that a deflated one may unpack to, as a share of what its values may take. */
const DEFLATED_SHARE = 1 / 2
/** Newest file format version: kMaxSupportedFileFormatVersion of PyTorch 2. */
const NEWEST_VERSION = 10

/** The folder in which an archive holds a PyTorch checkpoint, `archive/`; undefined if it holds none. */
export function torchRoot(archive: ZipArchive): string | undefined {
  for (const name of archive.entries.keys()) {
    const match = /^([^/]*\/)?data\.pkl$/.exec(name)
    if (match) return match[1] ?? ''
  }
  return undefined
}

/** Opens the checkpoint under `root` of an archive. */
export async function openTorchZip(archive: ZipArchive, root: string): Promise<OpenCheckpoint> {
  const { path } = archive.source
  const entry = archive.entries.get(`${root}data.pkl`)!
  const memory = pickleMemory(archive.source.size)
  const largest = entry.isDeflated ? Math.floor(memory * DEFLATED_SHARE) : LARGEST_PICKLE
  if (entry.size > largest) {
    throw new CheckpointError(`data.pkl of ${entry.size} bytes is larger than ${largest}`, {
      path,
      offset: entry.offset,
    })
  }
  await checkVersion(archive, root)
  const bigEndian = await isBigEndian(archive, root)
  const pickle = await archive.read(entry)
  const host = torchHost(path, oneTypeEach())
  const { value } = readPickle(pickle, host, { path, base: entry.offset, memory })
  const { tensors, metadata } = findStateDict(value, path)

  const storages = new Map<string, RangeSource>()
  const locate = ({ key, start, count, dtype }: StorageRecord, name: string): StoragePlace => {
    const data = archive.entries.get(`${root}data/${key}`)
    const needed = (start + count) * elementSize(dtype)
    if (!data || data.size < needed) {
      throw new CheckpointError(
        data
          ? `tensor '${name}': its storage should be ${needed} bytes and is ${data.size}`
          : `tensor '${name}': its storage 'data/${key}' is missing`,
        { path, offset: data?.offset },
      )
    }
    const { shape, strides, offset } = tensors.get(name)!
    const read = spanOf(shape, strides) * elementSize(dtype)
    const isWhole = start + offset === 0 && read === data.size
    const known = storages.get(key)
    if (known) archive.keep(data)
    const source = known ?? (isWhole ? archive.entrySource(data) : archive.checkedSource(data))
    storages.set(key, source)
    return { source, offset: 0 }
  }
  const lazy = lazyTensors(tensors, locate, bigEndian)
  const close = async () => archive.source.close?.()
  return { format: 'pytorch-zip', tensors: lazy, metadata, close }
}

/** What persistent ids mean; a storage has one element type, whoever asks for it. */
function oneTypeEach(): typeof storageOf {
  const types = new Map<string, StoredDType>()
  return (id, fail, offset) => {
    const found = storageOf(id, fail, offset)
    if (!(found instanceof Storage)) return found
    const { key, dtype } = found.record
    if ((types.get(key) ?? dtype) !== dtype) fail(`storage ${key} has two element types`)
    types.set(key, dtype)
    return found
  }
}

async function readText(archive: ZipArchive, name: string): Promise<string | undefined> {
  const entry = archive.entries.get(name)
  if (!entry) return undefined
  if (entry.size > 100) {
    throw new CheckpointError(`entry '${name}' should be a word and has ${entry.size} bytes`, {
      path: archive.source.path,
      offset: entry.offset,
    })
  }
  return new TextDecoder().decode(await archive.read(entry)).trim()
}

async function checkVersion(archive: ZipArchive, root: string): Promise<void> {
  const text = await readText(archive, `${root}version`)
  if (text === undefined || (/^\d+$/.test(text) && Number(text) <= NEWEST_VERSION)) return
  throw new CheckpointError(
    `its format version is '${text}'; versions up to ${NEWEST_VERSION} are known`,
    { path: archive.source.path, offset: archive.entries.get(`${root}version`)!.offset },
  )
}

async function isBigEndian(archive: ZipArchive, root: string): Promise<boolean> {
  const text = await readText(archive, `${root}byteorder`)
  if (text === undefined || text === 'little') return false
  if (text === 'big') return true
  throw new CheckpointError(`its byte order is '${text}', neither little nor big`, {
    path: archive.source.path,
    offset: archive.entries.get(`${root}byteorder`)!.offset,
  })
}
