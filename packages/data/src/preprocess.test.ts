import { describe, expect, it } from 'vitest'
import { imagenetMean, imagenetStd } from './normalize.ts'
import { createPreprocess, type Preprocessing } from './preprocess.ts'
import { cifarEval, cifarTrain, torchvisionEval, torchvisionTrain } from './presets.ts'
import { Random } from './random.ts'
import { checksum, noisePicture, readFixture } from './testing.ts'
import { compose, transformPicture } from './transforms/transform.ts'

const { evaluated } = readFixture<{
  evaluated: { input: [number, number]; resize: number; crop: number; crc: number }[]
}>('transforms.json')

describe('createPreprocess', () => {
  it.each(evaluated)('equals torchvision bit for bit: $input, $resize, $crop', (fixture) => {
    const { preprocessing } = torchvisionEval({ resize: fixture.resize, crop: fixture.crop })
    const floats = createPreprocess(preprocessing)(noisePicture(...fixture.input))
    expect(floats.length).toBe(fixture.crop ** 2 * 3)
    expect(checksum(floats)).toBe(fixture.crc)
  })

  it('makes the same function of a record that was kept as JSON', () => {
    const { preprocessing } = torchvisionEval({ crop: 64 })
    const kept = JSON.parse(JSON.stringify(preprocessing)) as Preprocessing
    expect(kept).toEqual({
      resize: 73,
      crop: 64,
      mean: [...imagenetMean],
      std: [...imagenetStd],
      interpolation: 'bilinear',
    })
    const picture = noisePicture(80, 70)
    expect(createPreprocess(kept)(picture)).toEqual(createPreprocess(preprocessing)(picture))
  })

  it('never makes the whole of a resize of which little is used', () => {
    // 20,000 × 2 pixels, shorter side to 256, would be 2,560,000 × 256.
    const { preprocessing } = torchvisionEval()
    const data = new Uint8Array(20_000 * 2 * 3).fill(124)
    const floats = createPreprocess(preprocessing)({ width: 20_000, height: 2, data })
    expect(new Set(floats).size).toBe(3)
  })

  it.each([
    [{ resize: 0 }, '"resize" must be a positive whole number of pixels, not 0'],
    [{ crop: '224' }, '"crop" must be a positive whole number of pixels, not "224"'],
    [{ mean: 0.5 }, '"mean" must be a list of three numbers, not 0.5'],
    [{ std: [1, 0, 1] }, 'std must be three numbers above 0, not [1,0,1]'],
    [{ mean: [1, 0] }, 'mean must be three numbers, not [1,0]'],
    [
      { interpolation: 'area' },
      'preprocessing: interpolation must be one of nearest, box, bilinear',
    ],
  ])('refuses a record with %j', (change, message) => {
    const record = { ...torchvisionEval().preprocessing, ...change } as unknown as Preprocessing
    expect(() => createPreprocess(record)).toThrow(message)
  })
})

describe('presets', () => {
  const sizes = [
    { width: 500, height: 375 },
    { width: 32, height: 32 },
    { width: 20, height: 90 },
    { width: 3, height: 2 },
  ]

  it.each([
    { preset: torchvisionEval(), side: 224 },
    { preset: torchvisionTrain({ crop: 96 }), side: 96 },
    { preset: cifarEval(), side: 32 },
    { preset: cifarTrain(), side: 32 },
    { preset: cifarTrain({ crop: 48 }), side: 48 },
    { preset: cifarEval({ crop: 24, resize: 32 }), side: 24 },
  ])('$preset.name gives $side pixels for pictures of any size', ({ preset, side }) => {
    expect(preset.preprocessing.crop).toBe(side)
    for (const { width, height } of sizes) {
      const picture = noisePicture(width, height)
      const result = transformPicture(compose(preset.transforms), picture, new Random(9))
      expect([result.width, result.height]).toEqual([side, side])
    }
  })

  it('cifarEval leaves pictures of its size alone; cifarTrain moves them up to four pixels', () => {
    const picture = noisePicture(32, 32)
    const evaluate = compose(cifarEval().transforms)
    expect(transformPicture(evaluate, picture, new Random(0))).toBe(picture)
    const [, crop] = cifarTrain().transforms
    const boxes = Array.from({ length: 300 }, (_, seed) =>
      crop!.sample(new Random(seed), picture),
    ) as { left: number; top: number }[]
    expect(Math.min(...boxes.map(({ left }) => left))).toBe(-4)
    expect(Math.max(...boxes.map(({ left }) => left))).toBe(4)
    expect(Math.max(...boxes.map(({ top }) => top))).toBe(4)
  })
})
