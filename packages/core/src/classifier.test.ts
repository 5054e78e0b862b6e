// The classifier on a small hand-made network whose answers are worked out here in plain loops, so
// that nothing but the classifier itself is under test.

import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAlexNet } from './build.ts'
import { Classifier, type ClassifierOptions, type Picture } from './classifier.ts'
import { exportWeights } from './weights.ts'

const SIZE = 4
const LABELS = ['red', 'green', 'blue']

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const open: Classifier[] = []
afterEach(() => {
  for (const classifier of open.splice(0)) classifier.dispose()
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

/** Bytes to 0..1. */
const scale = (picture: Picture) => Float32Array.from(picture.data, (byte) => byte / 255)

function makeClassifier(options: Partial<ClassifierOptions> = {}): Classifier {
  const classifier = new Classifier({
    model: colourModel(),
    preprocess: scale,
    labels: LABELS,
    ...options,
  })
  open.push(classifier)
  return classifier
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
    const predictions = await makeClassifier().classify(picture(51, 255, 102))
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
    const model = colourModel()
    const predict = model.predictOnBatch.bind(model)
    vi.spyOn(model, 'predictOnBatch').mockImplementation((x) => {
      batches.push((x as tf.Tensor).shape[0]!)
      return predict(x)
    })
    const pictures = Array.from({ length: 7 }, (_, i) =>
      picture(i % 2 ? 255 : 0, i % 2 ? 0 : 255, 0),
    )
    const all = await makeClassifier({ model, batchSize: 3 }).classify(pictures, { topK: 1 })
    expect(batches).toEqual([3, 3, 1])
    expect(all.map(([first]) => first!.label)).toEqual(
      pictures.map((_, i) => (i % 2 ? 'red' : 'green')),
    )
    const one = await makeClassifier().classify(pictures[4]!, { topK: 1 })
    expect(all[4]).toEqual(one)
    expect(await makeClassifier().classify([])).toEqual([])
  })

  it('orders equal classes by number, and gives all when asked for more than there are', async () => {
    const model = colourModel()
    model.layers.at(-1)!.setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.zeros([3])])
    const predictions = await makeClassifier({ model }).classify(picture(1, 2, 3), { topK: 50 })
    expect(predictions.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(predictions[0]!.probability).toBe(1 / 3)
  })

  it('does not overflow on large logits', async () => {
    const model = colourModel()
    model.layers.at(-1)!.setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.tensor1d([3e38, -3e38, 0])])
    const predictions = await makeClassifier({ model }).classify(picture(0, 0, 0))
    expect(predictions.map(({ probability }) => probability)).toEqual([1, 0, 0])
  })

  it('numbers the classes when there are no labels', async () => {
    const classifier = makeClassifier({ labels: undefined })
    expect(classifier.labels).toEqual(['0', '1', '2'])
    expect((await classifier.classify(picture(0, 0, 255)))[0]!.label).toBe('2')
  })
})

