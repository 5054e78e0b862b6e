import { describe, expect, it } from 'vitest'
import { loader } from './node/loader.ts'
import { createNormalizer, type MeanPicture } from './normalize.ts'
import {
  createPreprocess,
  createTenViewPreprocess,
  type Preprocessing,
  packMeanPicture,
  subtractedMean,
  unpackMeanPicture,
} from './preprocess.ts'
import {
  krizhevsky2012Train,
  needsColorPca,
  type Preset,
  paperTrain,
  preset,
  presetNames,
  trainingPresetNames,
  trivialWide,
} from './presets.ts'
import { Random } from './random.ts'
import { imagenetColorPca, meanPicture } from './statistics.ts'
import { noisePicture, plainDataset } from './testing.ts'
import { colorPcaNoise } from './transforms/color-pca-noise.ts'
import { randomApply } from './transforms/combine.ts'
import { centerCrop } from './transforms/crop.ts'
import { tenCrop } from './transforms/multi-crop.ts'
import { resize } from './transforms/resize.ts'
import { compose, transformPicture } from './transforms/transform.ts'
import { trivialAugmentWide } from './transforms/trivial-augment-wide.ts'

describe('preset', () => {
  it.each(presetNames)('%s gives pictures of its size and a record that JSON keeps', (name) => {
    for (const options of [{}, { crop: 40 }, { crop: 40, resize: 50 }]) {
      const { transforms, preprocessing } = preset(name, options)
      const side = options.crop ?? (name.startsWith('cifar') ? 32 : 224)
      for (const picture of [noisePicture(300, 260), noisePicture(31, 44)]) {
        const result = transformPicture(compose(transforms), picture, new Random(5))
        expect([result.width, result.height]).toEqual([side, side])
      }
      const kept = JSON.parse(JSON.stringify(preprocessing))
      expect(createPreprocess(kept)(noisePicture(300, 260)).length).toBe(side * side * 3)
    }
  })

  it.each(presetNames)('%s is found by its own name, whatever its options', (name) => {
    for (const crop of [32, 224]) expect(preset(name, { crop }).name).toBe(name)
    expect(trainingPresetNames.includes(name)).toBe(!name.endsWith('-eval'))
  })

  it.each(presetNames)('%s keeps the scale of 0 to 255 with levels', (name) => {
    expect(preset(name, { levels: true }).preprocessing.std).toEqual([1 / 255, 1 / 255, 1 / 255])
    expect(preset(name, { levels: true, std: [1, 2, 3] }).preprocessing.std).toEqual([1, 2, 3])
  })

  it.each(presetNames)('%s goes on from weights, at their size of input and at another', (name) => {
    const like: Preprocessing = {
      resize: 50,
      crop: 48,
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
      interpolation: 'bicubic',
      meanPicture: packMeanPicture({ width: 50, height: 50, data: new Float32Array(7500) }),
    }
    expect(preset(name, { like }).preprocessing).toEqual(like)
    expect(preset(name, { like, levels: true }).preprocessing).toEqual(like)
    const { mean, std, ...other } = preset(name, { like, crop: 40 }).preprocessing
    expect({ mean, std }).toEqual({ mean: like.mean, std: like.std })
    expect(other).toEqual({ crop: 40, resize: expect.any(Number), interpolation: 'bilinear' })
    expect(preset(name, { like, resize: 60 }).preprocessing).toEqual({ ...like, resize: 60 })
  })

  it('names what there is where a name is wrong', () => {
    expect(() => preset('alexnet')).toThrow(
      "there is no preset 'alexnet'; they are paper, krizhevsky-2012, caffe, torchvision-train, torchvision-eval, trivial-wide, cifar, cifar-color-noise, cifar-trivial, cifar-trivial-half, cifar-eval, none",
    )
    expect(() => preset('toString')).toThrow('there is no preset')
  })
})

