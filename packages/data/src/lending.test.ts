// Memory that is used again: files are read to arrays of before, results of resampling lie on the module's memory while a
// picture is prepared, tables of JPEG stay there. Pictures come out as by themselves, whatever came before and is under way.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loader } from './node/loader.ts'
import { decodePicture, pictureList } from './node/picture-list.ts'
import type { Picture } from './picture.ts'
import { Random } from './random.ts'
import { noisePicture } from './testing.ts'
import { randomApply, randomChoice, randomOrder } from './transforms/combine.ts'
import { centerCrop } from './transforms/crop.ts'
import { randomHorizontalFlip } from './transforms/random-horizontal-flip.ts'
import { resize } from './transforms/resize.ts'
import { compose, type Transform } from './transforms/transform.ts'

const folder = mkdtempSync(join(tmpdir(), 'lending-'))
afterAll(() => rmSync(folder, { recursive: true }))
const paths: string[] = []

/** Files of many sizes, each with Huffman tables of its own; some that this package's decoder leaves to another. */
beforeAll(async () => {
  for (let index = 0; index < 24; index++) {
    const { width, height, data } = noisePicture(40 + 37 * (index % 7), 50 + 29 * (index % 5))
    const path = join(folder, `${index}.jpg`)
    const file = await sharp(data, { raw: { width, height, channels: 3 } })
      .blur(0.3 + (index % 6))
      .jpeg({
        quality: 30 + 3 * (index % 20),
        optimiseCoding: index % 4 > 0,
        progressive: index % 8 === 5,
      })
      .toBuffer()
    writeFileSync(path, file)
    paths.push(path)
  }
})

/** What each picture becomes, loaded together with the others. */
async function loaded(transforms: Transform[], workers: number): Promise<Uint8Array[]> {
  const dataset = pictureList(paths.map((picture) => ({ picture })))
  const pictures: Uint8Array[] = []
  const options = { dataset, transforms, batchSize: 5, workers, output: 'uint8' } as const
  for await (const { images, indices } of loader(options)) {
    const length = images.length / indices.length
    for (let at = 0; at < indices.length; at++) {
      pictures.push(images.slice(at * length, (at + 1) * length))
    }
  }
  return pictures
}

/** What each picture becomes by itself. */
async function alone(transforms: Transform[]): Promise<Uint8Array[]> {
  const whole = compose(transforms)
  const pictures: Uint8Array[] = []
  for (const [index, path] of paths.entries()) {
    const picture = await decodePicture(path)
    const parameters = whole.sample(new Random(0, 0, index), picture)
    pictures.push(whole.apply(picture, parameters).data)
  }
  return pictures
}

const several = [
  resize(90),
  randomHorizontalFlip(),
  resize([70, 64]),
  resize([33, 48]),
  centerCrop(32),
]

describe('memory that is used again', () => {
  it.each([0, 1, 2])('gives the same pictures as each by itself, %i workers', async (workers) => {
    const expected = await alone(several)
    for (let round = 0; round < 2; round++) {
      const found = await loaded(several, workers)
      expect(found.map((data, at) => Buffer.compare(data, expected[at]!))).toEqual(
        expected.map(() => 0),
      )
    }
  })

  it('leaves bytes that it was given as they are, beside files that are read', async () => {
    const own = paths.map((path) => new Uint8Array(readFileSync(path)))
    const copies = own.map((bytes) => bytes.slice())
    const list = paths.flatMap((path, at) => [{ picture: own[at]! }, { picture: path }])
    for await (const _ of loader({
      dataset: pictureList(list),
      transforms: several,
      batchSize: 4,
      output: 'uint8',
    })) {
      // Only what is left of the bytes counts.
    }
    expect(own.map((bytes, at) => Buffer.compare(bytes, copies[at]!))).toEqual(paths.map(() => 0))
  })

  it.each<[string, (own: Transform) => Transform]>([
    ['by itself', (own) => own],
    ['in a list', (own) => compose([own])],
    ['some of the time', (own) => randomApply([own], { p: 1 })],
    ['one of several', (own) => randomChoice([own])],
    ['in a drawn order, within another', (own) => compose([randomOrder([own])])],
  ])('leaves a transform of one’s own what it keeps, %s', async (_, within) => {
    const kept: Picture[] = []
    const copies: Uint8Array[] = []
    const keep: Transform = {
      name: 'keep',
      sample: () => undefined,
      outputSize: (size) => size,
      apply(picture) {
        kept.push(picture)
        copies.push(picture.data.slice())
        return picture
      },
    }
    const transforms = [resize([50, 50]), within(keep), centerCrop(32)]
    await loaded(transforms, 0)
    expect(kept).toHaveLength(paths.length)
    expect(kept.map(({ data }, at) => Buffer.compare(data, copies[at]!))).toEqual(
      paths.map(() => 0),
    )
  })
})
