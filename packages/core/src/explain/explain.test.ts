// Every explanation beside PyTorch's of the same network and picture (scripts/make-explain-fixtures.py),
// on TensorFlow.js's own backend and on ours, and that none of them leaves a tensor behind.
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAlexNet } from '../build.ts'
import { describeModel } from '../describe.ts'
import { OptionError } from '../errors.ts'
import { relativeError } from '../testing/compare.ts'
import { explainedModel, fixture, type Packed, pictures, unpack } from '../testing/explanations.ts'
import * as explain from './index.ts'
import { featureLayer } from './neighbours.ts'

/** Of the largest number of the answer: float32 against float64 over a few thousand terms. */
const TOLERANCE = 1e-4

const backends: [string, () => Promise<unknown>][] = [
  ['tfjs cpu', () => tf.setBackend('cpu')],
  ['alexnet-cpu', () => useBackend([cpu({ name: 'explain-cpu', threads: 2 })])],
]

describe.each(backends)('explanations on %s', (_, start) => {
  let model: tf.LayersModel
  const [picture = new Float32Array(), ...others] = pictures()
  const target: number = fixture.target
  let tensors = 0

  beforeAll(async () => {
    await start()
    model = explainedModel()
    tensors = tf.memory().numTensors
  })
  afterAll(() => {
    const left = tf.memory().numTensors
    model.dispose()
    expect(left).toBe(tensors)
  })

  const expectLike = (found: ArrayLike<number>, expected: Packed) =>
    expect(relativeError(found, unpack(expected))).toBeLessThan(TOLERANCE)

  it('starts from the same logits and maps', async () => {
    const { whole } = await explain.switchOff(model, picture, [])
    expectLike(whole, fixture.logits)
    const maps = await explain.featureMaps(model, picture, 'features.5')
    expect([maps.height, maps.width, maps.channels]).toEqual(fixture.featureMaps.shape)
    expectLike(maps.data, fixture.featureMaps)
  })

  it('finds the gradient of a logit', async () => {
    const found = await explain.saliency(model, picture, { target })
    expect([found.height, found.width, found.channels]).toEqual(fixture.saliency.shape)
    expectLike(found.data, fixture.saliency)
  })

  it('guides it through the ReLUs', async () => {
    const { data } = await explain.guidedBackprop(model, picture, { target })
    expectLike(data, fixture.guidedBackprop)
  })

  it('maps a class by Grad-CAM, at the last ReLU of the features and at another layer', async () => {
    const map = await explain.gradCam(model, picture, { target })
    expect([map.height, map.width, map.layer]).toEqual([8, 8, 'features.5'])
    expectLike(map.data, fixture.gradCam)
    const middle = await explain.gradCam(model, picture, { target, layer: 'features.2' })
    expectLike(middle.data, fixture.gradCamAtNormalization)
    expectLike(explain.resizeMap(map, 16, 16).data, fixture.resized)
  })

  it('multiplies both', async () => {
    const { data } = await explain.guidedGradCam(model, picture, { target })
    expectLike(data, fixture.guidedGradCam)
  })

  it('integrates gradients, whatever the batch', async () => {
    const once = await explain.integratedGradients(model, picture, {
      target,
      steps: 20,
      batchSize: 20,
    })
    expectLike(once.data, fixture.integratedGradients)
    const inParts = await explain.integratedGradients(model, picture, {
      target,
      steps: 20,
      batchSize: 7,
    })
    expectLike(inParts.data, fixture.integratedGradients)
  })

  it('attributes the whole difference of the logits, in the limit of many steps', async () => {
    const { data, difference } = await explain.integratedGradients(model, picture, {
      target,
      steps: 300,
      batchSize: 100,
    })
    const sum = data.reduce((total, value) => total + value, 0)
    expect(Math.abs(sum - difference) / Math.abs(difference)).toBeLessThan(0.01)
  })

  it('covers the picture square by square', async () => {
    const calls: number[] = []
    const map = await explain.occlusion(model, picture, {
      target,
      size: 5,
      stride: 3,
      batchSize: 4,
      onProgress: (done) => calls.push(done),
    })
    expect(map.score).toBeCloseTo(fixture.score, 6)
    expectLike(map.data, fixture.occlusion)
    expect(calls).toEqual([4, 8, 12, 16, 20, 24, 25])
  })

  it('climbs to the picture that a class likes', async () => {
    const start = unpack(fixture.start)
    const options = { steps: 12, rate: 0.1, decay: 0.01, blurEvery: 4, jitter: 0, start }
    const found = await explain.visualizeClass(model, target, options)
    expectLike(found.data, fixture.visualization)
    const again = await explain.visualizeClass(model, target, { steps: 20, seed: 3 })
    expect(again.logits[1]).toBeGreaterThan(again.logits[0] + 1)
    const same = await explain.visualizeClass(model, target, { steps: 20, seed: 3 })
    expect(same.data).toEqual(again.data)
    const stopped = await explain.visualizeClass(model, target, { onStep: (step) => step < 2 })
    expect(stopped.data).toHaveLength(768)
  })

  it('finds what it finds alike', async () => {
    const layer = featureLayer(model)
    expect(layer).toBe('classifier.2')
    const features: Float32Array[] = []
    for (const input of [picture, ...others]) {
      features.push((await explain.featureMapsWithout(model, input, layer, [])).data)
    }
    const [query, ...rest] = features
    const near = explain.nearestNeighbours(query!, rest, rest.length)
    const expected = [...unpack(fixture.distances)]
    expect(near.map(({ index }) => index)).toEqual(
      expected.map((_, i) => i).sort((a, b) => expected[a]! - expected[b]!),
    )
    const distances = [...near].sort((a, b) => a.index - b.index).map(({ distance }) => distance)
    expect(relativeError(distances, expected)).toBeLessThan(TOLERANCE)
  })

  it('collects the patches that excite a channel most', async () => {
    async function* stream() {
      yield* [picture, ...others]
    }
    for (const batchSize of [4, 32]) {
      const options = { layer: 'features.5', count: 3, batchSize }
      const found = await explain.topPatches(model, stream(), options)
      expect(found).toHaveLength(8)
      for (const [channel, patches] of found.entries()) {
        const expected = fixture.topPatches[channel]
        const where = ({ picture, row, column }: explain.Patch) => ({ picture, row, column })
        expect(patches.map(where)).toEqual(expected.map(where))
        for (const [rank, { activation, field, ...place }] of patches.entries()) {
          expect(activation).toBeCloseTo(expected[rank].activation, 4)
          expect(field).toEqual(explain.receptiveField(model, 'features.5', place))
        }
      }
    }
    const options = { layer: 'features.5', channels: [4], count: 1 }
    const [[only] = []] = await explain.topPatches(model, [picture, ...others], options)
    expect(only!.picture).toBe(fixture.topPatches[4][0].picture)
  })

  it('answers without a ReLU, the normalisation, or two channels', async () => {
    const { relu, normalization, channels } = fixture.switchedOff
    const without = async (part: explain.Part) =>
      (await explain.switchOff(model, picture, [part])).without
    expectLike(await without({ layer: 'features.1' }), relu)
    expectLike(await without({ layer: 'features.2' }), normalization)
    expectLike(await without({ layer: 'features.4', channels: [1, 4] }), channels)
    expect(explain.switchableLayers(model)).toEqual([
      'features.1',
      'features.2',
      'features.5',
      'classifier.0',
      'classifier.2',
    ])
    const parts = [{ layer: 'features.4', channels: [1] }]
    const maps = await explain.featureMapsWithout(model, picture, 'features.5', parts)
    expect(Math.max(...explain.channelOf(maps, 1).data)).toBe(0)
    expect(Math.max(...explain.channelOf(maps, 2).data)).toBeGreaterThan(0)
  })

  it('gives the filters as they lie in the file', async () => {
    const filters = await explain.filtersOf(model)
    const { shape, data } = fixture.weights['features.0.weight']
    const expected = unpack({ shape, data })
    expect([filters.count, filters.channels, filters.height, filters.width]).toEqual(shape)
    const third = explain.filterMap(filters, 3)
    const [row, column, channel] = [4, 1, 2]
    expect(third.data[(row * 5 + column) * 3 + channel]).toBe(
      expected[((3 * 3 + channel) * 5 + row) * 5 + column],
    )
    expect((await explain.filtersOf(model, 'features.4')).channels).toBe(3)
  })

  it('explains the likeliest class if none is named', async () => {
    const logits = unpack(fixture.logits)
    const { target: found } = await explain.gradCam(model, picture)
    expect(found).toBe(logits.indexOf(Math.max(...logits)))
  })

  it('looks at the last maps that have more than one place', async () => {
    const lenet = createAlexNet({ variant: 'lenet-5' })
    const { layer, height } = await explain.gradCam(lenet, new Float32Array(32 * 32 * 3).fill(0.5))
    expect([layer, height]).toEqual(['features.4', 10])
    lenet.dispose()
  })

  it('says what it cannot do, and leaves no tensor', async () => {
    const failing: [Promise<unknown>, RegExp][] = [
      [explain.gradCam(model, picture, { layer: 'features.9' }), /no layer 'features.9'.*features/],
      [explain.gradCam(model, picture, { layer: 'classifier.1' }), /gives 16 numbers, not maps/],
      [explain.gradCam(model, picture, { target: 5 }), /no class 5: the model has 0 to 4/],
      [explain.saliency(model, picture.slice(1)), /767 numbers where the model takes 768/],
      [explain.occlusion(model, picture, { size: 17 }), /size 17 is larger/],
      [explain.integratedGradients(model, picture, { steps: 0 }), /steps must be/],
      [explain.filtersOf(model, 'features.1'), /no filters: choose one of features.0, features.4/],
      [explain.switchOff(model, picture, [{ layer: 'features.3' }]), /cannot be left out/],
      [
        explain.switchOff(model, picture, [{ layer: 'features.4', channels: [8] }]),
        /channels 0 to 7, not 8/,
      ],
      [explain.visualizeClass(model, 7), /no class 7/],
      [explain.topPatches(model, [picture], { layer: 'flatten' }), /not maps/],
    ]
    for (const [promise, message] of failing) {
      await expect(promise).rejects.toThrow(OptionError)
      await expect(promise).rejects.toThrow(message)
    }
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it('refuses guided backpropagation without ReLUs, and explains by integrated gradients', async () => {
    const other = explainedModel({ activation: 'tanh' })
    await expect(explain.guidedBackprop(other, picture)).rejects.toThrow(
      /is a tanh: use integrated/,
    )
    const { data, difference } = await explain.integratedGradients(other, picture, { steps: 200 })
    const sum = data.reduce((total, value) => total + value, 0)
    expect(Math.abs(sum - difference) / Math.abs(difference)).toBeLessThan(0.01)
    other.dispose()
  })
})

describe('receptive fields', () => {
  it.each(fixture.fields as ({ layer: string; row: number; column: number } & explain.Field)[])(
    'are those where a gradient of ones arrives: $layer',
    async ({ layer, row, column, ...field }) => {
      await tf.setBackend('cpu')
      const model = explainedModel()
      expect(explain.receptiveField(model, layer, { row, column })).toEqual(field)
      // With its padding, a field is the same one wherever it lies.
      const whole = explain.receptiveField(model, layer, { row, column }, { padding: true })
      const side = describeModel(model).layers.find(({ name }) => name === layer)!.receptiveField
      expect([whole.height, whole.width]).toEqual([side, side])
      expect(Math.max(0, whole.top)).toBe(field.top)
      expect(Math.max(0, whole.left)).toBe(field.left)
      expect(explain.receptiveField(model, 'classifier.1')).toEqual({
        top: 0,
        left: 0,
        height: 16,
        width: 16,
      })
      expect(() => explain.receptiveField(model, 'features.6', { row: 4, column: 0 })).toThrow(
        /row 4 is outside of the layer's map: 0 to 3/,
      )
      model.dispose()
    },
  )
})
