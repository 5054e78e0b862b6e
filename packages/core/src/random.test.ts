import { describe, expect, it } from 'vitest'
import { fillMask, fillNormal, fillUniform, keyOf, mix, namedSeed } from './random.ts'

/** Standard deviations by which `found` misses the mean of `count` draws of the given deviation. */
const misses = (found: number, mean: number, deviation: number, count: number) =>
  (Math.abs(found - mean) / deviation) * Math.sqrt(count)

const COUNT = 1_000_000

describe('keys', () => {
  it('mixes as MurmurHash3 does', () => {
    expect([mix(0), mix(1), mix(0xffffffff)]).toEqual([0, 0x514e28b7, 0x81f16f39])
  })

  it('tells apart order, number and size of their parts', () => {
    const keys = [
      keyOf(),
      keyOf(0),
      keyOf(1),
      keyOf(0, 1),
      keyOf(1, 0),
      keyOf(2 ** 32),
      keyOf(2 ** 32 + 1),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('gives each name of each seed a stream of its own', () => {
    const seeds = [0, 1, 2].flatMap((seed) =>
      ['features.0.weight', 'features.0.bias', 'features.3.weight'].map((name) =>
        namedSeed(seed, name),
      ),
    )
    expect(new Set(seeds).size).toBe(9)
    expect(namedSeed(1, 'features.0.weight')).toBe(seeds[3])
  })
})

describe('fillMask', () => {
  it('keeps the asked share, evenly over the array', () => {
    for (const keep of [0.1, 0.5, 0.7]) {
      const mask = new Float32Array(COUNT)
      fillMask(mask, 42, keep, 2)
      for (const part of [
        mask,
        mask.subarray(0, COUNT / 10),
        mask.filter((_, i) => i % 16 === 3),
      ]) {
        const kept = part.reduce((sum, value) => sum + value / 2, 0) / part.length
        expect(misses(kept, keep, Math.sqrt(keep * (1 - keep)), part.length)).toBeLessThan(4)
      }
    }
  })

  it('decides for each element apart from its neighbours and from the next key', () => {
    const masks = [7, 8].map((key) => {
      const mask = new Float32Array(COUNT)
      fillMask(mask, key, 0.5, 1)
      return mask
    })
    for (const shift of [1, 2, 64, 4096]) {
      let agreeing = 0
      for (let i = shift; i < COUNT; i++) agreeing += Number(masks[0]![i] === masks[0]![i - shift])
      expect(misses(agreeing / (COUNT - shift), 0.5, 0.5, COUNT - shift)).toBeLessThan(4)
    }
    let agreeing = 0
    for (let i = 0; i < COUNT; i++) agreeing += Number(masks[0]![i] === masks[1]![i])
    expect(misses(agreeing / COUNT, 0.5, 0.5, COUNT)).toBeLessThan(4)
  })

  it('keeps everything when asked to', () => {
    const mask = new Float32Array(1000)
    fillMask(mask, 1, 1, 3)
    expect(mask.every((value) => value === 3)).toBe(true)
  })
})

describe('fillNormal', () => {
  it('has the moments and the tails of the normal distribution', () => {
    const values = new Float32Array(COUNT)
    fillNormal(values, 5, 1)
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / COUNT
    // Deviations of x, x², x³, x⁴ under N(0, 1): √1, √2, √15, √96.
    for (const [power, mean, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      expect(misses(moment(power), mean, Math.sqrt(variance), COUNT)).toBeLessThan(4)
    }
    // P(|x| > t) for t of 1, 2, 3, and of the edge beyond which the tail's own method draws.
    for (const [threshold, share] of [
      [1, 0.317311],
      [2, 0.0455],
      [3, 0.0027],
      [3.442619855899, 0.000576],
    ] as const) {
      const beyond = values.filter((x) => Math.abs(x) > threshold).length / COUNT
      expect(misses(beyond, share, Math.sqrt(share * (1 - share)), COUNT)).toBeLessThan(4)
    }
  })

  it('follows from the seed', () => {
    const [a, b, c] = [5, 5, 6].map((seed) => {
      const values = new Float32Array(100)
      fillNormal(values, seed, 0.01)
      return values
    })
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
  })
})

describe('fillUniform', () => {
  it('is even between its bounds', () => {
    const values = new Float32Array(COUNT)
    fillUniform(values, 9, 0.5)
    const bins = new Array(20).fill(0)
    for (const value of values) bins[Math.floor((value + 0.5) * 20)]++
    for (const found of bins) {
      expect(misses(found / COUNT, 0.05, Math.sqrt(0.05 * 0.95), COUNT)).toBeLessThan(4)
    }
  })
})

describe('speed', () => {
  it('keeps dropout and initialisation out of the way', () => {
    // A quiet core does about 250 and 90 million numbers a second. The bounds leave room for a
    // machine that is slow and busy, so that only a blunder fails them.
    const rate = (fill: (values: Float32Array) => void) => {
      const values = new Float32Array(4_000_000)
      const times = [1, 2, 3].map(() => {
        const start = performance.now()
        fill(values)
        return performance.now() - start
      })
      return values.length / Math.min(...times) / 1000
    }
    expect(rate((values) => fillMask(values, 1, 0.5, 2))).toBeGreaterThan(15)
    expect(rate((values) => fillNormal(values, 1, 1))).toBeGreaterThan(5)
  })
})
