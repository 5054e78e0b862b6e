// A model of a small hand-made network whose answers are worked out here in plain loops, so
// that nothing but the classifier itself is under test.

import { createAlexNet } from '@alexnet/core'
import type { Picture } from '@alexnet/data'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Model, type ModelParts } from './model.ts'

const SIZE = 4
const LABELS = ['red', 'green', 'blue']

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const open: Model[] = []
afterEach(() => {
  for (const model of open.splice(0)) model.dispose()
})

/** 1×1 convolution that passes red, green and blue on, then their means over the picture, times 3. */
function colourModel(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        name: 'features.0',
        inputShape: [SIZE, SIZE, 3],
        filters: 3,
        kernelSize: 1,
        useBias: false,
      }),
      tf.layers.activation({ name: 'features.1', activation: 'relu' }),
      tf.layers.flatten({ name: 'flatten' }),
      tf.layers.dropout({ name: 'classifier.0', rate: 0.5 }),
      tf.layers.dense({ name: 'classifier.1', units: 3 }),
    ],
  })
  tf.tidy(() => {
    const pixels = SIZE * SIZE
    const means = tf.tile(tf.mul(tf.eye(3), 3 / pixels), [pixels, 1])
    model.setWeights([tf.reshape(tf.eye(3), [1, 1, 3, 3]), means, tf.tensor1d([0, 0, 0.5])])
  })
  return model
}

/** Bytes to 0..1, nothing else. */
const asIs = {
  resize: SIZE,
  crop: SIZE,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  interpolation: 'bilinear',
} as const

function makeModel(parts: Partial<ModelParts> = {}): Model {
  const model = new Model({
    network: colourModel(),
    preprocessing: asIs,
    labels: LABELS,
    ...parts,
  })
  open.push(model)
  return model
}

/** A picture of one colour. */
function picture(red: number, green: number, blue: number): Picture {
  const data = new Uint8Array(SIZE * SIZE * 3)
  for (let i = 0; i < data.length; i += 3) data.set([red, green, blue], i)
  return { width: SIZE, height: SIZE, data }
}

function softmax(logits: number[]): number[] {
  const exponentials = logits.map((logit) => Math.exp(logit))
  const total = exponentials.reduce((sum, value) => sum + value)
  return exponentials.map((value) => value / total)
}

describe('classify', () => {
  it('gives the likeliest classes with the softmax of the logits', async () => {
    const predictions = await makeModel().classify(picture(51, 255, 102))
    const [red, green, blue] = softmax([0.6, 3, 1.7])
    expect(predictions.map(({ index, label }) => [index, label])).toEqual([
      [1, 'green'],
      [2, 'blue'],
      [0, 'red'],
    ])
    expect(predictions[0]!.probability).toBeCloseTo(green!, 6)
    expect(predictions[1]!.probability).toBeCloseTo(blue!, 6)
    expect(predictions[2]!.probability).toBeCloseTo(red!, 6)
  })

  it('keeps the order of many pictures over several batches, whatever their size', async () => {
    const batches: number[] = []
    const network = colourModel()
    const predict = network.predictOnBatch.bind(network)
    vi.spyOn(network, 'predictOnBatch').mockImplementation((x) => {
      batches.push((x as tf.Tensor).shape[0]!)
      return predict(x)
    })
    const pictures = Array.from({ length: 7 }, (_, i) =>
      picture(i % 2 ? 255 : 0, i % 2 ? 0 : 255, 0),
    )
    const all = await makeModel({ network }).classify(pictures, { topK: 1, batchSize: 3 })
    expect(batches).toEqual([3, 3, 1])
    expect(all.map(([first]) => first!.label)).toEqual(
      pictures.map((_, i) => (i % 2 ? 'red' : 'green')),
    )
    const one = await makeModel().classify(pictures[4]!, { topK: 1 })
    expect(all[4]).toEqual(one)
    expect(await makeModel().classify([])).toEqual([])
  })

  it('orders equal classes by number, and gives all when asked for more than there are', async () => {
    const network = colourModel()
    network.layers.at(-1)!.setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.zeros([3])])
    const predictions = await makeModel({ network }).classify(picture(1, 2, 3), { topK: 50 })
    expect(predictions.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(predictions[0]!.probability).toBe(1 / 3)
  })

  it('does not overflow on large logits', async () => {
    const network = colourModel()
    network.layers
      .at(-1)!
      .setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.tensor1d([3e38, -3e38, 0])])
    const predictions = await makeModel({ network }).classify(picture(0, 0, 0))
    expect(predictions.map(({ probability }) => probability)).toEqual([1, 0, 0])
  })

  it('numbers the classes when there are no labels', async () => {
    const classifier = makeModel({ labels: undefined })
    expect(classifier.labels).toEqual(['0', '1', '2'])
    expect((await classifier.classify(picture(0, 0, 255)))[0]!.label).toBe('2')
  })
})

