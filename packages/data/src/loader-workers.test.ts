import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Batch } from './batch.ts'
import type { Dataset } from './dataset.ts'
import { createLoader } from './loader.ts'
import type { LoaderOptions } from './loader-options.ts'
import { type Part, serveParts, type ToWorker } from './loader-part.ts'
import { mixUp } from './mixing.ts'
import { encodeJpeg, encodePng } from './node/decode.ts'
import { imageFolder } from './node/image-folder.ts'
import { createWorkerPool, loader } from './node/loader.ts'
import { nodePlatform } from './node/platform.ts'
import type { Platform, WorkerHandle } from './picture-source.ts'
import { shapes } from './shapes/shapes.ts'
import { noisePicture, plainDataset } from './testing.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { randomResizedCrop } from './transforms/random-resized-crop.ts'
import { WorkerPool } from './worker-pool.ts'

let folder: string
let dataset: Dataset
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-loader-'))
  for (const label of ['a', 'b']) {
    await mkdir(join(folder, label))
    for (let at = 0; at < 7; at++) {
      const picture = noisePicture(70 + at, 50 + 3 * at)
      const bytes = at % 3 === 0 ? await encodePng(picture) : await encodeJpeg(picture, 90)
      await writeFile(join(folder, label, `${at}.jpg`), bytes)
    }
  }
  dataset = await imageFolder(folder)
})
afterAll(() => rm(folder, { recursive: true }))

const transforms = [randomResizedCrop({ size: 16 }), randomHorizontalFlip()]

async function collect(options: LoaderOptions): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const batch of loader(options)) batches.push(batch)
  return batches
}

/** Batches as plain data, whatever memory they lie on. */
const plain = (batches: Batch<Float32Array | Uint8Array>[]) =>
  batches.map((batch) => ({ ...batch, images: Array.from(batch.images) }))

/** What a program of its own prints that has `dataset`, `loader` and `createWorkerPool`. */
async function runScript(body: string): Promise<string> {
  const url = (path: string) => new URL(path, import.meta.url).href
  const script = `
    import { createWorkerPool, loader } from '${url('./node/loader.ts')}'
    import { imageFolder } from '${url('./node/image-folder.ts')}'
    const dataset = await imageFolder(${JSON.stringify(folder)})
    ${body}`
  const file = join(folder, 'script.ts')
  await writeFile(file, script)
  try {
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd, timeout: 60_000 })
    return stdout
  } finally {
    await rm(file)
  }
}

/** A platform whose workers run here and die when `dies` says so of a part. */
function mortal(dies: (part: Part, worker: number) => boolean) {
  let started = 0
  const startWorker = (): WorkerHandle => {
    const number = started++
    let alive = true
    let answer: (message: unknown) => void
    let death: (reason: string) => void
    let handle: (message: ToWorker) => void
    let answered: () => void
    let last = Promise.resolve()
    serveParts(
      nodePlatform,
      (listen) => {
        handle = listen
      },
      (result) => {
        answered()
        if (alive) answer(result)
      },
    )
    return {
      post(message) {
        const asked = message as ToWorker
        last = last.then(async () => {
          if (!alive) return
          if (!('part' in asked)) return handle(asked)
          if (dies(asked.part, number)) {
            alive = false
            return death('exit code 134')
          }
          await new Promise<void>((resolve) => {
            answered = resolve
            handle(asked)
          })
        })
      },
      onMessage: (listen) => {
        answer = listen
      },
      onDeath: (listen) => {
        death = listen
      },
      keepAlive() {},
      stop: async () => {
        alive = false
      },
    }
  }
  const platform: Platform = { ...nodePlatform, startWorker }
  return { platform, started: () => started }
}

