// What a run measures of its own training pictures (the axes of the paper's colour noise, cuda-convnet's mean
// picture): the run folder keeps it, going on gives the same pictures, and the model carries what it needs.
// Runs the built command.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPreprocess, type Dataset } from '@alexnet/data'
import { unpackMeanPicture } from '@alexnet/data/functional'
import { evaluationBatches, TEN, tenViewBatches } from '@alexnet/model'
import { recipeBatches } from '@alexnet/train'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadModel } from '../model.ts'
import { start, temporaryFolder } from '../testing/run.ts'
import type { RunSettings } from './run-settings.ts'
import { openTrainingData } from './training-data.ts'

const DATASET = 'shapes:150'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

async function train(args: string, stopAfter?: number): Promise<Map<number, number>> {
  const losses = new Map<number, number>()
  let stopped = stopAfter === undefined
  const { code, stderr } = await start(`train ${args} --json`.split(' '), {
    cwd: folder.path,
    onStdout: (text, child) => {
      // Once: a second one would end it before it has saved.
      if (stopped || !text.includes(`"type":"step","step":${stopAfter},`)) return
      stopped = child.kill('SIGINT')
    },
  }).then((result) => {
    for (const line of result.stdout.trim().split('\n')) {
      const event = JSON.parse(line)
      if (event.type === 'step') losses.set(event.step, event.loss)
    }
    return result
  })
  expect(code, stderr).toBe(stopAfter === undefined ? 0 : 130)
  return losses
}

const settingsOf = async (run: string): Promise<RunSettings> =>
  JSON.parse(await readFile(join(folder.path, run, 'run.json'), 'utf8'))

/** Covariance of red, green and blue over all pixels, by its definition. */
async function covariance(dataset: Dataset): Promise<number[][]> {
  const pixels: number[][] = []
  for (let index = 0; index < dataset.length; index++) {
    const { data } = await dataset.load(index)
    for (let at = 0; at < data.length; at += 3) {
      pixels.push([data[at]! / 255, data[at + 1]! / 255, data[at + 2]! / 255])
    }
  }
  const mean = [0, 1, 2].map(
    (channel) => pixels.reduce((sum, pixel) => sum + pixel[channel]!, 0) / pixels.length,
  )
  return [0, 1, 2].map((a) =>
    [0, 1, 2].map(
      (b) =>
        pixels.reduce((sum, pixel) => sum + (pixel[a]! - mean[a]!) * (pixel[b]! - mean[b]!), 0) /
        pixels.length,
    ),
  )
}

/** A whole run beside one that is stopped and goes on: the same losses. Resolves to the settings of the first. */
async function trainTwice(options: string): Promise<RunSettings> {
  const common = `${DATASET} ${options} --epochs 2 --batch-size 10 --no-report`
  const whole = await train(`${common} --out whole`)
  const before = await train(`${common} --out stopped`, 5)
  const after = await train(`${DATASET} --out stopped --resume --no-report`)
  expect(after.size).toBeGreaterThan(0)
  expect(before.size + after.size).toBe(whole.size)
  expect(new Map([...before, ...after])).toEqual(whole)
  return settingsOf('whole')
}

it('fits the axes to the training pictures, keeps them, and goes on with the same pictures', async () => {
  const settings = await trainTwice('--variant lenet-5 --augment cifar-color-noise')
  expect((await settingsOf('stopped')).colorPca).toEqual(settings.colorPca)
  const { eigenvectors, deviations } = settings.colorPca!
  const { training } = await openTrainingData(DATASET, { out: '' }, settings)
  const matrix = await covariance(training)
  // C · v = λ · v, with the deviation being the root of λ.
  for (const [axis, vector] of eigenvectors.entries()) {
    for (const row of [0, 1, 2]) {
      const product = vector.reduce((sum, value, at) => sum + matrix[row]![at]! * value, 0)
      expect(product).toBeCloseTo(deviations[axis]! ** 2 * vector[row]!, 9)
    }
  }
}, 120_000)