describe('features', () => {
  it('gives any layer by name: rows [height, width, channels] or [units]', async () => {
    const classifier = makeModel()
    expect(classifier.layerNames).toEqual([
      'features.0',
      'features.1',
      'flatten',
      'classifier.0',
      'classifier.1',
    ])
    const convolution = await classifier.features(picture(255, 51, 0), { layer: 'features.1' })
    expect(convolution.shape).toEqual([SIZE, SIZE, 3])
    expect([...convolution.data.slice(0, 3)]).toEqual([1, Math.fround(0.2), 0])
    const logits = await classifier.features(picture(255, 51, 0), { layer: 'classifier.1' })
    expect(logits.shape).toEqual([3])
    expect(logits.data[0]).toBeCloseTo(3, 5)
    expect(logits.data[2]).toBeCloseTo(0.5, 5)
  })

  it('leaves dropout out and splits batches', async () => {
    const classifier = makeModel()
    const pictures = [picture(255, 0, 0), picture(0, 255, 0), picture(0, 0, 255)]
    const before = await classifier.features(pictures, { layer: 'flatten', batchSize: 2 })
    const after = await classifier.features(pictures, { layer: 'classifier.0', batchSize: 2 })
    expect(after).toEqual(before)
    expect(after).toHaveLength(3)
    expect(after[2]!.data.buffer.byteLength).toBe(SIZE * SIZE * 3 * 4)
    expect([...after[2]!.data.slice(0, 3)]).toEqual([0, 0, 1])
  })

  it('names the nearest layers when there is none of that name', async () => {
    const classifier = makeModel()
    await expect(classifier.features(picture(0, 0, 0), { layer: 'feature.1' })).rejects.toThrow(
      "there is no layer 'feature.1': did you mean features.1 or features.0? The layers are features.0, features.1, flatten, classifier.0, classifier.1",
    )
    await expect(classifier.features(picture(0, 0, 0), { layer: 'features.9' })).rejects.toThrow(
      'did you mean features.0 or features.1',
    )
  })
})

describe('on a network of this package', () => {
  it('gives every layer, and classes, without keeping a tensor', async () => {
    const network = createAlexNet({ variant: 'lenet-5' })
    const preprocessing = { ...asIs, resize: 32, crop: 32 }
    const classifier = makeModel({ network, preprocessing, labels: undefined })
    const weights = tf.memory().numTensors
    const shapes = new Map<string, number[]>()
    for (const layer of classifier.layerNames) {
      const { shape, data } = await classifier.features(picture(0, 0, 0), { layer })
      expect(data).toHaveLength(shape.reduce((product, length) => product * length))
      shapes.set(layer, shape)
    }
    expect(shapes.get('features.0')).toEqual([28, 28, 6])
    expect(shapes.get('features.5')).toEqual([5, 5, 16])
    expect(shapes.get('flatten')).toEqual([120])
    expect(shapes.get('classifier.2')).toEqual([10])
    const predictions = await classifier.classify(picture(0, 0, 0), { topK: 10 })
    const total = predictions.reduce((sum, { probability }) => sum + probability, 0)
    expect(total).toBeCloseTo(1, 12)
    expect(tf.memory().numTensors).toBe(weights)
  })
})

