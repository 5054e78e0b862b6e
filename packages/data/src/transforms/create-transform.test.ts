import { describe, expect, it } from 'vitest'
import * as operations from '../functional.ts'
import { Random } from '../random.ts'
import { imagenetColorPca } from '../statistics.ts'
import { noisePicture } from '../testing.ts'
import { augMix } from './aug-mix.ts'
import { autoAugment } from './auto-augment.ts'
import { colorJitter } from './color-jitter.ts'
import { colorPcaNoise } from './color-pca-noise.ts'
import { randomApply, randomChoice, randomOrder } from './combine.ts'
import { createTransform, transformNames } from './create-transform.ts'
import { centerCrop, pad, randomCrop } from './crop.ts'
import { gaussianBlur } from './gaussian-blur.ts'
import { grayscale, randomGrayscale } from './grayscale.ts'
import { randAugment } from './rand-augment.ts'
import { randomAffine } from './random-affine.ts'
import { randomErasing } from './random-erasing.ts'
import { randomHorizontalFlip } from './random-horizontal-flip.ts'
import {
  randomAdjustSharpness,
  randomAutocontrast,
  randomEqualize,
  randomInvert,
  randomPosterize,
  randomSolarize,
} from './random-operations.ts'
import { randomPerspective } from './random-perspective.ts'
import { randomResizedCrop } from './random-resized-crop.ts'
import { randomRotation } from './random-rotation.ts'
import { randomVerticalFlip } from './random-vertical-flip.ts'
import { resize } from './resize.ts'
import { compose, type Transform } from './transform.ts'
import { trivialAugmentWide } from './trivial-augment-wide.ts'

const one: Transform[] = [
  augMix({ severity: 5 }),
  autoAugment({ policy: 'cifar10', fill: [1, 2, 3] }),
  centerCrop(20),
  colorJitter({ brightness: 0.4, hue: [-0.1, 0.2] }),
  colorPcaNoise({ pca: imagenetColorPca, std: 2 }),
  gaussianBlur({ kernelSize: [3, 5] }),
  grayscale(),
  pad([2, 3], { paddingMode: 'symmetric' }),
  randAugment({ magnitude: 20 }),
  randomAdjustSharpness({ sharpnessFactor: 2 }),
  randomAffine({ degrees: 20, translate: [0.1, 0.1], shear: [1, 2, 3, 4], fill: 9 }),
  randomAutocontrast(),
  randomCrop({ size: [50, 20], padding: 2, padIfNeeded: true, paddingMode: 'edge' }),
  randomEqualize(),
  randomErasing({ value: 'random' }),
  randomGrayscale({ p: 0.5 }),
  randomHorizontalFlip(),
  randomInvert(),
  randomPerspective({ p: 0.8 }),
  randomPosterize({ bits: 3 }),
  randomResizedCrop({ size: [9, 12], interpolation: 'bicubic' }),
  randomRotation({ degrees: 90, expand: true, interpolation: 'bilinear' }),
  randomSolarize({ threshold: 100 }),
  randomVerticalFlip(),
  resize(25, { maxSize: 30 }),
  trivialAugmentWide({ interpolation: 'bilinear' }),
]
const all: Transform[] = [
  ...one,
  compose([resize(30), randomApply([colorJitter({ hue: 0.5 })]), randomCrop({ size: 22 })]),
  randomApply([randomRotation({ degrees: 40 }), randomVerticalFlip()], { p: 0.6 }),
  randomChoice([grayscale(), randomCrop({ size: 12 }), resize(8)], { p: [1, 2, 3] }),
  randomOrder([randomCrop({ size: 24 }), resize(28), randomInvert()]),
]

describe('createTransform', () => {
  it('knows every transform', () => {
    expect(all.map(({ name }) => name).sort()).toEqual(transformNames)
  })

  it.each(all)('makes $name again from plain data', (transform) => {
    const { name, settings } = transform
    const recipe = JSON.parse(JSON.stringify({ name, settings }))
    expect(structuredClone({ name, settings })).toEqual({ name, settings })
    const again = createTransform(recipe)
    const picture = noisePicture(37, 29)
    for (let seed = 0; seed < 12; seed++) {
      const parameters = transform.sample(new Random(seed), picture)
      expect(again.sample(new Random(seed), picture)).toEqual(parameters)
      const before = picture.data.slice()
      const result = transform.apply(picture, parameters)
      // Parameters that went through JSON, as those of a worker may, give the same picture.
      const kept = JSON.parse(JSON.stringify(parameters))
      expect(again.apply(picture, kept)).toEqual(result)
      expect(transform.outputSize(picture, parameters)).toMatchObject({
        width: result.width,
        height: result.height,
      })
      expect(result.data.length).toBe(result.width * result.height * 3)
      expect(picture.data).toEqual(before)
    }
  })

  it('takes them in any order', () => {
    const random = new Random(8)
    const picture = noisePicture(40, 30)
    for (let round = 0; round < 20; round++) {
      const order = random.shuffle(one.map((_, at) => at))
      const pipeline = compose(order.map((at) => one[at]!))
      const parameters = pipeline.sample(random, picture)
      const { width, height, data } = pipeline.apply(picture, parameters)
      expect(data.length).toBe(width * height * 3)
      expect(pipeline.outputSize(picture, parameters)).toMatchObject({ width, height })
    }
  })

  it('refuses names that it does not know', () => {
    expect(() => createTransform({ name: 'toString', settings: [] })).toThrow(
      "there is no transform 'toString'; they are augMix, autoAugment",
    )
    expect(() => createTransform({ name: 'resize' })).toThrow('resize has no settings')
  })
})

