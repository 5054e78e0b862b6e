import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Batch } from './batch.ts'
import type { Dataset } from './dataset.ts'
import type { LoaderOptions } from './loader-options.ts'
import { cutMix, mixUp } from './mixing.ts'
import { loader } from './node/loader.ts'
import { PictureError } from './picture.ts'
import { noisePicture, plainDataset } from './testing.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { randomResizedCrop } from './transforms/random-resized-crop.ts'

async function collect(options: LoaderOptions): Promise<Batch[]> {
  const batches: Batch[] = []
  for await (const batch of loader(options)) batches.push(batch)
  return batches
}

/** Different pictures that arrive after different times, the later ones often first. */
function unevenDataset(length: number): Dataset {
  return {
    ...plainDataset(length),
    load: async (index) => {
      await delay((index * 7) % 5)
      return noisePicture(12 + (index % 3), 10 + (index % 4))
    },
  }
}

/** A data set whose pictures at `broken` cannot be used. */
function brokenDataset(length: number, broken: readonly number[]): Dataset {
  const sound = plainDataset(length)
  return {
    ...sound,
    load: async (index) => {
      if (broken.includes(index)) throw new PictureError('is broken', { path: sound.path(index) })
      return sound.load(index)
    },
  }
}

const augmented = [randomResizedCrop({ size: 8 }), randomHorizontalFlip()]

describe('a share of each batch', () => {
  const options: LoaderOptions = {
    dataset: unevenDataset(9),
    batchSize: 4,
    transforms: augmented,
    shuffle: true,
    seed: 3,
    batchTransforms: [mixUp({ alpha: 0.4 }), cutMix()],
  }

  it.each([1, 2, 3, 4])('is that part of the whole, %i parts together all of it', async (of) => {
    const whole = await collect(options)
    const parts = await Promise.all(
      Array.from({ length: of }, (_, part) => collect({ ...options, share: { part, of } })),
    )
    for (const [index, batch] of whole.entries()) {
      const own = parts.map((batches) => batches[index]!)
      const joined = <K extends keyof Batch | 'otherLabels' | 'share'>(key: K) =>
        own.flatMap((part) => [...((part as never)[key] ?? ([] as Iterable<number>))])
      for (const key of ['images', 'labels', 'indices', 'otherLabels', 'share'] as const) {
        expect(joined(key), key).toEqual([...((batch as never)[key] as Float32Array)])
      }
      let first = 0
      for (const { part, labels } of own) {
        expect(part).toEqual({ first, of: batch.labels.length })
        first += labels.length
      }
    }
  })

  it('leaves no picture out, which the other parts would not know', () => {
    const share = { part: 0, of: 2 }
    expect(() => loader({ ...options, share, onBroken: 'skip' })).toThrow('leave onBroken at')
    expect(() => loader({ ...options, share: { part: 2, of: 2 } })).toThrow('not 2 of 2')
  })

  it('ends before the batch that is named', async () => {
    const batches = await collect({ dataset: plainDataset(10), batchSize: 4, start: 1, end: 2 })
    expect(batches.map(({ index }) => index)).toEqual([1])
  })
})

