import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { noisePicture } from '../testing.ts'
import { centerCrop, randomCrop } from './crop.ts'
import { randomHorizontalFlip } from './random-horizontal-flip.ts'
import { randomResizedCrop } from './random-resized-crop.ts'
import { resize } from './resize.ts'
import { compose, roundHalfEven, type Transform, transformPicture } from './transform.ts'

const picture = noisePicture(61, 47)

/** Applies one by one, as a pipeline would without any short cut. */
function oneByOne(transforms: readonly Transform[], parameters: readonly unknown[]) {
  return transforms.reduce((current, step, at) => step.apply(current, parameters[at]), picture)
}

describe('compose', () => {
  it.each([
    { transforms: [resize(40), centerCrop(32)] },
    { transforms: [resize(20), centerCrop(32)] },
    { transforms: [resize(47), centerCrop(32)] },
    { transforms: [resize(32), randomCrop({ size: 32, padding: 4, paddingMode: 'reflect' })] },
    { transforms: [resize(48), randomCrop({ size: 32 }), randomHorizontalFlip({ p: 1 })] },
    { transforms: [randomResizedCrop({ size: 24 }), centerCrop(20), resize(10)] },
  ])('gives the pixels of its transforms one after the other ($#)', ({ transforms }) => {
    const pipeline = compose(transforms)
    for (let seed = 0; seed < 8; seed++) {
      const parameters = pipeline.sample(new Random(seed), picture)
      const result = pipeline.apply(picture, parameters)
      expect(result).toEqual(oneByOne(transforms, parameters))
      expect(pipeline.outputSize(picture, parameters)).toMatchObject({
        width: result.width,
        height: result.height,
      })
    }
  })

  it('draws parameters that JSON keeps', () => {
    const pipeline = compose([randomResizedCrop({ size: 8 }), randomHorizontalFlip()])
    const parameters = pipeline.sample(new Random(1), picture)
    const kept = JSON.parse(JSON.stringify(parameters))
    expect(pipeline.apply(picture, kept)).toEqual(pipeline.apply(picture, parameters))
  })

  it('of nothing returns the picture', () => {
    expect(transformPicture(compose([]), picture, new Random(0))).toBe(picture)
  })
})

describe('roundHalfEven', () => {
  it('rounds as Python does', () => {
    const values = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49, 2.51, 7]
    expect(values.map((value) => roundHalfEven(value) + 0)).toEqual([0, 2, 2, 0, -2, 0, 3, 7])
  })
})