describe('memory', () => {
  it('frees every tensor but the weights, and those on dispose', async () => {
    const before = tf.memory()
    const classifier = new Model({ network: colourModel(), preprocessing: asIs })
    const weights = tf.memory()
    const pictures = [picture(1, 2, 3), picture(4, 5, 6), picture(7, 8, 9)]
    for (let round = 0; round < 3; round++) {
      await classifier.classify(pictures, { batchSize: 2 })
      await classifier.classify(pictures[0]!)
      for (const layer of classifier.layerNames) await classifier.features(pictures, { layer })
      await classifier.features(pictures, { layer: 'none' }).catch(() => {})
      expect(tf.memory().numTensors).toBe(weights.numTensors)
      expect(tf.memory().numBytes).toBe(weights.numBytes)
    }
    classifier.dispose()
    classifier.dispose()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
  })

  it('frees what a failed batch made', async () => {
    const network = colourModel()
    network.layers
      .at(-1)!
      .setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.tensor1d([0, Number.NaN, 0])])
    const classifier = makeModel({ network })
    const before = tf.memory().numTensors
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow(
      'the model gave NaN for class 1 of picture 0',
    )
    vi.spyOn(network, 'predictOnBatch').mockImplementation((x) => {
      tf.add(x as tf.Tensor, 1)
      throw new Error('device lost')
    })
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow('device lost')
    expect(tf.memory().numTensors).toBe(before)
  })

  it('fails clearly after dispose, also when it comes between two batches', async () => {
    const classifier = makeModel()
    const gone = 'this model was disposed of'
    const under = classifier.classify([picture(0, 0, 0), picture(0, 0, 0)], { batchSize: 1 })
    classifier.dispose()
    await expect(under).rejects.toThrow(gone)
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow(gone)
    await expect(classifier.features(picture(0, 0, 0), { layer: 'flatten' })).rejects.toThrow(gone)
  })
})

describe('what it refuses', () => {
  it('labels that are not one for each class', () => {
    expect(() => makeModel({ labels: ['a', 'b'] })).toThrow(
      'the model has 3 classes but 2 labels were given',
    )
  })

  it('models without one fixed picture input and one row of logits', () => {
    const flat = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [5] })] })
    expect(() => makeModel({ network: flat })).toThrow(
      'needs one input [batch, height, width, channels] of fixed size, found [null,5]',
    )
    const map = tf.sequential({
      layers: [tf.layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [SIZE, SIZE, 3] })],
    })
    expect(() => makeModel({ network: map })).toThrow(
      'needs one output [batch, classes], found [null,4,4,2]',
    )
    flat.dispose()
    map.dispose()
  })

  it('pictures whose size and data disagree, by their number', async () => {
    const classifier = makeModel()
    const good = picture(1, 2, 3)
    await expect(classifier.classify({ ...good, width: 5 })).rejects.toThrow(
      'picture 0 of 5×4 pixels has 48 bytes, expected 60',
    )
    await expect(
      classifier.classify([good, { ...good, data: new Uint8Array(SIZE * SIZE * 4) }]),
    ).rejects.toThrow(
      'picture 1 of 4×4 pixels has 64 bytes, expected 48: red, green and blue of each pixel (it looks like RGBA',
    )
    await expect(classifier.classify({ ...good, height: 0 })).rejects.toThrow(
      'picture 0 is 4×0 pixels',
    )
  })

  it('a preparation made for another size', () => {
    expect(() => makeModel({ preprocessing: { ...asIs, crop: 5, resize: 5 } })).toThrow(
      'the preprocessing crops pictures to 5 pixels, the network takes 4×4',
    )
  })

  it('counts that are not whole numbers of at least 1', async () => {
    await expect(makeModel().classify(picture(0, 0, 0), { batchSize: 0 })).rejects.toThrow(
      'batchSize must be a whole number',
    )
    await expect(makeModel().classify(picture(0, 0, 0), { topK: 1.5 })).rejects.toThrow(
      'topK must be a whole number',
    )
  })
})