describe('a mean picture', () => {
  const mean: MeanPicture = {
    width: 8,
    height: 8,
    data: Float32Array.from({ length: 192 }, (_, at) => ((at * 37) % 192) / 192),
  }

  it.each(presetNames)('is subtracted by %s and by its record, packed or not', (name) => {
    const found = preset(name, { crop: 8, resize: 8, meanPicture: mean, std: [0.5, 0.25, 1] })
    expect(found.preprocessing.meanPicture).toEqual(packMeanPicture(mean))
    const again = preset(name, { ...found.preprocessing })
    expect(again.preprocessing).toEqual(found.preprocessing)
    const picture = noisePicture(8, 8)
    const expected = Float32Array.from(
      picture.data,
      (byte, at) => (byte / 255 - mean.data[at]!) / found.preprocessing.std[at % 3]!,
    )
    const record = JSON.parse(JSON.stringify(found.preprocessing))
    const evaluated = createPreprocess(record)(picture)
    const written = new Float32Array(192)
    again.normalizer!.write(picture, written)
    for (const values of [evaluated, written]) {
      values.forEach((value, at) => void expect(value).toBeCloseTo(expected[at]!, 5))
    }
  })

  it('is told for the middle that a smaller crop sees, a mean a channel as it is', () => {
    const { preprocessing } = preset('cifar-eval', { crop: 6, resize: 8, meanPicture: mean })
    const told = subtractedMean(preprocessing)
    expect(told.length).toBe(108)
    expect(told[0]).toBeCloseTo(mean.data[(8 + 1) * 3]!, 6)
    expect(told[107]).toBeCloseTo(mean.data[(6 * 8 + 6) * 3 + 2]!, 6)
    expect(subtractedMean(preset('cifar-eval').preprocessing)).toEqual([0.4914, 0.4822, 0.4465])
  })

  it('smaller than the input is refused, in a record too', () => {
    const { preprocessing } = preset('cifar-eval', { crop: 8, meanPicture: mean })
    expect(() => createPreprocess({ ...preprocessing, crop: 9 })).toThrow(
      '"meanPicture" of 8×8 does not cover "crop" (9)',
    )
  })
})

describe('paperTrain', () => {
  it('crops 224 or 227 from the middle 256', () => {
    for (const crop of [224, 227]) {
      const { transforms, preprocessing } = paperTrain({ crop })
      expect(preprocessing).toMatchObject({ resize: 256, crop })
      const boxes = Array.from({ length: 400 }, (_, seed) => {
        const parameters = compose(transforms).sample(new Random(seed), { width: 600, height: 400 })
        return parameters[2] as { left: number; top: number }
      })
      for (const side of ['left', 'top'] as const) {
        expect(Math.min(...boxes.map((box) => box[side]))).toBe(0)
        expect(Math.max(...boxes.map((box) => box[side]))).toBe(256 - crop)
      }
    }
  })

  it('subtracts the mean picture, in training and in its record', async () => {
    const dataset = plainDataset(4)
    const mean = await meanPicture(dataset, { size: 8 })
    const options = { crop: 6, resize: 8, meanPicture: mean }
    const found = paperTrain(options)
    const batches = []
    for await (const batch of loader({ dataset, ...found, batchSize: 4 })) batches.push(batch)
    expect(batches[0]!.shape).toEqual([4, 6, 6, 3])
    const evaluate = createPreprocess(JSON.parse(JSON.stringify(found.preprocessing)))
    // Pictures of red 0, 1, 2, 3: their mean is 1.5, and the scale that of levels.
    const values = evaluate(await dataset.load(3))
    expect(values[0]).toBeCloseTo(1.5, 4)
    expect(values[1]).toBeCloseTo(0, 6)
    expect(unpackMeanPicture(packMeanPicture(mean))).toEqual(mean)
    expect(() => unpackMeanPicture({ ...packMeanPicture(mean), width: 7 })).toThrow(
      'bytes, not 768',
    )
    expect(() => unpackMeanPicture({ width: 1, height: 1, base64: '%' })).toThrow('base64')
  })
})

describe('caffeTrain', () => {
  it("is the paper's without colour noise, less Caffe's mean", () => {
    const names = (name: string) => preset(name).transforms.map((transform) => transform.name)
    expect(names('paper')).toEqual([...names('caffe'), 'colorPcaNoise'])
    const { mean, std, resize, crop } = preset('caffe', { crop: 227 }).preprocessing
    expect({ std, resize, crop }).toEqual({
      std: [1 / 255, 1 / 255, 1 / 255],
      resize: 256,
      crop: 227,
    })
    // Caffe's order is blue, green, red.
    const levels = [...mean].reverse().map((value) => value * 255)
    for (const [at, level] of [104.00698793, 116.66876762, 122.67891434].entries()) {
      expect(levels[at]).toBeCloseTo(level, 10)
    }
  })
})

