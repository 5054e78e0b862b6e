import { describe, expect, it } from 'vitest'
import { countClasses, sample, split, subset } from './dataset.ts'
import { plainDataset } from './testing.ts'

describe('subset', () => {
  it('keeps the given pictures in the given order', async () => {
    const chosen = subset(plainDataset(10), [7, 2, 2])
    expect(chosen.length).toBe(3)
    expect([0, 1, 2].map((index) => chosen.label(index))).toEqual([1, 2, 2])
    expect(chosen.path(0)).toBe('plain/7')
    expect((await chosen.load(1)).data[0]).toBe(2)
    expect(() => chosen.label(3)).toThrow('there is no picture 3; they are 0 to 2')
  })

  it('refuses indices that are not there', () => {
    expect(() => subset(plainDataset(10), [0, 10])).toThrow(
      'index 10 is not one of the 10 pictures',
    )
    expect(() => subset(plainDataset(10), [0.5])).toThrow('index 0.5')
    expect(() => subset(plainDataset(10), [-1])).toThrow('index -1')
  })

  it('has a fingerprint of its own', async () => {
    const dataset = plainDataset(10)
    const prints = await Promise.all(
      [[1, 2], [2, 1], [1], [1, 2, 3]].map((indices) => subset(dataset, indices).fingerprint()),
    )
    expect(new Set(prints).size).toBe(4)
    expect(await subset(dataset, [1, 2]).fingerprint()).toBe(prints[0])
    expect(await subset(plainDataset(11), [1, 2]).fingerprint()).not.toBe(prints[0])
    expect(prints[0]).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe('split', () => {
  const paths = (dataset: ReturnType<typeof plainDataset>) =>
    Array.from({ length: dataset.length }, (_, index) => dataset.path(index))

  it('gives every class its share and no picture twice', () => {
    const [train, test] = split(plainDataset(90), [0.8, 0.2], 5) as [
      ReturnType<typeof plainDataset>,
      ReturnType<typeof plainDataset>,
    ]
    expect(countClasses(train)).toEqual([24, 24, 24])
    expect(countClasses(test)).toEqual([6, 6, 6])
    expect(new Set([...paths(train), ...paths(test)]).size).toBe(90)
  })

  it('depends on the seed alone', () => {
    const once = split(plainDataset(60), [0.5, 0.5], 1).map(paths)
    expect(split(plainDataset(60), [0.5, 0.5], 1).map(paths)).toEqual(once)
    expect(split(plainDataset(60), [0.5, 0.5], 2).map(paths)).not.toEqual(once)
  })

  it('may leave pictures out, but not hand out more than there are', () => {
    expect(split(plainDataset(30), [0.1, 0.2]).map(({ length }) => length)).toEqual([3, 6])
    expect(split(plainDataset(30), [1 / 3, 1 / 3, 1 / 3]).map(({ length }) => length)).toEqual([
      9, 12, 9,
    ])
    expect(() => split(plainDataset(30), [0.9, 0.2])).toThrow('at most 1 together')
    expect(() => split(plainDataset(30), [0, 1])).toThrow('above 0')
  })
})

describe('sample', () => {
  it('takes exactly so many, with the same share of each class as far as that goes', () => {
    const dataset = plainDataset(100, 7)
    for (const count of [1, 3, 7, 15, 50, 99]) {
      const counts = countClasses(sample(dataset, count, 4))
      expect(counts.reduce((sum, one) => sum + one)).toBe(count)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
    }
    expect(sample(dataset, 100)).toBe(dataset)
    const paths = (seed: number) => {
      const some = sample(dataset, 20, seed)
      return Array.from({ length: 20 }, (_, at) => some.path(at))
    }
    expect(paths(1)).toEqual(paths(1))
    expect(paths(1)).not.toEqual(paths(2))
    expect(() => sample(dataset, 0)).toThrow('count must be a whole number from 1, not 0')
  })
})