it('adds one colour a picture to what the cifar augmentation gives, the same with workers', async () => {
  await train(`${DATASET} --variant lenet-5 --epochs 1 --no-report --out whole`)
  const settings = await settingsOf('whole')
  const { training } = await openTrainingData(DATASET, { out: '' }, settings)
  const firstBatch = async (augmentation: string, workers: number) => {
    const { recipe, seed } = settings
    const source = recipeBatches(
      training,
      { ...recipe, augmentation },
      { epoch: 0, start: 0, preparation: settings, seed, workers },
    )
    for await (const batch of source) return batch
    throw new Error('no batch')
  }
  const plain = await firstBatch('cifar', 0)
  const noisy = await firstBatch('cifar-color-noise', 0)
  expect(noisy.labels).toEqual(plain.labels)
  const [pictures, height, width] = noisy.shape
  const { std } = settings.preprocessing
  const size = height * width * 3
  const shifts = new Set<string>()
  for (let picture = 0; picture < pictures; picture++) {
    // Bytes stop at 0 and 255: the middle of what is left is the shift.
    const shift = [0, 1, 2].map((channel) => {
      const found: number[] = []
      for (let at = picture * size + channel; at < (picture + 1) * size; at += 3) {
        found.push(Math.round((noisy.images[at]! - plain.images[at]!) * std[channel]! * 255))
      }
      return Math.abs(Math.min(...found)) > Math.max(...found)
        ? Math.min(...found)
        : Math.max(...found)
    })
    shifts.add(shift.join())
  }
  expect(shifts.size).toBeGreaterThan(5)
  expect((await firstBatch('cifar-color-noise', 1)).images).toEqual(noisy.images)
})

it('subtracts the mean of the training pictures pixel by pixel, wherever the network is used', async () => {
  const { recipe, preprocessing, ...settings } = await trainTwice('--recipe cuda-convnet-80sec')
  const { training, validation } = await openTrainingData(
    DATASET,
    { out: '' },
    {
      recipe,
      preprocessing,
      ...settings,
    },
  )
  const mean = unpackMeanPicture(preprocessing.meanPicture!)
  const sums = new Float64Array(mean.data.length)
  for (let index = 0; index < training.length; index++) {
    const { data } = await training.load(index)
    for (const [at, byte] of data.entries()) sums[at]! += byte
  }
  const levels = Float64Array.from(sums, (sum) => sum / training.length)
  for (const [at, level] of levels.entries()) expect(mean.data[at]! * 255).toBeCloseTo(level, 3)

  const { data } = await validation!.load(0)
  const expected = Float64Array.from(data, (byte, at) => byte - levels[at]!)
  const isExpected = (found: Float32Array) => {
    for (const [at, value] of expected.entries()) expect(found[at]!).toBeCloseTo(value, 3)
  }
  for await (const { images } of evaluationBatches(validation!, preprocessing, { batchSize: 1 })) {
    isExpected(images)
    break
  }
  for await (const { images } of tenViewBatches(validation!, preprocessing, {
    batchSize: TEN,
  })) {
    // Corners and middle, then their mirror images: the fifth view is the whole picture.
    isExpected(images.subarray(4 * data.length, 5 * data.length))
    break
  }
  for await (const { images, indices } of recipeBatches(training, recipe, {
    epoch: 0,
    start: 0,
    preparation: { preprocessing },
  })) {
    const { data: first } = await training.load(indices![0]!)
    for (const [at, byte] of first.entries()) expect(images[at]!).toBeCloseTo(byte - levels[at]!, 3)
    break
  }

  const loaded = await loadModel(join(folder.path, 'whole'), { quiet: true })
  loaded.dispose()
  expect(loaded.preprocessing).toEqual(preprocessing)
  isExpected(createPreprocess(loaded.preprocessing)(await validation!.load(0)))
  // Another run that begins with these weights keeps their mean, not that of its own pictures.
  await train('shapes:60 --from whole --epochs 1 --no-report --out tuned')
  expect((await settingsOf('tuned')).preprocessing).toEqual(preprocessing)
}, 120_000)