describe('none', () => {
  it('is what evaluation sees: all of small pictures, the middle of others', () => {
    const transforms = (found: Preset) =>
      found.transforms.map(({ name, settings }) => [name, settings])
    const small = preset('none', { crop: 32 })
    expect(small.preprocessing).toEqual(preset('cifar-eval').preprocessing)
    expect(transforms(small)).toEqual(transforms(preset('cifar-eval')))
    expect(preset('none').preprocessing).toEqual(preset('torchvision-eval').preprocessing)
    expect(transforms(preset('none'))).toEqual(transforms(preset('torchvision-eval')))
    expect(preset('none', { crop: 96, whole: true }).preprocessing).toEqual(
      preset('cifar-eval', { crop: 96 }).preprocessing,
    )
    expect(preset('none', { crop: 32, whole: false }).preprocessing).toEqual(
      preset('torchvision-eval', { crop: 32 }).preprocessing,
    )
  })
})

describe('cifarColorNoise', () => {
  it('is the cifar augmentation and noise along the axes that it is told', () => {
    const colorPca = { ...imagenetColorPca, deviations: [0.3, 0.2, 0.1] as const }
    const { transforms } = preset('cifar-color-noise', { colorPca })
    const cifar = preset('cifar').transforms
    expect(transforms.map(({ name }) => name)).toEqual([
      ...cifar.map(({ name }) => name),
      'colorPcaNoise',
    ])
    expect(transforms.at(-1)!.settings).toEqual(colorPcaNoise({ pca: colorPca }).settings)
    expect(presetNames.filter(needsColorPca)).toEqual(['cifar-color-noise'])
  })
})

describe('cifarTrivial', () => {
  const trivial = trivialAugmentWide({ interpolation: 'bilinear' })
  it.each([
    ['cifar-trivial', trivial],
    ['cifar-trivial-half', randomApply([trivial], { p: 0.5 })],
  ])('is the cifar augmentation and one operation of TrivialAugmentWide: %s', (name, last) => {
    const { transforms, preprocessing } = preset(name)
    const cifar = preset('cifar')
    expect(transforms.map(({ name, settings }) => ({ name, settings }))).toEqual(
      [...cifar.transforms, last].map(({ name, settings }) => ({ name, settings })),
    )
    expect(preprocessing).toEqual(cifar.preprocessing)
  })
})

describe('krizhevsky2012Train', () => {
  it('adds noise to the picture less its mean and divides by 1.1', () => {
    const { normalizer, transforms } = krizhevsky2012Train({ crop: 8, resize: 10 })
    expect(transforms.map(({ name }) => name)).not.toContain('colorPcaNoise')
    const gray = { width: 8, height: 8, data: new Uint8Array(192).fill(128) }
    const sums = [0, 0, 0]
    const squares = [0, 0, 0]
    const out = new Float32Array(192)
    for (let seed = 0; seed < 4000; seed++) {
      normalizer!.write(gray, out, 0, normalizer!.sample!(new Random(seed)))
      for (let channel = 0; channel < 3; channel++) {
        sums[channel]! += out[channel]! / 4000
        squares[channel]! += out[channel]! ** 2 / 4000
      }
    }
    const mean = [0.485, 0.456, 0.406]
    mean.forEach((value, channel) => {
      const expected = (128 - 255 * value) / 1.1
      expect(Math.abs(sums[channel]! - expected)).toBeLessThan(0.25)
      // Nearly all of the noise is along the first axis: 0.57 · 0.2175 · 255 · 0.1 ÷ 1.1 levels.
      const deviation = Math.sqrt(squares[channel]! - sums[channel]! ** 2)
      expect(deviation).toBeGreaterThan(2.6)
      expect(deviation).toBeLessThan(3.2)
    })
  })
})

describe('trivialWide', () => {
  it('adds an operation to the training of torchvision', () => {
    expect(trivialWide().transforms.map(({ name }) => name)).toEqual([
      'randomResizedCrop',
      'randomHorizontalFlip',
      'trivialAugmentWide',
    ])
  })
})

describe('createTenViewPreprocess', () => {
  it("gives the record's ten views, the middle one that of a single view", () => {
    const record = preset('torchvision-eval', { crop: 24, resize: 31 }).preprocessing
    const picture = noisePicture(70, 50)
    const ten = createTenViewPreprocess(record)(picture)
    const length = 24 * 24 * 3
    expect(ten.length).toBe(10 * length)
    const square = compose([resize(31), centerCrop(31)])
    const views = tenCrop(24).apply(transformPicture(square, picture, new Random(0)))
    const one = new Float32Array(length)
    views.forEach((view, at) => {
      createNormalizer(record.mean, record.std).write(view, one)
      expect(ten.subarray(at * length, (at + 1) * length)).toEqual(one)
    })
    expect(() => createTenViewPreprocess({ ...record, resize: 20 })).toThrow(
      'ten views need "resize" (20) to be at least "crop" (24)',
    )
  })
})
