// Work on many pictures shared by ranks: each does a range of the batches and keeps what came of each in a file, so
// that a job that was killed goes on, with any number of ranks, where it was; at most the batch under way of each rank
// is done again. Rank 0 gives the results out in the order of the batches. The files lie in a folder that all ranks see.

import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { agree, type Communicator, rangeOf } from '@alexnet/distributed'
import type { Model } from '@alexnet/model'
import { fromFirst } from './ranks.ts'
import { tell } from './terminal/print.ts'

export interface Shards {
  /** Where the results are kept until all are there. */
  folder: string
  /** What decides the results: a folder of other work is begun anew. */
  key: unknown
  /** Number of batches. */
  count: number
}

/** Before each result: batch, bytes, checksum. */
const HEADER = 12

interface Place {
  path: string
  start: number
  length: number
}

/** The folder for work whose result goes to the terminal: in the current one, named after the work. */
export function shardFolder(key: { readonly command: string }): string {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 12)
  return `.alexnet-${key.command}-${hash}.parts`
}

/**
 * Does this rank's part of the batches; on rank 0, then gives every batch's result in order. All ranks must run it to
 * its end.
 */
export async function* inShards(
  communicator: Communicator,
  { folder, key, count }: Shards,
  work: (batch: number) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { rank, size } = communicator
  const versions = `alexnet ${programVersion()}, Node ${process.version}`
  await agree(communicator, { 'its work': JSON.stringify(key), 'its programs': versions })
  const { done, attempt } = await fromFirst(communicator, async () => {
    await begin(folder, JSON.stringify(key))
    const { places, files } = await kept(folder)
    return { done: [...places.keys()], attempt: files }
  })
  const known = new Set(done)
  if (rank === 0 && known.size > 0) {
    tell(`going on: ${known.size} of ${count} batches are done`)
  }
  const left = Array.from({ length: count }, (_, batch) => batch).filter((n) => !known.has(n))
  const { start, end } = rangeOf(left.length, rank, size)
  const path = join(folder, `${String(attempt).padStart(6, '0')}-${rank}.part`)
  for (const batch of left.slice(start, end)) appendFileSync(path, record(batch, await work(batch)))
  await communicator.barrier()
  if (rank > 0) return
  const { places } = await kept(folder)
  for (let batch = 0; batch < count; batch++) {
    const place = places.get(batch)
    if (!place) {
      throw new Error(
        `${folder} has no result of batch ${batch}: the folder must be one that all ranks see`,
      )
    }
    yield await read(place)
  }
  await rm(folder, { recursive: true, force: true })
}

const programVersion = (): string =>
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/** Makes the folder, empty unless it is of the same work. */
async function begin(folder: string, key: string): Promise<void> {
  const path = join(folder, 'work.json')
  const before = await readFile(path, 'utf8').catch(() => undefined)
  if (before === key) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(path, key)
}

function record(batch: number, bytes: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(HEADER + bytes.length)
  whole.writeUInt32LE(batch, 0)
  whole.writeUInt32LE(bytes.length, 4)
  whole.writeUInt32LE(crc32(bytes), 8)
  whole.set(bytes, HEADER)
  return whole
}

/** Where the whole results lie; one that a kill cut off is none. */
async function kept(folder: string): Promise<{ places: Map<number, Place>; files: number }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.part')).sort()
  const places = new Map<number, Place>()
  for (const name of names) {
    const path = join(folder, name)
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const header = Buffer.alloc(HEADER)
      for (let at = 0; at + HEADER <= size; ) {
        await file.read(header, 0, HEADER, at)
        const length = header.readUInt32LE(4)
        const start = at + HEADER
        if (start + length > size) break
        const bytes = Buffer.alloc(length)
        await file.read(bytes, 0, length, start)
        if (crc32(bytes) !== header.readUInt32LE(8)) break
        places.set(header.readUInt32LE(0), { path, start, length })
        at = start + length
      }
    } finally {
      await file.close()
    }
  }
  return { places, files: names.length }
}

async function read({ path, start, length }: Place): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(length)
    await file.read(bytes, 0, length, start)
    return bytes
  } finally {
    await file.close()
  }
}

/** Says in short which pictures: their names, sizes and times. */
export async function fingerprintOfFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) {
    // One that is not there is found out when it is read.
    const { size, mtimeMs } = await stat(file).catch(() => ({ size: 0, mtimeMs: 0 }))
    hash.update(JSON.stringify([file, size, mtimeMs]))
  }
  return hash.digest('hex')
}

/** Says in short which model: its weights, classes and preparation. */
export async function fingerprintOfModel({
  network,
  labels,
  preprocessing,
}: Model): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ labels, preprocessing }))
  for (const weight of network.weights) hash.update((await weight.read().data()) as Float32Array)
  return hash.digest('hex')
}

/** Whatever survives JSON, as a result. */
export const toBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
export const fromBytes = <T>(bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as T
