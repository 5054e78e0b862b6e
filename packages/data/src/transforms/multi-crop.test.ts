import { describe, expect, it } from 'vitest'
import { loader } from '../node/loader.ts'
import { checksum, noisePicture, plainDataset, readFixture } from '../testing.ts'
import { averageViews, fiveCrop, tenCrop, viewsOf } from './multi-crop.ts'
import { resize } from './resize.ts'

const { views } = readFixture<{
  views: { input: [number, number]; size: [number, number]; vertical: boolean; crcs: number[] }[]
}>('operations.json')

describe('fiveCrop and tenCrop', () => {
  it.each(views)('equal torchvision: $input to $size, vertical flip $vertical', (fixture) => {
    const picture = noisePicture(...fixture.input)
    const ten = tenCrop(fixture.size, { verticalFlip: fixture.vertical }).apply(picture)
    expect(ten.map(({ data }) => checksum(data))).toEqual(fixture.crcs)
    const five = fiveCrop(fixture.size).apply(picture)
    expect(five.map(({ data }) => checksum(data))).toEqual(fixture.crcs.slice(0, 5))
    for (const { width, height } of ten) expect([height, width]).toEqual(fixture.size)
  })

  it('refuse a picture that is too small', () => {
    expect(() => tenCrop(5).apply(noisePicture(9, 4))).toThrow(
      'tenCrop: cannot cut 5×5 from 9×4; resize first',
    )
    expect(() => fiveCrop(5).apply(noisePicture(4, 9))).toThrow('cannot cut 5×5 from 4×9')
    expect(fiveCrop(4).apply(noisePicture(4, 4))).toHaveLength(5)
    expect(() => fiveCrop(0)).toThrow(RangeError)
    expect(() => tenCrop(0.5)).toThrow(RangeError)
  })
})

describe('viewsOf', () => {
  it('gives each picture as its views, loaded once', async () => {
    const dataset = plainDataset(7, 3, 6)
    let loads = 0
    const counted = {
      ...dataset,
      path: (index: number) => `${index}.png`,
      load: (index: number) => {
        loads++
        return dataset.load(index)
      },
    }
    const views = viewsOf(counted, tenCrop(4), [resize(8)])
    expect(views.length).toBe(70)
    const labels: number[] = []
    const reds: number[] = []
    for await (const batch of loader({ dataset: views, batchSize: 20 })) {
      expect(batch.shape.slice(1)).toEqual([4, 4, 3])
      labels.push(...batch.labels)
      for (let at = 0; at < batch.images.length; at += 48) {
        reds.push(Math.round(batch.images[at]! * 255))
      }
    }
    expect(loads).toBe(7)
    expect(labels).toEqual(Array.from({ length: 70 }, (_, at) => Math.floor(at / 10) % 3))
    expect(reds).toEqual(Array.from({ length: 70 }, (_, at) => Math.floor(at / 10)))
    expect(await views.fingerprint()).not.toBe(await dataset.fingerprint())
    const paths = ['0.png', '0.png', '1.png', '6.png']
    expect([0, 9, 10, 69].map(views.path)).toEqual(paths)
    expect([0, 9, 10, 69].map(views.label)).toEqual([0, 0, 1, 6].map(dataset.label))
  })

  it('keeps the views of few pictures', async () => {
    const dataset = plainDataset(20, 3, 6)
    const loads: number[] = []
    const load = (index: number) => {
      loads.push(index)
      return dataset.load(index)
    }
    const views = viewsOf({ ...dataset, load }, fiveCrop(4))
    for (let index = 0; index < views.length; index++) await views.load(index)
    expect(loads).toEqual(Array.from({ length: 20 }, (_, at) => at))
    // The last are still there, the first is not.
    await views.load(views.length - 1)
    expect(loads).toHaveLength(20)
    await views.load(0)
    expect(loads).toHaveLength(21)
  })
})

describe('averageViews', () => {
  it('gives the mean of each picture', () => {
    const rows = new Float32Array([1, 2, 3, 4, 10, 20, 30, 40])
    expect([...averageViews(rows, 2, 2)]).toEqual([2, 3, 20, 30])
    expect(() => averageViews(rows, 3, 2)).toThrow(
      '8 numbers are not rows of 3, 2 for each picture',
    )
    expect(() => averageViews(new Float32Array(6), 2, 2)).toThrow('2 for each picture')
  })
})
