import { describe, expect, it } from 'vitest'
import { countClasses } from '../dataset.ts'
import { shapes } from './shapes.ts'

/** All pictures of a set as vectors of floats from 0 to 1. */
async function vectors(dataset: ReturnType<typeof shapes>): Promise<Float32Array[]> {
  const loaded: Float32Array[] = []
  for (let index = 0; index < dataset.length; index++) {
    loaded.push(Float32Array.from((await dataset.load(index)).data, (byte) => byte / 255))
  }
  return loaded
}

/** The label whose vector has the largest score. */
function best(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores))
}

describe('shapes', () => {
  it('has ten classes, equally often', () => {
    const dataset = shapes({ count: 200 })
    expect(dataset.classes).toEqual([
      'circle',
      'square',
      'triangle',
      'star',
      'cross',
      'ring',
      'stripes',
      'checkerboard',
      'dots',
      'waves',
    ])
    expect(countClasses(dataset)).toEqual(new Array(10).fill(20))
    expect(dataset.path(13)).toBe('shapes/train/13-star')
  })

  it('draws the same pictures from the same seed, others from another or for the other split', async () => {
    const options = { count: 20, size: 24 }
    const pictures = async (more: Parameters<typeof shapes>[0]) =>
      (await vectors(shapes({ ...options, ...more }))).map(String)
    const first = await pictures({ seed: 1 })
    expect(await pictures({ seed: 1 })).toEqual(first)
    for (const other of [await pictures({ seed: 2 }), await pictures({ seed: 1, split: 'test' })]) {
      expect(other.some((picture) => first.includes(picture))).toBe(false)
    }
    expect(new Set(first).size).toBe(20)
  })

  it('does not change a picture when the set grows', async () => {
    const [few, many] = [shapes({ count: 5 }), shapes({ count: 500 })]
    expect(await few.load(3)).toEqual(await many.load(3))
  })

  it.each([8, 33, 96])('draws pictures of %i pixels', async (size) => {
    const dataset = shapes({ count: 10, size })
    for (let index = 0; index < 10; index++) {
      const { width, height, data } = await dataset.load(index)
      expect([width, height, data.length]).toEqual([size, size, size * size * 3])
      // Something is on every one of them.
      expect(new Set(data).size).toBeGreaterThan(20)
    }
  })

  it('cannot be told apart by the nearest mean picture', async () => {
    const train = shapes({ count: 1000 })
    const test = shapes({ count: 500, split: 'test' })
    const means = train.classes.map(() => new Float32Array(32 * 32 * 3))
    const pictures = await vectors(train)
    pictures.forEach((picture, index) => {
      const mean = means[train.label(index)]!
      for (let at = 0; at < mean.length; at++) mean[at]! += picture[at]! / 100
    })
    let right = 0
    for (const [index, picture] of (await vectors(test)).entries()) {
      const scores = means.map((mean) =>
        mean.reduce((sum, value, at) => sum - (value - picture[at]!) ** 2, 0),
      )
      if (best(scores) === test.label(index)) right++
    }
    // Chance is 10%; a small convolutional network gets over 90%.
    expect(right / test.length).toBeLessThan(0.3)
  })

  it('has a fingerprint of what it is drawn from', async () => {
    const prints = await Promise.all(
      [{}, { seed: 1 }, { size: 64 }, { count: 10 }, { split: 'test' as const }].map((options) =>
        shapes(options).fingerprint(),
      ),
    )
    expect(new Set(prints).size).toBe(5)
  })

  it('refuses counts and sizes that are none', () => {
    expect(() => shapes({ count: 0 })).toThrow('count must be a positive whole number, not 0')
    expect(() => shapes({ size: 7 })).toThrow('pixels from 8 up, not 7')
    expect(() => shapes({ count: 3 }).label(3)).toThrow('there is no picture 3')
  })
})
