// Tar shards in WebDataset's layout: files whose names agree up to the first dot of the last part
// (`0001.jpg`, `0001.cls`) are one sample, next to each other. The label is the number in `.cls`, the
// text in `.txt`, or `label` of `.json`; without one it is the folder that the picture lies in. Only
// the headers are read to open one; pictures are read from their places when asked for.

import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { checkIndex, type Dataset } from '../dataset.ts'
import type { DecodeOptions } from '../decode.ts'
import { Hash } from '../hash.ts'
import { loadSource } from '../sources.ts'
import { nodePlatform } from './platform.ts'

/** Options of `tarShards`. */
export interface TarShardsOptions extends Omit<DecodeOptions, 'path'> {
  /** Class names in the order of the numbers in `.cls`; default those found. */
  classes?: readonly string[]
}

interface Sample {
  shard: string
  name: string
  start: number
  length: number
  label: string
}

const pictureName = /\.(jpe?g|png|webp|gif|avif)$/i
const mostLabelBytes = 1 << 20

/**
 * Opens one shard, or all `*.tar` in a folder in the order of their names.
 * @throws Error, one line with the shard and the byte, where it is no tar file or is cut off.
 */
export async function tarShards(path: string, options: TarShardsOptions = {}): Promise<Dataset> {
  const { classes: given, ...limits } = options
  const shards = await findShards(path)
  if (shards.length === 0)
    throw new Error(`${path}: has no .tar files; name a shard or their folder`)
  const samples: Sample[] = []
  for (const shard of shards) samples.push(...(await readShard(shard)))
  if (samples.length === 0) {
    throw new Error(`${path}: has no pictures in its ${shards.length} tar files`)
  }
  const found = [...new Set(samples.map(({ label }) => label))]
  const numeric = found.every((label) => /^\d+$/.test(label))
  // Numbers are labels themselves; names are numbered in their order.
  const count = numeric ? Math.max(...found.map(Number)) + 1 : 0
  if (numeric && count > 1_000_000) {
    throw new Error(`${path}: has label ${count - 1}, which cannot be the number of a class`)
  }
  const classes =
    given ?? (numeric ? Array.from({ length: count }, (_, at) => String(at)) : found.sort())
  const labels = samples.map(({ label, name, shard }) => {
    const at = numeric ? Number(label) : classes.indexOf(label)
    if (at < 0 || at >= classes.length) {
      throw new Error(
        `${shard}: ${name} has label "${label}", which is none of the ${classes.length} classes`,
      )
    }
    return at
  })
  const at = (index: number) => checkIndex(index, samples.length, path)
  const pathOf = (index: number) => `${samples[at(index)]!.shard}#${samples[index]!.name}`
  const source = (index: number) => {
    const { shard, start, length } = samples[at(index)]!
    return { kind: 'file', path: shard, start, length } as const
  }
  return {
    name: basename(path).replace(/\.tar$/, ''),
    classes,
    length: samples.length,
    limits,
    label: (index) => labels[at(index)]!,
    source,
    load: async (index) =>
      loadSource(source(index), nodePlatform, { ...limits, path: pathOf(index) }),
    path: pathOf,
    async fingerprint() {
      const hash = new Hash().addNumber(samples.length)
      for (const { name, length, label } of samples) hash.add(name).addNumber(length).add(label)
      return hash.digest()
    },
  }
}

/** The shards that a path leads to. */
export async function findShards(path: string): Promise<string[]> {
  const kind = await stat(path).catch(() => undefined)
  if (kind?.isFile()) return (await isTar(path)) ? [path] : []
  if (!kind?.isDirectory()) return []
  const names = (await readdir(path)).filter((name) => name.endsWith('.tar')).sort()
  return names.map((name) => join(path, name))
}

async function isTar(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(512), 0, 512, 0)
    return bytesRead === 512 && buffer.toString('latin1', 257, 262) === 'ustar'
  } finally {
    await file.close()
  }
}

