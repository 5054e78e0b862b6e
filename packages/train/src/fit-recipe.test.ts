import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures, createAlexNet, type Variant } from '@alexnet/core'
import {
  type Dataset,
  type Preprocessing,
  preset,
  presetNames,
  shapes,
  subset,
} from '@alexnet/data'
import type * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { StoredCheckpoint } from './checkpoint.ts'
import type { TrainEvent } from './events.ts'
import {
  createTrainer,
  type FitRecipeOptions,
  fitRecipe,
  prepareRecipe,
  recipeBatches,
  recipePreset,
} from './fit-recipe.ts'
import { type Recipe, recipes } from './recipes.ts'

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
})

const dataset = shapes({ count: 24, seed: 1 })
const validation = subset(shapes({ count: 40, seed: 2 }), [0, 3, 5, 8, 13, 21])

/** Everything that a recipe can say of pictures and weights, on the smallest network. */
const recipe: Recipe = {
  description: 'for a test',
  variant: 'lenet-5',
  augmentation: 'cifar-color-noise',
  meanPicture: true,
  epochs: 2,
  batchSize: 8,
  optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
  learningRate: 0.02,
  schedule: { kind: 'one-cycle', warmUp: 0.2 },
  rules: [{ weights: '*.bias', learningRate: 2, weightDecay: 0 }],
  labelSmoothing: 0.05,
  mixUp: 0.2,
  cutMix: 0.5,
  clipNorm: 5,
  averageDecay: 0.9,
}

const createModel = (classes = dataset.classes.length) =>
  createAlexNet({ variant: 'lenet-5', classes, seed: 3 })

async function collect(events: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> {
  const found: TrainEvent[] = []
  for await (const event of events) found.push(event)
  return found
}

const lossesOf = (events: TrainEvent[]) =>
  events.flatMap((event) => (event.type === 'step' ? [event.loss] : []))

describe('fitRecipe', () => {
  it('goes on after a stop with the numbers of a run that was never stopped', async () => {
    const options: FitRecipeOptions = { dataset, validation, seed: 7 }
    const whole = createTrainer(createModel(), recipe)
    const events = await collect(fitRecipe(whole, recipe, options))
    expect(lossesOf(events)).toHaveLength(6)
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'epochs', step: 6, epoch: 2 })
    const epochs = events.filter((event) => event.type === 'epoch')
    expect(epochs.map((event) => event.validation!.pictures)).toEqual([6, 6])

    const stop = new AbortController()
    const first = createTrainer(createModel(), recipe)
    const before: number[] = []
    for await (const event of fitRecipe(first, recipe, { ...options, signal: stop.signal })) {
      if (event.type === 'step' && before.push(event.loss) === 4) stop.abort()
    }
    const checkpoint: StoredCheckpoint = await first.checkpoint()
    const second = createTrainer(createModel(), recipe)
    second.restore(checkpoint)
    // Kept, as a run folder does, or measured again.
    const preparation = await prepareRecipe(recipe, dataset)
    const after = await collect(fitRecipe(second, recipe, { ...options, preparation }))
    expect([...before, ...lossesOf(after)]).toEqual(lossesOf(events))
    const last = after.filter((event) => event.type === 'epoch').at(-1)!
    expect(last.validation!.loss).toBe(epochs.at(-1)!.validation!.loss)
  })

  it('gives other numbers for another seed', async () => {
    const oneStep = { ...recipe, epochs: 1 }
    const run = async (seed: number) =>
      lossesOf(
        await collect(fitRecipe(createTrainer(createModel(), oneStep), oneStep, { dataset, seed })),
      )
    expect(await run(1)).not.toEqual(await run(2))
  })

  it('says what does not fit', async () => {
    const fit = (model: tf.LayersModel, more: Partial<FitRecipeOptions>, trainedBy = recipe) =>
      collect(fitRecipe(createTrainer(model, trainedBy), recipe, { dataset, ...more }))
    await expect(fit(createModel(3), {})).rejects.toThrow(
      /tells 3 classes apart, but shapes.* has 10: make it with \{ classes: 10 \}/,
    )
    const preparation = await prepareRecipe(recipe, dataset, { inputSize: 40 })
    await expect(fit(createModel(), { preparation })).rejects.toThrow(
      'takes pictures of 32 pixels, but they are prepared at 40',
    )
    const { averageDecay: _, ...plain } = recipe
    await expect(fit(createModel(), {}, plain)).rejects.toThrow(
      'averages weights with a decay of 0.9, the trainer with undefined',
    )
  })
})