describe('options that are wrong', () => {
  const warps = [
    ['randomRotation', { degrees: 90 }],
    ['randomAffine', { degrees: 90 }],
    ['randomPerspective', {}],
    ['autoAugment', {}],
    ['randAugment', {}],
    ['trivialAugmentWide', {}],
    ['augMix', {}],
  ] as const

  it.each(warps)('%s refuses unknown interpolations and colours', (name, given) => {
    const make = (more: object) => () =>
      createTransform({ name, settings: [{ ...given, ...more }] })
    for (const interpolation of ['bicubic', 'Bilinear', '', 2, null]) {
      expect(make({ interpolation }), String(interpolation)).toThrow(
        `${name}: interpolation must be nearest or bilinear, not ${JSON.stringify(interpolation)}`,
      )
    }
    for (const fill of [300, -1, Number.NaN, [1, 2], [0, 0, 256], 'red', null, ['1', '2', '3']]) {
      expect(make({ fill }), JSON.stringify(fill)).toThrow(
        `${name}: fill must be a grey of 0 to 255`,
      )
    }
    expect(make({ interpolation: 'bilinear', fill: [255, 0, 7] })).not.toThrow()
  })

  it('pad and randomCrop refuse unknown modes and colours', () => {
    const pad = (options: object) => () => createTransform({ name: 'pad', settings: [2, options] })
    const crop = (options: object) => () =>
      createTransform({ name: 'randomCrop', settings: [{ size: 4, ...options }] })
    for (const paddingMode of ['circular', 'Reflect', '', null]) {
      const problem = `paddingMode must be one of constant, edge, reflect, symmetric, not ${JSON.stringify(paddingMode)}`
      expect(pad({ paddingMode })).toThrow(`pad: ${problem}`)
      expect(crop({ paddingMode })).toThrow(`randomCrop: ${problem}`)
    }
    expect(pad({ fill: 300 })).toThrow('pad: fill must be a grey of 0 to 255')
    expect(crop({ fill: [1, 2, 3, 4] })).toThrow('randomCrop: fill must be a grey of 0 to 255')
  })

  it('operations refuse them, too', () => {
    const picture = noisePicture(8, 6)
    const rotate = (options: object) => () => operations.rotate(picture, 30, options)
    expect(rotate({ interpolation: 'bicubic' })).toThrow(
      'interpolation must be nearest or bilinear',
    )
    expect(rotate({ fill: 256 })).toThrow('fill must be a grey of 0 to 255')
    const box = { left: 0, top: 0, width: 2, height: 2 }
    expect(() => operations.erase(picture, box, 300)).toThrow('erase: value must be a grey of 0 to')
    expect(() => createTransform({ name: 'randomErasing', settings: [{ value: -2 }] })).toThrow(
      'randomErasing: value must be a grey of 0 to 255',
    )
  })
})

describe('combinations', () => {
  it('randomChoice draws in proportion, randomApply by chance, randomOrder every order', () => {
    const size = { width: 5, height: 5 }
    const random = new Random(2)
    const choice = randomChoice([grayscale(), randomInvert(), grayscale()], { p: [1, 0, 3] })
    const counts = [0, 0, 0]
    for (let draw = 0; draw < 8000; draw++) counts[choice.sample(random, size).choice]!++
    expect(counts[1]).toBe(0)
    expect(Math.abs(counts[0]! / 8000 - 0.25)).toBeLessThan(0.02)
    const apply = randomApply([grayscale()], { p: 0.3 })
    const applied = Array.from({ length: 8000 }, () => apply.sample(random, size)).filter(Boolean)
    expect(Math.abs(applied.length / 8000 - 0.3)).toBeLessThan(0.025)
    const order = randomOrder([grayscale(), randomInvert(), randomVerticalFlip()])
    const orders = new Set(
      Array.from({ length: 200 }, () => order.sample(random, size).order.join()),
    )
    expect(orders.size).toBe(6)
    expect(() => randomChoice([grayscale()], { p: [0] })).toThrow('1 shares from 0 up, not all 0')
  })
})