/** Walks the headers (POSIX.1-1988 ustar, with GNU's and pax's long names). */
async function readShard(shard: string): Promise<Sample[]> {
  const file = await open(shard)
  try {
    const { size } = await file.stat()
    const pictures = new Map<string, Omit<Sample, 'label'>[]>()
    const labels = new Map<string, string>()
    let longName: string | undefined
    for (let at = 0; at + 512 <= size; ) {
      const header = await readBytes(file, at, 512)
      if (header.every((byte) => byte === 0)) break
      const length = octal(header, 124, 12)
      const type = String.fromCharCode(header[156]!)
      const start = at + 512
      if (!hasChecksum(header) || Number.isNaN(length)) {
        throw new Error(`${shard}: is no tar file at byte ${at}; it is damaged, get it anew`)
      }
      if (start + length > size) {
        throw new Error(
          `${shard}: is cut off: the file at byte ${at} goes on to ${start + length}, it ends at ${size}`,
        )
      }
      at = start + Math.ceil(length / 512) * 512
      if (type === 'L' || type === 'x') {
        if (length > mostLabelBytes) throw new Error(`${shard}: has a name of ${length} bytes`)
        const text = (await readBytes(file, start, length)).toString('utf8')
        longName = type === 'L' ? text.replace(/\0.*$/s, '') : (paxPath(text) ?? longName)
        continue
      }
      const name = longName ?? headerName(header)
      longName = undefined
      if (type !== '0' && type !== '\0') continue
      const key = name.replace(/(^|\/)([^/.]+)\.[^/]*$/, '$1$2')
      if (pictureName.test(name)) {
        const list = pictures.get(key) ?? []
        list.push({ shard, name, start, length })
        pictures.set(key, list)
      } else if (/\.(cls|txt|json)$/.test(name) && length <= mostLabelBytes) {
        const label = labelIn(name, (await readBytes(file, start, length)).toString('utf8'))
        // A number is the label, whatever text there is beside it.
        if (label !== undefined && (name.endsWith('.cls') || !labels.has(key)))
          labels.set(key, label)
      }
    }
    return [...pictures].flatMap(([key, list]) =>
      list.map((picture) => ({ ...picture, label: labels.get(key) ?? folderOf(picture.name) })),
    )
  } finally {
    await file.close()
  }
}

async function readBytes(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, start)
  return buffer
}

function headerName(header: Buffer): string {
  const text = (start: number, length: number) =>
    header.toString('utf8', start, start + length).replace(/\0.*$/s, '')
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(345, 155) : ''
  return prefix ? `${prefix}/${text(0, 100)}` : text(0, 100)
}

/** Octal digits, or GNU's binary numbers for files of 8 GiB and more. */
function octal(header: Buffer, start: number, length: number): number {
  if (header[start]! & 0x80) return Number(header.readBigUInt64BE(start + length - 8))
  const text = header.toString('latin1', start, start + length).replace(/[\0 ]+/g, '')
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : Number.NaN
}

function hasChecksum(header: Buffer): boolean {
  let sum = 8 * 32
  header.forEach((byte, at) => {
    if (at < 148 || at >= 156) sum += byte
  })
  return octal(header, 148, 8) === sum
}

/** `path` of a pax header: lines of "length key=value". */
function paxPath(text: string): string | undefined {
  return /^\d+ path=(.*)$/m.exec(text)?.[1]
}

function labelIn(name: string, text: string): string | undefined {
  if (!name.endsWith('.json')) return text.trim() || undefined
  try {
    const { label, cls } = JSON.parse(text) as { label?: unknown; cls?: unknown }
    const found = label ?? cls
    return found === undefined || found === null ? undefined : String(found)
  } catch {
    return undefined // not about the label, perhaps not even JSON
  }
}

function folderOf(name: string): string {
  return name.split('/').at(-2) ?? 'unlabelled'
}
