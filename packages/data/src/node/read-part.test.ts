import { mkdtemp, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Dataset } from '../dataset.ts'
import type { LoaderOptions } from '../loader-options.ts'
import { plainDataset } from '../testing.ts'
import { createWorkerPool, loader } from './loader.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-part-'))
})
afterAll(() => rm(folder, { recursive: true }))

const COUNT = 12
const BYTES = 4 * 4 * 3

/** Pictures of 4 × 4 pixels, picture i in file i of ten, or behind the first of them. */
const inFiles = (): Dataset => ({
  ...plainDataset(COUNT),
  source: (index) => {
    const start = index < 10 ? 0 : BYTES
    return { kind: 'pixelFile', path: join(folder, `${index % 10}`), start, width: 4, height: 4 }
  },
})

/** Writes files whose bytes say which file and picture they are of; a new file in the place of the old. */
async function writeFiles(offset: number): Promise<void> {
  for (let file = 0; file < 10; file++) {
    const bytes = new Uint8Array(2 * BYTES).fill(offset + file).fill(offset + file + 10, BYTES)
    await writeFile(join(folder, 'new'), bytes)
    await rename(join(folder, 'new'), join(folder, `${file}`))
  }
}

async function firstBytes(workers: LoaderOptions['workers']): Promise<number[]> {
  const found: number[] = []
  const batches = loader({ dataset: inFiles(), batchSize: 5, output: 'uint8', workers })
  for await (const { images } of batches) {
    for (let at = 0; at < images.length; at += BYTES) found.push(images[at]!)
  }
  return found
}

it.runIf(process.platform === 'linux')('leaves no file open when it ends or is left', async () => {
  // Before any worker runs: their files are this process's, too.
  await writeFiles(0)
  const open = async () => {
    const links = (await readdir('/proc/self/fd')).map((descriptor) =>
      readlink(`/proc/self/fd/${descriptor}`).catch(() => ''),
    )
    return (await Promise.all(links)).filter((path) => path.startsWith(folder))
  }
  let during = 0
  for await (const _ of loader({ dataset: inFiles(), batchSize: 5, prefetch: 0 })) {
    during = Math.max(during, (await open()).length)
  }
  expect(during).toBeGreaterThan(1)
  expect(during).toBeLessThanOrEqual(8)
  expect(await open()).toEqual([])
  for await (const _ of loader({ dataset: inFiles(), batchSize: 5, prefetch: 0 })) break
  expect(await open()).toEqual([])
})

const pool = createWorkerPool(2)
afterAll(() => pool.close())

it.each([
  ['the calling thread', 0],
  ['workers of its own', 2],
  ['workers that stay', pool],
])('reads what the files hold now, of more files than stay open: %s', async (_, workers) => {
  const expected = (offset: number) => Array.from({ length: COUNT }, (_, at) => offset + at)
  await writeFiles(20)
  expect(await firstBytes(workers)).toEqual(expected(20))
  await writeFiles(120)
  expect(await firstBytes(workers)).toEqual(expected(120))
})

it.each([
  ['the calling thread', 0],
  ['workers that stay', createWorkerPool(1)],
])(
  'reads a file anew that was replaced while a loader was dropped in its midst: %s',
  async (_, workers) => {
    if (typeof workers !== 'number') onTestFinished(() => workers.close())
    await writeFiles(40)
    const dropped = loader({ dataset: inFiles(), batchSize: 5, prefetch: 0, workers })
    await dropped[Symbol.asyncIterator]().next()
    await writeFiles(140)
    const expected = Array.from({ length: COUNT }, (_, at) => 140 + at)
    expect(await firstBytes(workers)).toEqual(expected)
    // In the midst of two at once.
    const first = loader({
      dataset: inFiles(),
      batchSize: 5,
      prefetch: 0,
      workers,
      output: 'uint8',
    })
    const rest = first[Symbol.asyncIterator]()
    await rest.next()
    await writeFiles(60)
    expect(await firstBytes(workers)).toEqual(expected.map((byte) => byte - 80))
    const { value } = (await rest.next()) as { value: { images: Uint8Array } }
    expect(value.images[0]).toBe(65)
  },
)

it('says of a part that lies behind the end of its file what is wrong', async () => {
  await writeFile(join(folder, '0'), new Uint8Array(7))
  await expect(firstBytes(0)).rejects.toThrow(/0.*is cut off; get it anew/s)
})

it('lets timers and signals have their turn after each batch, though nothing has to be waited for', async () => {
  await writeFiles(0)
  let turns = 0
  let isDone = false
  const take = (): unknown => setImmediate(() => !isDone && ++turns && take())
  take()
  const seen: number[] = []
  for (const dataset of [inFiles(), plainDataset(COUNT)]) {
    for await (const _ of loader({ dataset, batchSize: 2, prefetch: 0 })) seen.push(turns)
  }
  isDone = true
  expect(seen).toEqual([...new Set(seen)])
})