describe('pictures', () => {
  const [red, green, blue] = [picture(255, 0, 0), picture(0, 255, 0), picture(0, 0, 255)]

  it('come one by one, as a list, or as a stream, and give the same', async () => {
    const model = makeModel()
    const all = await model.classify([red, green, blue])
    expect(all.map(([best]) => best!.label)).toEqual(LABELS)
    const streamed: unknown[] = []
    async function* each() {
      yield* [red, green, blue]
    }
    for await (const one of model.classify(each(), { batchSize: 2 })) streamed.push(one)
    expect(streamed).toEqual(all)
  })

  it('are asked of a stream a batch at a time', async () => {
    let asked = 0
    async function* each() {
      for (; ; asked++) yield green
    }
    for await (const _ of makeModel().classify(each(), { batchSize: 4 })) break
    expect(asked).toBeLessThanOrEqual(4)
  })

  it('that are broken end it, or are passed over when somebody is told', async () => {
    const model = makeModel()
    const broken = new Uint8Array([0xff, 0xd8, 1, 2])
    await expect(model.classify([red, broken, blue])).rejects.toThrow(/^picture 1 /)
    const told: [number, string][] = []
    const found = await model.classify([broken, red, broken, blue, broken], {
      batchSize: 2,
      onBroken: (error, index) => told.push([index, error.name]),
    })
    expect(found.map((one) => one[0]?.label)).toEqual([
      undefined,
      'red',
      undefined,
      'blue',
      undefined,
    ])
    expect(told).toEqual([
      [0, 'PictureError'],
      [2, 'PictureError'],
      [4, 'PictureError'],
    ])
    const views = await model.classify([red, broken], { views: 'ten', onBroken: () => {} })
    expect(views.map((one) => one.length)).toEqual([3, 0])
  })

  it('of no kind that is known are refused by their number', async () => {
    await expect(makeModel().classify([red, 5 as never])).rejects.toThrow(
      /^picture 1 is a number: give a path, a URL/,
    )
    await expect(makeModel().classify(null as never)).rejects.toThrow(/^picture 0 is null/)
  })

  it('are the mean of ten views where that is asked for', async () => {
    // Left half red, right half green: the views differ, their mirror images even it out.
    const data = new Uint8Array(8 * 8 * 3)
    for (let at = 0; at < 64; at++) data[at * 3 + (at % 8 < 4 ? 0 : 1)] = 255
    const halves = { width: 8, height: 8, data }
    const model = makeModel({ preprocessing: { ...asIs, resize: 8 } })
    const rows = await model.logits(await model.tenViews(halves))
    expect(rows).toHaveLength(10)
    const means = LABELS.map(
      (_, index) => rows.reduce((sum, row) => sum + softmax([...row])[index]!, 0) / 10,
    )
    const found = await model.classify(halves, { views: 'ten', topK: 3 })
    for (const { index, probability } of found) expect(probability).toBeCloseTo(means[index]!, 12)
    expect(found.at(-1)!.label).toBe('blue')
    expect(found[0]!.probability).toBeCloseTo(found[1]!.probability, 12)
  })
})

it('takes prepared inputs and refuses what is none', async () => {
  const model = makeModel()
  const input = await model.prepare(picture(51, 255, 102))
  expect([...input.subarray(0, 3)]).toEqual([0.2, 1, 0.4].map(Math.fround))
  const [logits] = await model.logits(input)
  expect(logits![1]).toBeCloseTo(3, 5)
  await expect(model.logits(new Float32Array(47))).rejects.toThrow(
    '47 numbers are not inputs of this model, which takes 48 a picture',
  )
})