describe('loader with workers', () => {
  it('gives the same batches for any number of them', async () => {
    const options = {
      dataset,
      transforms,
      batchSize: 4,
      shuffle: true,
      seed: 5,
      mean: [0.5, 0.4, 0.3] as const,
    }
    const none = plain(await collect(options))
    expect(none.map(({ shape }) => shape[0])).toEqual([4, 4, 4, 2])
    for (const workers of [1, 3]) {
      expect(plain(await collect({ ...options, workers, prefetch: 3 })), `${workers}`).toEqual(none)
    }
    expect(plain(await collect({ ...options, workers: 2, start: 2 }))).toEqual(none.slice(2))
  })

  it('uses shared arrays again where asked, with the same content', async () => {
    const options = { dataset, transforms, batchSize: 2, shuffle: true, seed: 1, prefetch: 0 }
    const expected = await collect(options)
    const buffers = new Set<ArrayBufferLike>()
    for await (const { index, images } of loader({ ...options, recycle: true, workers: 2 })) {
      expect([...images], `batch ${index}`).toEqual([...expected[index]!.images])
      if (images.buffer instanceof SharedArrayBuffer) buffers.add(images.buffer)
    }
    expect(expected).toHaveLength(7)
    expect(buffers.size).toBe(1)
  })

  it('gives bytes where asked, and mixes batches', async () => {
    const options = { dataset, transforms, batchSize: 5, shuffle: true } as const
    const bytes: Batch<Uint8Array>[] = []
    for await (const batch of loader({ ...options, output: 'uint8', workers: 2 })) bytes.push(batch)
    const floats = await collect(options)
    expect(bytes[0]!.images).toBeInstanceOf(Uint8Array)
    expect(
      bytes.flatMap(({ images }) => Array.from(images, (byte) => Math.fround(byte / 255))),
    ).toEqual(floats.flatMap(({ images }) => [...images]))
    const mixed = await collect({ ...options, workers: 2, batchTransforms: [mixUp()] })
    expect(mixed[0]).toHaveProperty('otherLabels')
    expect(plain(mixed)).toEqual(plain(await collect({ ...options, batchTransforms: [mixUp()] })))
  })

  it('loads data sets that have no files', async () => {
    const options = { dataset: shapes({ count: 20, size: 24 }), transforms, batchSize: 6 }
    expect(plain(await collect({ ...options, workers: 2 }))).toEqual(plain(await collect(options)))
  })

  it('reports a broken picture by its path, or skips it', async () => {
    const path = join(folder, 'b', '9.jpg')
    await writeFile(path, 'no picture')
    try {
      const broken = await imageFolder(folder)
      const options = { dataset: broken, transforms, batchSize: 4, workers: 2 }
      await expect(collect(options)).rejects.toThrow(`${path} is no JPEG`)
      const source = loader({ ...options, onBroken: 'skip' })
      let pictures = 0
      for await (const { shape } of source) pictures += shape[0]
      expect(pictures).toBe(14)
      expect(source.skipped.map(({ index, error }) => [index, error.path])).toEqual([[14, path]])
      const alone = await collect({ ...options, workers: 0, onBroken: 'skip' })
      expect(plain(await collect({ ...options, onBroken: 'skip' }))).toEqual(plain(alone))
    } finally {
      await rm(path)
    }
  })

  it('names the picture that comes out in another size', async () => {
    const run = collect({ dataset, batchSize: 4, workers: 2 })
    await expect(run).rejects.toThrow(/\.jpg: it is \d+×\d+ after its transforms/)
  })

  it('refuses transforms that workers cannot make', () => {
    const own = { ...randomHorizontalFlip(), name: 'own', settings: undefined } as never
    expect(() => loader({ dataset, transforms: [own], batchSize: 2, workers: 1 })).toThrow(
      'the transform own has no settings',
    )
  })

  it('ends its workers when it is left: the process ends by itself', async () => {
    const stdout = await runScript(`
      for await (const batch of loader({ dataset, batchSize: 1, workers: 2, prefetch: 5 })) {
        if (batch.index === 2) break
      }
      console.log('left')`)
    expect(stdout).toBe('left\n')
  })
})

describe('createWorkerPool', () => {
  const options = () => ({ dataset, transforms, batchSize: 4, shuffle: true, seed: 5 })

  it('serves one epoch after another, and several at once, with the same threads', async () => {
    const pool = createWorkerPool(2)
    try {
      for (const epoch of [0, 1]) {
        const pooled = await collect({ ...options(), epoch, workers: pool })
        expect(plain(pooled)).toEqual(plain(await collect({ ...options(), epoch })))
      }
      const both = [1, 2].map((seed) => collect({ ...options(), seed, workers: pool }))
      const [first, second] = await Promise.all(both)
      expect(plain(first!)).toEqual(plain(await collect({ ...options(), seed: 1 })))
      expect(plain(second!)).toEqual(plain(await collect({ ...options(), seed: 2 })))
    } finally {
      await pool.close()
    }
  })

  it('starts its workers once, and drops the parts of a loop that is left', async () => {
    const { platform, started } = mortal(() => false)
    const pool = new WorkerPool(2, platform)
    const settings = { dataset: plainDataset(400), batchSize: 4, prefetch: 20, workers: pool }
    for await (const { index } of createLoader(settings, platform)) if (index === 1) break
    const batches: Batch[] = []
    for await (const batch of createLoader(settings, platform)) batches.push(batch as Batch)
    expect(plain(batches)).toEqual(plain(await collect({ ...settings, workers: 0 })))
    expect(started()).toBe(2)
    await pool.close()
  })

  it('refuses work once it is closed, and ends what it is at', async () => {
    const pool = createWorkerPool(1)
    await expect(async () => {
      for await (const _ of loader({ ...options(), workers: pool })) await pool.close()
    }).rejects.toThrow('loading was stopped')
    expect(pool.closed).toBe(true)
    await expect(collect({ ...options(), workers: pool })).rejects.toThrow('was closed; make anoth')
    expect(() => createWorkerPool(0)).toThrow('1 to 256 workers, a whole number, not 0')
  })

  it('does not keep the process alive', async () => {
    const stdout = await runScript(`
      const pool = createWorkerPool(2)
      for await (const batch of loader({ dataset, batchSize: 1, workers: pool, prefetch: 5 })) {
        if (batch.index === 2) break
      }
      const left = loader({ dataset, batchSize: 1, workers: pool })[Symbol.asyncIterator]()
      console.log((await left.next()).value.labels.length)`)
    expect(stdout).toBe('1\n')
  })
})

describe('a worker that dies', () => {
  it('is reported and replaced, and its pictures come all the same', async () => {
    const { platform, started } = mortal((part, worker) => worker === 0 && part.id > 2)
    const lost: string[] = []
    const options = { dataset: plainDataset(40), batchSize: 8, workers: 2 }
    const batches: Batch[] = []
    for await (const batch of createLoader(
      { ...options, onWorkerLost: (message) => lost.push(message) },
      platform,
    )) {
      batches.push(batch as Batch)
    }
    expect(plain(batches)).toEqual(plain(await collect({ ...options, workers: 0 })))
    expect(lost).toEqual([
      expect.stringMatching(
        /^a worker died while it loaded 4 pictures from plain\/\d+ on \(exit code 134\)/,
      ),
    ])
    expect(started()).toBe(3)
  })

  it('twice at the same pictures ends the loop with their path', async () => {
    const { platform } = mortal((part) => part.indices.includes(9))
    const run = async () => {
      const options = { dataset: plainDataset(12), batchSize: 4, workers: 2, onWorkerLost() {} }
      for await (const _ of createLoader(options, platform));
    }
    await expect(run()).rejects.toThrow('plain/8: a worker died twice')
  })
})
