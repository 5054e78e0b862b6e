// Data sets of pictures that are anywhere: a list of places with labels, files that were dropped on
// a page, and any data set kept decoded in memory.

import { checkIndex, type Dataset } from './dataset.ts'
import type { DecodeOptions } from './decode.ts'
import { Hash } from './hash.ts'
import { byCodePoint, className } from './names.ts'
import type { Picture } from './picture.ts'
import { decodeWith, type PictureSource, type Platform } from './picture-source.ts'

/**
 * A picture's file: its path (in a page, its address as the page writes it), a URL (`https:`, `blob:`, `data:`),
 * a Blob or File, or its bytes.
 */
export type PictureFile = string | URL | Blob | ArrayBuffer | ArrayBufferView

/** One picture of a list: its place, and its class by name. */
export interface ListedPicture {
  /** Its file, or its pixels. */
  readonly picture: PictureFile | Picture
  /** Class name. Default `unlabelled`. */
  readonly label?: string
  /** What errors call it; default the path or address, a File's name, or its number. */
  readonly name?: string
}

/** Options of `pictureList`. */
export interface PictureListOptions extends Omit<DecodeOptions, 'path'> {
  /** Name of the data set. Default `list`. */
  name?: string
  /** Class names in the order of their labels; default those found, in code point order. */
  classes?: readonly string[]
}

/** As `pictureList`, on a platform. */
export function createPictureList(
  list: readonly ListedPicture[],
  { name = 'list', classes: given, ...limits }: PictureListOptions,
  platform: Platform,
): Dataset {
  const labelOf = ({ label = 'unlabelled' }: ListedPicture) => className(label)
  const classes = given ?? [...new Set(list.map(labelOf))].sort(byCodePoint)
  const places = new Map(classes.map((name, at) => [className(name), at]))
  const labels = list.map((picture, index) => {
    const label = places.get(labelOf(picture))
    if (label === undefined) {
      throw new RangeError(
        `${name}: picture ${index} is of class "${labelOf(picture)}", which is not among ${JSON.stringify(classes)}`,
      )
    }
    return label
  })
  const sources = list.map(({ picture }) => sourceOf(picture, platform))
  const names = list.map(
    ({ name, picture }, index) => name ?? nameOf(picture) ?? `picture ${index}`,
  )
  const at = (index: number) => checkIndex(index, list.length, name)
  return {
    name,
    classes,
    length: list.length,
    limits,
    label: (index) => labels[at(index)]!,
    path: (index) => names[at(index)]!,
    source: (index) => sources[at(index)]!,
    load: async (index) => {
      const path = names[at(index)]!
      return loadSource(sources[index]!, platform, { ...limits, path })
    },
    async fingerprint() {
      const hash = new Hash().addNumber(list.length)
      list.forEach(({ picture }, index) => {
        hash.add(names[index]!).addNumber(labels[index]!)
        if (picture instanceof Blob) hash.addNumber(picture.size)
        const { byteLength } = (isPixels(picture) ? picture.data : picture) as Partial<ArrayBuffer>
        if (byteLength !== undefined) hash.addNumber(byteLength)
      })
      return hash.digest()
    },
  }
}

/** Reads and decodes a source on the calling thread, to a picture of its own. */
export async function loadSource(
  source: PictureSource,
  platform: Pick<Platform, 'read' | 'decode'>,
  options: DecodeOptions & { path: string },
): Promise<Picture> {
  if (source.kind === 'pixels') {
    return { width: source.width, height: source.height, data: source.data.slice() }
  }
  const bytes = await platform.read(source, false, options.path)
  if (source.kind === 'pixelFile')
    return { width: source.width, height: source.height, data: bytes }
  return decodeWith(bytes, platform, options)
}

/** Decodes one picture's file on the calling thread. */
export async function decodeFile(
  picture: PictureFile,
  platform: Platform,
  options: DecodeOptions,
): Promise<Picture> {
  if (isPixels(picture)) throw notAFile(picture)
  const source = sourceOf(picture, platform)
  if (source.kind === 'bytes') return decodeWith(source.bytes, platform, options)
  const path = options.path ?? nameOf(picture) ?? 'picture'
  return loadSource(source, platform, { ...options, path })
}

function sourceOf(picture: PictureFile | Picture, platform: Platform): PictureSource {
  if (picture instanceof Uint8Array) return { kind: 'bytes', bytes: picture }
  if (ArrayBuffer.isView(picture)) {
    const { buffer, byteOffset, byteLength } = picture
    return { kind: 'bytes', bytes: new Uint8Array(buffer, byteOffset, byteLength) }
  }
  if (picture instanceof ArrayBuffer) return { kind: 'bytes', bytes: new Uint8Array(picture) }
  if (picture instanceof Blob) return { kind: 'blob', blob: picture }
  if (isPixels(picture)) return { kind: 'pixels', ...picture }
  if (typeof picture !== 'string' && !(picture instanceof URL)) throw notAFile(picture)
  const text = String(picture)
  // A Windows path begins with one letter and a colon.
  if (/^[a-z][a-z\d+.-]+:/i.test(text) && !text.startsWith('file:')) {
    return { kind: 'url', url: text }
  }
  if (text.startsWith('file:')) return { kind: 'file', path: filePath(text) }
  return platform.addressOf
    ? { kind: 'url', url: platform.addressOf(text) }
    : { kind: 'file', path: text }
}

