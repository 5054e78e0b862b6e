import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { pullWeights, removeWeights, verifyWeights } from './browser.ts'
import { type WeightRecord, weightRecords } from './registry.ts'

/** A folder of OPFS in memory: what is written is there once it is closed, as in browsers. */
function memoryFolder() {
  const files = new Map<string, File>()
  const handle = {
    name: 'memory',
    getFileHandle: async (name: string, { create = false } = {}) => {
      if (!files.has(name) && !create) throw new DOMException('none', 'NotFoundError')
      if (!files.has(name)) files.set(name, new File([], name))
      return {
        getFile: async () => files.get(name)!,
        createWritable: async () => {
          const written: BlobPart[] = []
          return {
            write: async (part: BlobPart) =>
              written.push(part instanceof Uint8Array ? part.slice() : part),
            close: async () => files.set(name, new File(written, name)),
          }
        },
      }
    },
    removeEntry: async (name: string) => void files.delete(name),
  }
  return { files, folder: handle as unknown as FileSystemDirectoryHandle }
}

const content = Uint8Array.from({ length: 40_000_000 }, (_, i) => (i >> 8) ^ i)
const record: WeightRecord = {
  ...weightRecords[0]!,
  name: 'tiny',
  urls: ['https://example.org/tiny.safetensors'],
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
}

/** Sends from where it is asked to, and breaks after `limit` bytes. */
const fetchUpTo =
  (limit: number, asked: string[]): typeof fetch =>
  async (_, init) => {
    const range = (init!.headers as Record<string, string>).range ?? 'all'
    asked.push(range)
    const start = Number(/\d+/.exec(range)?.[0] ?? 0)
    let place = start
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (place >= content.length) return controller.close()
        if (place - start >= limit) return controller.error(new Error('gone'))
        controller.enqueue(content.slice(place, place + 1_000_000))
        place += 1_000_000
      },
    })
    const headers = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }
    return new Response(body, { status: start > 0 ? 206 : 200, ...(start > 0 ? { headers } : {}) })
  }

it('keeps pieces of an unfinished download and joins them when it is whole', async () => {
  const { files, folder } = memoryFolder()
  const asked: string[] = []
  const failing = pullWeights(record, {
    folder,
    fetch: fetchUpTo(20_000_000, asked),
    attempts: 1,
    pauseMs: 1,
  })
  // Two connections of 20 MB; nobody closes the page, so all of it arrives in the end.
  const file = await failing
  expect(asked).toEqual(['all', 'bytes=20000000-'])
  expect([...files.keys()]).toEqual(['tiny.safetensors'])
  expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true)
  expect(await verifyWeights(record, { folder })).toBe('ok')
  await pullWeights(record, { folder, fetch: () => Promise.reject(new Error('no network')) })
  await removeWeights(record, { folder })
  expect(files.size).toBe(0)
})

it('goes on with closed pieces after the page went away', async () => {
  const { files, folder } = memoryFolder()
  files.set('tiny.safetensors.part0', new File([content.slice(0, 17_000_000)], 'part0'))
  files.set('tiny.safetensors.part1', new File([content.slice(17_000_000, 33_000_000)], 'part1'))
  const asked: string[] = []
  await pullWeights(record, { folder, fetch: fetchUpTo(1e9, asked) })
  expect(asked).toEqual(['bytes=33000000-'])
  expect([...files.keys()]).toEqual(['tiny.safetensors'])
})

it('says that there is no file system to keep weights in', async () => {
  await expect(pullWeights(record)).rejects.toThrow(/keeps no private files/)
})
