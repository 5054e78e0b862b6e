import { describe, expect, it } from 'vitest'
import type { Dataset } from './dataset.ts'
import type { Picture } from './picture.ts'
import { Random } from './random.ts'
import { fitColorPca, imagenetColorPca, meanPicture } from './statistics.ts'
import { fixturePicture, noisePicture, plainDataset, readFixture } from './testing.ts'
import { colorPcaNoise } from './transforms/color-pca-noise.ts'

const { pca } = readFixture<{
  pca: { mean: number[]; deviations: number[]; eigenvectors: number[][] }
}>('operations.json')

function datasetOf(pictures: readonly Picture[]): Dataset {
  return { ...plainDataset(pictures.length), load: async (index) => pictures[index]! }
}

describe('fitColorPca', () => {
  it("finds numpy's axes", async () => {
    const progress: number[] = []
    const found = await fitColorPca(
      datasetOf(['noise 24×20', 'smooth 33×17'].map(fixturePicture)),
      { onProgress: (done, total) => void progress.push(done / total) },
    )
    expect(progress).toEqual([0.5, 1])
    pca.mean.forEach((value, at) => void expect(found.mean[at]).toBeCloseTo(value, 12))
    pca.deviations.forEach((value, at) => void expect(found.deviations[at]).toBeCloseTo(value, 12))
    pca.eigenvectors.forEach((vector, axis) => {
      // Either direction of an axis is right.
      const sign = Math.sign(vector[0]! * found.eigenvectors[axis]![0])
      vector.forEach((value, at) => {
        expect(found.eigenvectors[axis]![at]! * sign).toBeCloseTo(value, 10)
      })
    })
  })

  it('of one colour has no deviation', async () => {
    const found = await fitColorPca(datasetOf([fixturePicture('plain 24×20')]))
    for (const deviation of found.deviations) expect(deviation).toBeLessThan(1e-7)
  })

  it('reads at most `limit` pictures, spread over the data set', async () => {
    const read: number[] = []
    const dataset = plainDataset(100)
    const watched = {
      ...dataset,
      load: (index: number) => {
        read.push(index)
        return dataset.load(index)
      },
    }
    await fitColorPca(watched, { limit: 4 })
    expect(read.sort((a, b) => a - b)).toEqual([0, 25, 50, 75])
    await expect(fitColorPca(dataset, { limit: 0 })).rejects.toThrow('limit must be a whole number')
  })

  it('stops at the first picture that fails, and when it is told to', async () => {
    let loads = 0
    const broken = {
      ...plainDataset(50),
      load: async () => {
        loads++
        throw new Error('no such picture')
      },
    }
    await expect(fitColorPca(broken)).rejects.toThrow('no such picture')
    expect(loads).toBeLessThanOrEqual(4)
    const signal = AbortSignal.abort(new Error('stopped by hand'))
    await expect(fitColorPca(plainDataset(5), { signal })).rejects.toThrow('stopped by hand')
  })
})

describe('meanPicture', () => {
  it('is the mean of each pixel of the middle squares', async () => {
    const pictures = [noisePicture(8, 8), noisePicture(8, 10), noisePicture(12, 8)]
    const { width, height, data } = await meanPicture(datasetOf(pictures), { size: 8 })
    expect([width, height]).toEqual([8, 8])
    const at = (picture: Picture, left: number, top: number) =>
      picture.data[((top + 3) * picture.width + left + 2) * 3 + 1]!
    const mean = (at(pictures[0]!, 0, 0) + at(pictures[1]!, 0, 1) + at(pictures[2]!, 2, 0)) / 3
    expect(data[(3 * 8 + 2) * 3 + 1]).toBeCloseTo(mean / 255, 6)
  })
})

describe('colorPcaNoise', () => {
  it('draws shifts with the covariance of the axes', () => {
    const transform = colorPcaNoise({ pca: imagenetColorPca })
    const random = new Random(1)
    const shifts = Array.from(
      { length: 20_000 },
      () => transform.sample(random, { width: 1, height: 1 }).shift,
    )
    for (const [a, b] of [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
      [0, 2],
    ] as const) {
      const found = shifts.reduce((sum, shift) => sum + shift[a] * shift[b], 0) / shifts.length
      const expected = imagenetColorPca.eigenvectors.reduce(
        (sum, axis, at) =>
          sum + axis[a]! * axis[b]! * (imagenetColorPca.deviations[at]! * 0.1 * 255) ** 2,
        0,
      )
      expect(found / expected).toBeGreaterThan(0.95)
      expect(found / expected).toBeLessThan(1.05)
    }
  })

  it('adds the same to every pixel, rounds and stays within bytes', () => {
    const data = new Uint8Array([0, 10, 250, 100, 200, 255])
    const result = colorPcaNoise({ pca: imagenetColorPca }).apply(
      { width: 2, height: 1, data },
      { shift: [-3.4, 2.6, 7] },
    )
    expect([...result.data]).toEqual([0, 13, 255, 97, 203, 255])
  })
})