describe('prepareRecipe', () => {
  it('measures what the recipe follows, and nothing where weights bring it', async () => {
    const told = new Set<string>()
    const onProgress = (what: string) => void told.add(what)
    const { preprocessing, colorPca } = await prepareRecipe(recipe, dataset, { onProgress })
    expect([...told]).toEqual(['colours', 'mean picture'])
    expect(preprocessing.meanPicture).toMatchObject({ width: 32, height: 32 })
    expect(colorPca!.deviations[0]).toBeGreaterThan(0)
    const like: Preprocessing = { ...preset('cifar').preprocessing, mean: [0.1, 0.2, 0.3] }
    const again = await prepareRecipe({ ...recipe, augmentation: 'none' }, dataset, { like })
    expect(again).toEqual({ preprocessing: like })
    const unread: Dataset = { ...dataset, load: () => Promise.reject(new Error('was read')) }
    const levels = await prepareRecipe({ ...recipes['figure-1'] }, unread)
    expect(levels.preprocessing.std).toEqual([1 / 255, 1 / 255, 1 / 255])
  })
})

describe('recipePreset', () => {
  it('every recipe is of a preset that is found by its own name', () => {
    for (const [name, found] of Object.entries(recipes) as [string, Recipe][]) {
      const chosen = recipePreset(found)
      expect(presetNames, name).toContain(chosen.name)
      if (found.augmentation) expect(chosen.name).toBe(found.augmentation)
      const size = found.variant ? architectures[found.variant].inputSize : 224
      expect(chosen.preprocessing.crop, name).toBe(size)
    }
  })

  it('follows the size of the network where the recipe is of none', () => {
    expect(recipePreset(recipes.small, { crop: 32 }).name).toBe('cifar')
    expect(recipePreset(recipes.large, { crop: 224 }).name).toBe('torchvision-train')
    // A small network stays one with larger pictures.
    const larger = { ...recipes.small, variant: 'cifar', augmentation: 'none' } as const
    expect(recipePreset(larger, { crop: 96 }).preprocessing.resize).toBe(96)
  })
})

describe('recipeBatches', () => {
  it('gives the same pictures with workers, and mixes them as the recipe says', async () => {
    const preparation = await prepareRecipe(recipe, dataset)
    const first = async (workers: number) => {
      const position = { epoch: 1, start: 2, seed: 5 }
      const batches = recipeBatches(dataset, recipe, { ...position, preparation, workers })
      for await (const { images, labels, share } of batches) return { images, labels, share }
      throw new Error('no batch')
    }
    const batch = await first(0)
    expect(batch.share).toHaveLength(8)
    expect(await first(1)).toEqual(batch)
  })
})

/** The preset of @alexnet/data that prepares pictures as the makers of each variant do. */
const presetOf: Record<Variant, string> = {
  torchvision: 'torchvision-eval',
  paper: 'paper',
  'krizhevsky-2012': 'krizhevsky-2012',
  caffe: 'caffe',
  caffenet: 'caffe',
  cifar: 'cifar-eval',
  'cifar-paper': 'cifar-eval',
  'lenet-5': 'cifar-eval',
  'cuda-convnet-80sec': 'cifar-eval',
  'cuda-convnet-18pct': 'cifar-eval',
}

it.each(Object.entries(presetOf))(
  "%s's own preparation is that of the preset %s",
  (variant, name) => {
    const { inputSize, preparation } = architectures[variant as Variant]
    const { resize, mean, std } = preset(name, { crop: inputSize }).preprocessing
    expect(preparation).toEqual({ resize, mean, std })
  },
)