describe('loader', () => {
  it('gives every picture once, in order, with its label', async () => {
    const batches = await collect({ dataset: plainDataset(10), batchSize: 4 })
    expect(batches.map(({ index, shape }) => [index, ...shape])).toEqual([
      [0, 4, 4, 4, 3],
      [1, 4, 4, 4, 3],
      [2, 2, 4, 4, 3],
    ])
    expect(batches.flatMap(({ indices }) => [...indices])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(batches.flatMap(({ labels }) => [...labels])).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    expect(batches[1]!.images[48]).toBeCloseTo(5 / 255, 6)
  })

  it('normalises', async () => {
    const mean = [0.1, 0.2, 0.3] as const
    const std = [0.5, 0.25, 0.125] as const
    const [batch] = await collect({ dataset: plainDataset(1), batchSize: 1, mean, std })
    expect([...batch!.images.slice(0, 3)]).toEqual(
      [-0.2, -0.8, -2.4].map((value) => expect.closeTo(value, 5)),
    )
  })

  it('gives the same batches whatever the number of loads at once', async () => {
    const options = { dataset: unevenDataset(23), batchSize: 5, shuffle: true, seed: 3, epoch: 2 }
    const [one, many, noPrefetch] = await Promise.all([
      collect({ ...options, transforms: augmented, concurrency: 1 }),
      collect({ ...options, transforms: augmented, concurrency: 16, prefetch: 4 }),
      collect({ ...options, transforms: augmented, prefetch: 0 }),
    ])
    expect(many).toEqual(one)
    expect(noPrefetch).toEqual(one)
  })

  it('uses arrays again where asked, with the same content', async () => {
    const options = { dataset: unevenDataset(40), batchSize: 4, transforms: augmented, prefetch: 1 }
    const expected = await collect(options)
    const buffers = new Set<ArrayBufferLike>()
    for await (const { index, images } of loader({ ...options, recycle: true })) {
      expect(images, `batch ${index}`).toEqual(expected[index]!.images)
      buffers.add(images.buffer)
    }
    expect(expected).toHaveLength(10)
    expect(buffers.size).toBeLessThanOrEqual(3)
  })

  it('draws anew every epoch', async () => {
    const options = {
      dataset: unevenDataset(8),
      batchSize: 8,
      transforms: augmented,
      shuffle: true,
    }
    const [first, again, second] = await Promise.all([
      collect(options),
      collect(options),
      collect({ ...options, epoch: 1 }),
    ])
    expect(again).toEqual(first)
    expect(second[0]!.indices).not.toEqual(first[0]!.indices)
    expect(second[0]!.images).not.toEqual(first[0]!.images)
  })

  it('goes on at any batch as if it had not stopped', async () => {
    const options = {
      dataset: unevenDataset(23),
      batchSize: 5,
      shuffle: true,
      transforms: augmented,
    }
    const whole = await collect(options)
    for (const start of [0, 2, 4, 5]) {
      expect(await collect({ ...options, start })).toEqual(whole.slice(start))
    }
    expect(loader({ ...options, start: 3 }).length).toBe(5)
  })

  it('leaves a last small batch out where asked', async () => {
    const dataset = plainDataset(10)
    const batches = await collect({ dataset, batchSize: 4, drop: true })
    expect(batches.map(({ labels }) => labels.length)).toEqual([4, 4])
    expect(loader({ dataset, batchSize: 4, drop: true }).length).toBe(2)
    expect(loader({ dataset, batchSize: 4 }).length).toBe(3)
  })

  it('never writes to a batch that it gave out', async () => {
    const batches = await collect({ dataset: plainDataset(6), batchSize: 2 })
    expect(new Set(batches.map(({ images }) => images.buffer)).size).toBe(3)
    expect(batches[0]!.images[0]).toBe(0)
  })
})

describe('loader with broken pictures', () => {
  it('stops with the first one in the order of the epoch, after the batches before it', async () => {
    const seen: number[] = []
    const run = async () => {
      const dataset = brokenDataset(12, [7, 6])
      for await (const { index } of loader({ dataset, batchSize: 4, prefetch: 9 })) seen.push(index)
    }
    await expect(run()).rejects.toThrow('plain/6 is broken')
    expect(seen).toEqual([0])
  })

  it('skips and lists them where asked', async () => {
    const dataset = brokenDataset(10, [1, 4, 5, 6, 7])
    const source = loader({ dataset, batchSize: 4, onBroken: 'skip' })
    const batches: Batch[] = []
    for await (const batch of source) batches.push(batch)
    // The second batch has no sound picture and does not come at all.
    expect(batches.map(({ index, indices }) => [index, ...indices])).toEqual([
      [0, 0, 2, 3],
      [2, 8, 9],
    ])
    expect(batches[0]!.shape).toEqual([3, 4, 4, 3])
    expect([...batches[0]!.labels]).toEqual([0, 2, 0])
    expect([0, 48, 96].map((at) => Math.round(batches[0]!.images[at]! * 255))).toEqual([0, 2, 3])
    expect(source.skipped.map(({ index, error }) => [index, error.path])).toEqual([
      [1, 'plain/1'],
      [4, 'plain/4'],
      [5, 'plain/5'],
      [6, 'plain/6'],
      [7, 'plain/7'],
    ])
  })

  it('does not skip errors that are not a picture’s fault, and names the picture', async () => {
    const dataset: Dataset = {
      ...plainDataset(3),
      load: async () => {
        throw new TypeError('x is not a function')
      },
    }
    const run = collect({ dataset, batchSize: 3, onBroken: 'skip' })
    await expect(run).rejects.toThrow('plain/0: x is not a function')
  })

  it('refuses pictures of different sizes in one batch', async () => {
    const run = collect({ dataset: unevenDataset(3), batchSize: 3 })
    await expect(run).rejects.toThrow(/plain\/\d: .*end the transforms with a crop to one size/)
  })
})

describe('loader’s bounds', () => {
  /** A data set that counts the loads begun and the most that were under way at once. */
  function countingDataset(length: number) {
    const counts = { begun: 0, underWay: 0, most: 0 }
    const dataset: Dataset = {
      ...plainDataset(length),
      load: async (index) => {
        counts.begun++
        counts.underWay++
        counts.most = Math.max(counts.most, counts.underWay)
        await delay(1)
        counts.underWay--
        return plainDataset(length).load(index)
      },
    }
    return { counts, dataset }
  }

  it('loads nothing before it is asked, then at most so many pictures and batches ahead', async () => {
    const { counts, dataset } = countingDataset(40)
    const source = loader({ dataset, batchSize: 4, concurrency: 3, prefetch: 2 })
    const batches = source[Symbol.asyncIterator]()
    expect(counts.begun).toBe(0)
    await batches.next()
    await delay(60)
    expect(counts.begun).toBe(3 * 4)
    expect(counts.most).toBe(3)
    await batches.return?.()
  })

  it('stops loading when it is left, and waits for what is under way', async () => {
    const { counts, dataset } = countingDataset(400)
    for await (const batch of loader({ dataset, batchSize: 10, prefetch: 5, concurrency: 2 })) {
      if (batch.index === 1) break
    }
    expect(counts.underWay).toBe(0)
    const { begun } = counts
    expect(begun).toBeLessThan(40)
    await delay(30)
    expect(counts.begun).toBe(begun)
  })

  it.each([
    [{ batchSize: 0 }, 'batchSize must be a whole number from 1, not 0'],
    [{ batchSize: 2, prefetch: -1 }, 'prefetch must be a whole number from 0, not -1'],
    [{ batchSize: 2, concurrency: 1.5 }, 'concurrency must be a whole number from 1, not 1.5'],
    [{ batchSize: 2, start: 6 }, 'start must be a whole number from 0 to 5, not 6'],
    [{ batchSize: 11, drop: true }, 'plain has 10 pictures, not one batch of 11'],
  ])('refuses %j', (options, message) => {
    expect(() => loader({ dataset: plainDataset(10), ...options })).toThrow(message)
  })
})
