// The package as a page has it (its built entry): the same pixels as Pillow's, and a loader whose Web Workers
// give the batches that the page's own thread gives.

import { beforeAll, describe, expect, it } from 'vitest'
import {
  cifarTrain,
  createWorkerPool,
  decodePicture,
  type Loader,
  loader,
  PictureError,
  pictureList,
} from '../../dist/browser.js'
import { randomHorizontalFlip, randomResizedCrop } from '../../dist/transforms/index.js'
import type { OddPictureCase, PictureCase } from '../testing.ts'

let cases: PictureCase[]
beforeAll(async () => {
  const fixtures = await fetch(new URL('../../fixtures/pictures.json', import.meta.url))
  cases = ((await fixtures.json()) as { cases: PictureCase[] }).cases
})

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Of each fixture, the largest difference from Pillow's pixels. */
async function differences(wanted: (name: string) => boolean): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const { name, file, width, height, data } of cases.filter((one) => wanted(one.name))) {
    const picture = await decodePicture(bytesOf(file))
    expect([picture.width, picture.height], name).toEqual([width, height])
    const expected = await inflate(bytesOf(data))
    found[name] = picture.data.reduce(
      (most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)),
      0,
    )
  }
  return found
}

/** How many levels a picture is from what the fixture says of it, or how the two part otherwise. */
async function distance(one: OddPictureCase): Promise<number | string> {
  const picture = await decodePicture(bytesOf(one.file), { path: one.name }).catch(
    (error: unknown) => {
      if (error instanceof PictureError) return error.message
      throw error
    },
  )
  if (typeof picture === 'string') return 'refused' in one ? 0 : picture
  if ('refused' in one) return 'it is decoded'
  if (picture.width !== one.width || picture.height !== one.height) {
    return `it is ${picture.width}×${picture.height}`
  }
  const expected = await inflate(bytesOf(one.data))
  return picture.data.reduce((most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)), 0)
}

/** What the package decodes by itself: all but progressive JPEG and four components. */
const isPlainJpeg = (name: string) =>
  name.endsWith('.jpg') && !['progressive.jpg', 'cmyk.jpg'].includes(name)

describe('decodePicture in a page', () => {
  it('gives plain JPEG pictures to the byte as Pillow', async () => {
    const found = await differences(isPlainJpeg)
    expect(Object.keys(found).length).toBeGreaterThan(10)
    expect(Math.max(...Object.values(found)), JSON.stringify(found)).toBe(0)
  })

  it('gives what the browser decodes within two levels of Pillow', async () => {
    // Of CMYK each decoder makes its own colours.
    const left = (name: string) => !isPlainJpeg(name) && name !== 'cmyk.jpg'
    const found = await differences(left)
    expect(Object.keys(found).length).toBeGreaterThan(8)
    expect(Math.max(...Object.values(found)), JSON.stringify(found)).toBeLessThanOrEqual(2)
  })

  it('reads or refuses odd files as Pillow does, AVIF within two levels', async () => {
    const fixtures = await fetch(new URL('../../fixtures/odd-pictures.json', import.meta.url))
    const odd = ((await fixtures.json()) as { cases: OddPictureCase[] }).cases
    expect(odd.length).toBeGreaterThan(150)
    const apart: Record<string, number | string> = {}
    for (const one of odd) {
      const found = await distance(one)
      if (found !== 0 && !(one.name.endsWith('.avif') && Number(found) <= 2))
        apart[one.name] = found
    }
    expect(apart).toEqual({})
  })

  it('says what is wrong with a damaged picture, with its name', async () => {
    const file = bytesOf(cases.find(({ name }) => name === 'rgb.png')!.file)
    const damaged = file.slice(0, file.length / 2)
    const decoding = decodePicture(damaged, { path: 'cat.png' })
    await expect(decoding).rejects.toThrow(PictureError)
    await expect(decoding).rejects.toThrow(/cat\.png.*cut off or damaged/)
  })
})

describe('loader in a page', () => {
  const collect = async (batches: Loader) => {
    const all: { images: number[]; labels: number[]; indices: number[] }[] = []
    for await (const { images, labels, indices } of batches) {
      all.push({ images: [...images], labels: [...labels], indices: [...indices] })
    }
    return all
  }

  const dataset = () =>
    pictureList(
      cases
        .filter(({ name }) => isPlainJpeg(name) || name.endsWith('.png'))
        .map(({ name, file }, at) => ({
          picture: new File([bytesOf(file)], name),
          label: `class ${at % 3}`,
        })),
    )

  it('decodes, augments and normalises in Web Workers as on its own thread', async () => {
    const transforms = [randomResizedCrop({ size: 16 }), randomHorizontalFlip()]
    const { mean, std } = cifarTrain({ crop: 16 })
    const options = {
      dataset: dataset(),
      transforms,
      mean,
      std,
      batchSize: 4,
      shuffle: true,
      seed: 7,
    }
    const alone = await collect(loader(options))
    expect(alone.length).toBeGreaterThan(4)
    const pool = createWorkerPool(2)
    try {
      expect(await collect(loader({ ...options, workers: pool }))).toEqual(alone)
      expect(await collect(loader({ ...options, workers: pool, recycle: true }))).toEqual(alone)
    } finally {
      await pool.close()
    }
  })

  it('names the picture that a worker could not use', async () => {
    const broken = pictureList([
      { picture: new File(['Dear all,'], 'letter.jpg'), label: 'a' },
      { picture: new File([bytesOf(cases[0]!.file)], 'sound.jpg'), label: 'b' },
    ])
    const transforms = [randomResizedCrop({ size: 8 })]
    const stopped = collect(loader({ dataset: broken, transforms, batchSize: 2, workers: 1 }))
    await expect(stopped).rejects.toThrow(/letter\.jpg.*text/)
  })
})