/** The error for what is no picture's file, with the way from what it is to one. */
function notAFile(value: unknown): TypeError {
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  const { data, src } = (value ?? {}) as { data?: unknown; src?: unknown }
  const remedy =
    kind === 'Promise'
      ? 'await it first'
      : kind === 'Response'
        ? 'give await response.blob()'
        : typeof src === 'string'
          ? 'give its src'
          : data === undefined
            ? "give a path, a URL, a Blob or a file's bytes"
            : 'these are pixels already, which need no decoding'
  return new TypeError(`a picture's file is asked for, not ${kind}: ${remedy}`)
}

const isPixels = (picture: PictureFile | Picture): picture is Picture =>
  typeof picture === 'object' && picture !== null && 'data' in picture && 'width' in picture

function filePath(url: string): string {
  const path = decodeURIComponent(new URL(url).pathname)
  return /^\/[a-z]:/i.test(path) ? path.slice(1) : path
}

/** What errors call a picture; undefined for one that has no name. */
function nameOf(picture: PictureFile | Picture): string | undefined {
  if (isPixels(picture)) return undefined
  if (picture instanceof Blob) {
    const { webkitRelativePath, name } = picture as File
    return webkitRelativePath || name || undefined
  }
  const isText = typeof picture === 'string' || picture instanceof URL
  const text = isText ? String(picture) : ''
  if (text.startsWith('file:')) return filePath(text)
  return text.startsWith('data:') ? undefined : text || undefined
}

/** Options of `cached`. */
export interface CachedOptions {
  /** Most bytes to keep, pixels of 3 bytes; pictures past it are loaded anew. Default 1 GiB. */
  maxBytes?: number
}

/**
 * A data set whose pictures are decoded once and then kept in memory, for as long as they fit: small
 * pictures, such as CIFAR's as files, take longer to decode than to train on. With workers the
 * pixels are shared with them, not copied, where that is possible; the first epoch decodes on the
 * calling thread then, so read the pictures in first with `fill()`.
 */
export function cached(dataset: Dataset, options: CachedOptions = {}): CachedDataset {
  const { maxBytes = 2 ** 30 } = options
  const kept = new Map<number, Picture>()
  let bytes = 0
  const load = async (index: number) => {
    const found = kept.get(index)
    if (found) return found
    const picture = await dataset.load(index)
    const length = picture.data.length
    if (kept.has(index) || bytes + length > maxBytes) return picture
    bytes += length
    const held = { width: picture.width, height: picture.height, data: shareable(picture.data) }
    kept.set(index, held)
    return held
  }
  return {
    name: dataset.name,
    classes: dataset.classes,
    length: dataset.length,
    split: dataset.split,
    ...(dataset.limits && { limits: dataset.limits }),
    label: (index) => dataset.label(index),
    path: (index) => dataset.path(index),
    fingerprint: () => dataset.fingerprint(),
    load,
    ...(dataset.source && {
      source(index: number): PictureSource {
        const found = kept.get(index)
        return found ? { kind: 'pixels', ...found } : dataset.source!(index)
      },
    }),
    get keptBytes() {
      return bytes
    },
    get isWhole() {
      return kept.size === dataset.length
    },
    async fill(onProgress) {
      let next = 0
      let done = 0
      const work = async () => {
        while (next < dataset.length && bytes < maxBytes) {
          // A broken picture is the loader's to report, in the way that it was asked to.
          await load(next++).catch(() => {})
          onProgress?.(++done, dataset.length)
        }
      }
      await Promise.all(Array.from({ length: 4 }, work))
    },
  }
}

/** A data set in memory. */
export interface CachedDataset extends Dataset {
  /** Bytes of the pictures kept so far. */
  readonly keptBytes: number
  /** Whether every picture is kept. */
  readonly isWhole: boolean
  /** Loads all that fits. */
  fill(onProgress?: (done: number, total: number) => void): Promise<void>
}

/** A copy on memory that workers can see, where there is such. */
function shareable(data: Uint8Array): Uint8Array {
  const isIsolated = globalThis.crossOriginIsolated ?? true
  if (typeof SharedArrayBuffer === 'undefined' || !isIsolated) return data.slice()
  const shared = new Uint8Array(new SharedArrayBuffer(data.length))
  shared.set(data)
  return shared
}
