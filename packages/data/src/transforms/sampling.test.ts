// What the transforms draw: ranges and probabilities over many draws, held to torchvision's rules.
import { describe, expect, it } from 'vitest'
import { Random } from '../random.ts'
import { noisePicture, readFixture } from '../testing.ts'
import { augMix } from './aug-mix.ts'
import { autoAugment } from './auto-augment.ts'
import { colorJitter } from './color-jitter.ts'
import { beta, dirichlet, gamma } from './distributions.ts'
import { gaussianBlur } from './gaussian-blur.ts'
import { randomGrayscale } from './grayscale.ts'
import { randAugment } from './rand-augment.ts'
import { randomAffine } from './random-affine.ts'
import { randomErasing } from './random-erasing.ts'
import { randomPerspective } from './random-perspective.ts'
import { randomRotation } from './random-rotation.ts'
import { randomVerticalFlip } from './random-vertical-flip.ts'
import type { Transform } from './transform.ts'
import { trivialAugmentWide } from './trivial-augment-wide.ts'

const size = { width: 320, height: 200 }
const DRAWS = 6000

function sampleMany<P>(transform: Transform<P>, count = DRAWS, from = size): P[] {
  const random = new Random(11)
  return Array.from({ length: count }, () => transform.sample(random, from))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** All values in the range, both ends nearly reached, the mean in the middle. */
function expectUniform(values: readonly number[], low: number, high: number) {
  const range = high - low
  expect(Math.min(...values)).toBeGreaterThanOrEqual(low)
  expect(Math.max(...values)).toBeLessThanOrEqual(high)
  expect(Math.min(...values)).toBeLessThan(low + range * 0.02)
  expect(Math.max(...values)).toBeGreaterThan(high - range * 0.02)
  // Four standard errors of an even distribution's mean.
  const error = (4 * range) / Math.sqrt(12 * values.length)
  expect(Math.abs(mean(values) - (low + high) / 2)).toBeLessThan(error)
}

/** The share of draws within four standard errors of `p`. */
function expectShare(hits: number, p: number, count = DRAWS) {
  expect(Math.abs(hits / count - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count) + 1e-9)
}

describe('by chance', () => {
  it.each([0, 0.1, 0.5, 0.9, 1])('with p %d', (p) => {
    expectShare(sampleMany(randomVerticalFlip({ p })).filter(({ flip }) => flip).length, p)
    expectShare(sampleMany(randomGrayscale({ p })).filter(({ gray }) => gray).length, p)
    expectShare(sampleMany(randomPerspective({ p })).filter(Boolean).length, p)
  })

  it("with torchvision's defaults", () => {
    expectShare(sampleMany(randomVerticalFlip()).filter(({ flip }) => flip).length, 0.5)
    expectShare(sampleMany(randomGrayscale()).filter(({ gray }) => gray).length, 0.1)
    expectShare(sampleMany(randomPerspective()).filter(Boolean).length, 0.5)
    expectShare(sampleMany(randomErasing()).filter(Boolean).length, 0.5)
  })
})

describe('colorJitter', () => {
  it('draws factors of the ranges in every order', () => {
    const steps = sampleMany(
      colorJitter({ brightness: 0.4, contrast: [0.2, 0.9], saturation: 3, hue: 0.1 }),
    )
    const factors = (name: string) =>
      steps.map((list) => list.find(([property]) => property === name)![1])
    expectUniform(factors('brightness'), 0.6, 1.4)
    expectUniform(factors('contrast'), 0.2, 0.9)
    expectUniform(factors('saturation'), 0, 4)
    expectUniform(factors('hue'), -0.1, 0.1)
    const orders = new Map<string, number>()
    for (const list of steps) {
      const order = list.map(([property]) => property).join()
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).toBe(24)
    for (const count of orders.values()) expectShare(count, 1 / 24)
  })

  it('leaves out what is not asked for', () => {
    const jitter = colorJitter({ contrast: 0.5, brightness: [1, 1], hue: 0 })
    for (const list of sampleMany(jitter, 50)) {
      expect(list.map(([property]) => property)).toEqual(['contrast'])
    }
    const picture = noisePicture(4, 4)
    expect(colorJitter().apply(picture, [])).toBe(picture)
  })

  it('refuses what torchvision refuses', () => {
    expect(() => colorJitter({ brightness: -1 })).toThrow('brightness as one number')
    expect(() => colorJitter({ hue: 0.6 })).toThrow('hue must be [least, greatest], from -0.5')
    expect(() => colorJitter({ contrast: [0.5, 0.2] })).toThrow(
      'contrast must be [least, greatest]',
    )
  })
})

describe('angles, shifts and widths', () => {
  it('randomRotation', () => {
    expectUniform(
      sampleMany(randomRotation({ degrees: 30 })).map(({ angle }) => angle),
      -30,
      30,
    )
    expectUniform(
      sampleMany(randomRotation({ degrees: [10, 200] })).map(({ angle }) => angle),
      10,
      200,
    )
    expect(() => randomRotation({ degrees: -3 })).toThrow('degrees as one number must be from 0 up')
  })

  it('randomRotation with expand gives the size of its result', () => {
    const picture = noisePicture(31, 12)
    for (const angle of [0, 33, 90, 180, 270, 345.5]) {
      const transform = randomRotation({ degrees: 0, expand: true })
      const { width, height } = transform.apply(picture, { angle })
      expect(transform.outputSize(picture, { angle })).toEqual({ width, height })
    }
  })

  it('gaussianBlur', () => {
    const sigmas = sampleMany(gaussianBlur({ kernelSize: 5 })).map(({ sigma }) => sigma)
    expectUniform(sigmas, 0.1, 2)
    expect(sampleMany(gaussianBlur({ kernelSize: 5, sigma: 3 }), 1)).toEqual([{ sigma: 3 }])
    expect(() => gaussianBlur({ kernelSize: 4 })).toThrow('odd whole numbers, not 4')
    expect(() => gaussianBlur({ kernelSize: 3, sigma: [2, 1] })).toThrow('not [2, 1]')
  })

  it('randomAffine draws whole pixels, one shear for two numbers, two for four', () => {
    const both = sampleMany(
      randomAffine({ degrees: 10, translate: [0.1, 0.2], scale: [0.5, 2], shear: [1, 5, -9, 3] }),
    )
    expectUniform(
      both.map(({ angle }) => angle),
      -10,
      10,
    )
    expectUniform(
      both.map(({ translate }) => translate[0]),
      -32,
      32,
    )
    expectUniform(
      both.map(({ translate }) => translate[1]),
      -40,
      40,
    )
    expect(both.every(({ translate }) => translate.every(Number.isInteger))).toBe(true)
    expectUniform(
      both.map(({ scale }) => scale),
      0.5,
      2,
    )
    expectUniform(
      both.map(({ shear }) => shear[0]),
      1,
      5,
    )
    expectUniform(
      both.map(({ shear }) => shear[1]),
      -9,
      3,
    )
    for (const shear of [7, [-7, 7]] as const) {
      const one = sampleMany(randomAffine({ degrees: 0, shear }))
      expectUniform(
        one.map((drawn) => drawn.shear[0]),
        -7,
        7,
      )
      expect(one.every((drawn) => drawn.shear[1] === 0 && drawn.scale === 1)).toBe(true)
    }
    expect(() => randomAffine({ degrees: 0, translate: [2, 0] })).toThrow('shares from 0 to 1')
    expect(() => randomAffine({ degrees: 0, scale: [0, 1] })).toThrow('scale must be')
  })

  it('randomPerspective moves each corner inwards, evenly', () => {
    const corners = sampleMany(randomPerspective({ p: 1, distortionScale: 0.4 })).map(
      (parameters) => parameters!.corners,
    )
    // 0.4 of half of 320 and of 200.
    const [x, y] = [64, 40]
    const near = { x: [0, x], y: [0, y] }
    const far = { x: [319 - x, 319], y: [199 - y, 199] }
    const expected = [
      [near.x, near.y],
      [far.x, near.y],
      [far.x, far.y],
      [near.x, far.y],
    ]
    expected.forEach((axes, corner) => {
      axes.forEach(([low, high], axis) => {
        expectUniform(
          corners.map((points) => points[corner]![axis]!),
          low!,
          high!,
        )
      })
    })
  })
})

describe('randomErasing', () => {
  it('draws areas and shapes from the given ranges, inside the picture', () => {
    const transform = randomErasing({ p: 1, scale: [0.1, 0.2], ratio: [0.5, 2] })
    const boxes = sampleMany(transform).map((parameters) => parameters!.box)
    for (const { left, top, width, height } of boxes) {
      expect(left >= 0 && top >= 0 && left + width <= 320 && top + height <= 200).toBe(true)
      expect(width < 320 && height < 200).toBe(true)
    }
    expectUniform(
      boxes.map(({ width, height }) => (width * height) / 64_000),
      0.0985,
      0.2015,
    )
    expectUniform(
      boxes.map(({ width, height }) => Math.log(height / width)),
      Math.log(0.49),
      Math.log(2.04),
    )
  })

  it('erases nothing where ten rectangles do not fit', () => {
    const transform = randomErasing({ p: 1, scale: [0.9, 1], ratio: [3, 3.3] })
    expect(sampleMany(transform, 100)).toEqual(new Array(100).fill(null))
  })

  it('erases with noise, another for each draw', () => {
    const transform = randomErasing({ p: 1, value: 'random' })
    const seeds = sampleMany(transform, 100).map((parameters) => parameters!.noiseSeed)
    expect(new Set(seeds).size).toBe(100)
    const black = { ...size, data: new Uint8Array(320 * 200 * 3) }
    const drawn = { box: { left: 5, top: 6, width: 40, height: 30 }, noiseSeed: 3 }
    const erased = transform.apply(black, JSON.parse(JSON.stringify(drawn)))
    expect(erased).toEqual(transform.apply(black, drawn))
    expect(new Set(erased.data).size).toBe(256)
  })
})

const { scales } = readFixture<{
  scales: {
    space: string
    bins: number
    operations: { operation: string; signed: boolean; magnitudes: number[] }[]
  }[]
}>('operations.json')
const scaleOf = (space: string) => scales.find((scale) => scale.space === space)!

/** Every drawn step has one of torchvision's magnitudes, and each comes up. */
function expectSteps(
  steps: readonly { operation: string; magnitude: number }[],
  space: string,
  bins: (count: number) => number[],
) {
  const scale = scaleOf(space)
  for (const { operation, signed, magnitudes } of scale.operations) {
    const drawn = steps.filter((step) => step.operation === operation)
    // Six digits, as torch's own last bit depends on the processor; `+ 0` makes −0 a plain 0.
    const rounded = (value: number) => Number(value.toPrecision(6)) + 0
    const allowed = bins(magnitudes.length).map((bin) => magnitudes[bin]!)
    const wanted = new Set(allowed.length === 0 ? [0] : allowed.map(rounded))
    if (signed) for (const value of allowed) wanted.add(rounded(-value))
    const found = new Set(drawn.map(({ magnitude }) => rounded(magnitude)))
    expect([...found].sort(), operation).toEqual([...wanted].sort())
    expectShare(drawn.length, 1 / scale.operations.length, steps.length)
  }
}

describe('drawn policies', () => {
  it('magnitudes cut off to whole pixels are those of torchvision', () => {
    const { operations } = scaleOf('trivialAugmentWide')
    const pixels = operations.find(({ operation }) => operation === 'TranslateX')!.magnitudes
    const drawn = sampleMany(trivialAugmentWide(), 20_000)
      .filter(({ operation }) => operation === 'TranslateX')
      .map(({ magnitude }) => Math.trunc(Math.abs(magnitude)))
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual([...new Set(pixels.map(Math.trunc))])
  })

  it('trivialAugmentWide draws each operation, bin and sign', () => {
    const steps = sampleMany(trivialAugmentWide(), 40_000)
    expectSteps(steps, 'trivialAugmentWide', (count) => [...new Array(count).keys()])
    const negative = steps.filter(
      ({ operation, magnitude }) => operation === 'Rotate' && magnitude < 0,
    )
    expectShare(negative.length, (1 / 14) * 0.5 * (30 / 31), 40_000)
  })

  it('randAugment draws two operations of one bin', () => {
    const lists = sampleMany(randAugment(), 20_000)
    expect(lists.every((list) => list.length === 2)).toBe(true)
    expectSteps(lists.flat(), 'randAugment', (count) => (count ? [9] : []))
    const strong = sampleMany(randAugment({ numOps: 3, magnitude: 30 }), 20_000).flat()
    expectSteps(strong, 'randAugment', (count) => (count ? [30] : []))
    expect(() => randAugment({ magnitude: 31 })).toThrow('below numMagnitudeBins (31), not 31')
  })

  it("autoAugment draws each pair, its steps with the policy's probabilities", () => {
    const lists = sampleMany(autoAugment(), 50_000)
    // ImageNet's 25 pairs hold Posterize with probabilities .4, .6 and .6, .8, .4 in four of them.
    const count = (name: string) =>
      lists.flat().filter(({ operation }) => operation === name).length / lists.length
    expect(count('Posterize')).toBeCloseTo((0.4 + 0.6 + 0.6 + 0.8 + 0.4) / 25, 2)
    expect(count('Invert')).toBeCloseTo((0.6 + 0.6 + 0.6) / 25, 2)
    expect(count('ShearX')).toBeCloseTo(0.6 / 25, 2)
    expect(count('Brightness')).toBe(0)
    const scale = scaleOf('autoAugment')
    for (const { operation, magnitude } of lists.flat()) {
      const { magnitudes } = scale.operations.find((row) => row.operation === operation)!
      const allowed = magnitudes.length ? magnitudes : [0]
      expect(allowed.some((value) => Math.abs(Math.abs(magnitude) - value) <= 1e-6 * value)).toBe(
        true,
      )
    }
    const cifar = sampleMany(autoAugment({ policy: 'cifar10' }), 2000).flat()
    expect(cifar.some(({ operation }) => operation === 'TranslateY')).toBe(true)
    expect(() => autoAugment({ policy: 'mnist' as 'svhn' })).toThrow(
      'they are imagenet, cifar10, svhn',
    )
  })

  it('augMix draws weights that sum to 1 and chains of one to three', () => {
    const lists = sampleMany(augMix(), 15_000)
    for (const { weights, chains } of lists) {
      expect(weights.length).toBe(4)
      expect(mean(weights) * 4).toBeCloseTo(1, 10)
      expect(chains.length).toBe(3)
    }
    // Beta(1, 1) of the picture itself; Dirichlet(1, 1, 1) of the rest: means 1/2 and 1/6.
    expectUniform(
      lists.map(({ weights }) => weights[0]!),
      0,
      1,
    )
    for (const at of [1, 2, 3]) {
      expect(mean(lists.map(({ weights }) => weights[at]!))).toBeCloseTo(1 / 6, 2)
    }
    const depths = lists.flatMap(({ chains }) => chains.map(({ length }) => length))
    for (const depth of [1, 2, 3]) {
      expectShare(depths.filter((length) => length === depth).length, 1 / 3, depths.length)
    }
    expectSteps(
      lists.flatMap(({ chains }) => chains.flat()),
      'augMix',
      (count) => (count ? [0, 1, 2] : []),
    )
    const few = sampleMany(augMix({ allOps: false, chainDepth: 2, mixtureWidth: 5 }), 500)
    expect(few.every(({ chains }) => chains.length === 5)).toBe(true)
    expect(few.every(({ chains }) => chains.every(({ length }) => length === 2))).toBe(true)
    const names = new Set(few.flatMap(({ chains }) => chains.flat().map((step) => step.operation)))
    expect(names.size).toBe(9)
    expect(() => augMix({ severity: 11 })).toThrow('severity must be 1 to 10')
  })
})

describe('distributions', () => {
  it.each([0.2, 1, 4.5])('gamma of shape %d has mean and variance of its shape', (shape) => {
    const random = new Random(4)
    const values = Array.from({ length: 40_000 }, () => gamma(random, shape))
    const average = mean(values)
    expect(Math.abs(average - shape)).toBeLessThan(4 * Math.sqrt(shape / 40_000))
    const variance = mean(values.map((value) => (value - average) ** 2))
    expect(variance / shape).toBeGreaterThan(0.93)
    expect(variance / shape).toBeLessThan(1.07)
  })

  it('beta with both parameters 0.2 is mostly near 0 and 1', () => {
    const random = new Random(5)
    const values = Array.from({ length: 20_000 }, () => beta(random, 0.2))
    expect(mean(values)).toBeCloseTo(0.5, 1)
    // Variance αβ ÷ ((α+β)²(α+β+1)) = 1 ÷ 5.6.
    expect(mean(values.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 5.6, 2)
  })

  it('dirichlet of a tiny alpha is still shares', () => {
    const random = new Random(6)
    for (let draw = 0; draw < 200; draw++) {
      const shares = dirichlet(random, 1e-4, 3)
      expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 10)
    }
  })
})