describe('features', () => {
  it('gives any layer by name: rows [height, width, channels] or [units]', async () => {
    const classifier = makeClassifier()
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
    const classifier = makeClassifier({ batchSize: 2 })
    const pictures = [picture(255, 0, 0), picture(0, 255, 0), picture(0, 0, 255)]
    const before = await classifier.features(pictures, { layer: 'flatten' })
    const after = await classifier.features(pictures, { layer: 'classifier.0' })
    expect(after).toEqual(before)
    expect(after).toHaveLength(3)
    expect(after[2]!.data.buffer.byteLength).toBe(SIZE * SIZE * 3 * 4)
    expect([...after[2]!.data.slice(0, 3)]).toEqual([0, 0, 1])
  })

  it('names the nearest layers when there is none of that name', async () => {
    const classifier = makeClassifier()
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
    const model = createAlexNet({ variant: 'lenet-5' })
    const preprocess = () => new Float32Array(32 * 32 * 3).fill(0.5)
    const classifier = makeClassifier({ model, preprocess, labels: undefined })
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
    const classifier = new Classifier({ model: colourModel(), preprocess: scale, batchSize: 2 })
    const weights = tf.memory()
    const pictures = [picture(1, 2, 3), picture(4, 5, 6), picture(7, 8, 9)]
    for (let round = 0; round < 3; round++) {
      await classifier.classify(pictures)
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
    const model = colourModel()
    model.layers
      .at(-1)!
      .setWeights([tf.zeros([SIZE * SIZE * 3, 3]), tf.tensor1d([0, Number.NaN, 0])])
    const classifier = makeClassifier({ model })
    const before = tf.memory().numTensors
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow(
      'the model gave NaN for class 1 of picture 0',
    )
    vi.spyOn(model, 'predictOnBatch').mockImplementation((x) => {
      tf.add(x as tf.Tensor, 1)
      throw new Error('device lost')
    })
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow('device lost')
    expect(tf.memory().numTensors).toBe(before)
  })

  it('fails clearly after dispose, also when it comes between two batches', async () => {
    const classifier = makeClassifier({ batchSize: 1 })
    const gone = 'this classifier was disposed of'
    const under = classifier.classify([picture(0, 0, 0), picture(0, 0, 0)])
    const features = classifier.features([picture(0, 0, 0)], { layer: 'flatten' })
    classifier.dispose()
    await expect(under).rejects.toThrow(gone)
    await expect(features).resolves.toHaveLength(1) // its only batch was computed before
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow(gone)
    await expect(classifier.features(picture(0, 0, 0), { layer: 'flatten' })).rejects.toThrow(gone)
  })
})

describe('what it refuses', () => {
  it('labels that are not one for each class', () => {
    expect(() => makeClassifier({ labels: ['a', 'b'] })).toThrow(
      'the model has 3 classes but 2 labels were given',
    )
  })

  it('models without one fixed picture input and one row of logits', () => {
    const flat = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [5] })] })
    expect(() => makeClassifier({ model: flat })).toThrow(
      'needs one input [batch, height, width, channels] of fixed size, found [null,5]',
    )
    const map = tf.sequential({
      layers: [tf.layers.conv2d({ filters: 2, kernelSize: 1, inputShape: [SIZE, SIZE, 3] })],
    })
    expect(() => makeClassifier({ model: map })).toThrow(
      'needs one output [batch, classes], found [null,4,4,2]',
    )
    flat.dispose()
    map.dispose()
  })

  it('pictures whose size and data disagree, by their number', async () => {
    const classifier = makeClassifier({ batchSize: 1 })
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

  it('a preprocess made for another size', async () => {
    const classifier = makeClassifier({ preprocess: () => new Float32Array(12) })
    await expect(classifier.classify(picture(0, 0, 0))).rejects.toThrow(
      'preprocess gave 12 values for picture 0, the model wants 48',
    )
  })

  it('counts that are not whole numbers of at least 1', async () => {
    expect(() => makeClassifier({ batchSize: 0 })).toThrow('batchSize must be a whole number')
    await expect(makeClassifier().classify(picture(0, 0, 0), { topK: 1.5 })).rejects.toThrow(
      'topK must be a whole number',
    )
  })
})

describe('from a file', () => {
  const description = {
    options: { variant: 'lenet-5', classes: 2 },
    labels: ['cat', 'dog'],
    preprocessing: { scale: 2 },
  }
  const createPreprocess =
    ({ scale }: { scale: number }) =>
    ({ data }: Picture) =>
      Float32Array.from(data, (value) => (value / 255) * scale)

  it('holds the network, its weights, labels and preparation', async () => {
    const model = createAlexNet({ variant: 'lenet-5', classes: 2, seed: 5 })
    const tensors = await exportWeights(model)
    const one = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(100) }
    const preprocess = createPreprocess({ scale: 2 })
    const [expected] = await new Classifier({ model, preprocess }).classify(one)
    const metadata = { alexnet: JSON.stringify(description) }
    const classifier = Classifier.from({ tensors, metadata }, { createPreprocess })
    const [found] = await classifier.classify(one)
    expect(found!.probability).toBe(expected!.probability)
    expect(found!.label).toBe(['cat', 'dog'][expected!.index])
    classifier.dispose()
    model.dispose()
  })

  it('says what is wrong with it, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    const from = (metadata: Record<string, string>) => () =>
      Classifier.from({ tensors: new Map(), metadata }, { createPreprocess })
    expect(from({})).toThrow(/does not describe its network.*loadWeights/s)
    expect(from({ alexnet: 'no' })).toThrow(/description of its network cannot be read/)
    expect(from({ alexnet: '{}' })).toThrow(/description of its network cannot be read/)
    expect(from({ alexnet: JSON.stringify(description) })).toThrow(/features.0.weight/)
    expect(tf.memory().numTensors).toBe(before)
  })
})
