import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Architecture } from '../architecture.ts'
import { architectures, type Variant } from '../architectures/index.ts'
import { buildModel } from '../build.ts'
import { setTrainingStep } from './dropout.ts'
import { AveragePooling, MaxPooling } from './pooling.ts'
import { registerLayers } from './register.ts'

/** A model saved and loaded again, all through JSON and bytes. */
async function roundTrip(model: tf.LayersModel): Promise<tf.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  const { weightData, ...rest } = saved!
  const artifacts = { ...JSON.parse(JSON.stringify(rest)), weightData }
  return tf.loadLayersModel(tf.io.fromMemory(artifacts))
}

beforeAll(() => tf.setBackend('cpu'))
afterEach(() => tf.disposeVariables())

describe('registerLayers', () => {
  it('is what registers the layers: importing the package does not', () => {
    const registered = () =>
      Object.keys(tf.serialization.SerializationMap.getMap().classNameMap).filter((name) =>
        name.startsWith('AlexNet'),
      )
    expect(registered()).toEqual([])
    registerLayers()
    registerLayers()
    expect(registered()).toHaveLength(9)
  })

  // Pictures as small as the variant takes, and few hidden units, so that pure JavaScript kernels are done soon.
  const UNITS = 64
  const inputSizes: Record<Variant, number> = {
    torchvision: 63,
    paper: 67,
    'krizhevsky-2012': 67,
    caffe: 67,
    caffenet: 67,
    cifar: 16,
    'cifar-paper': 16,
    'lenet-5': 32,
    'cuda-convnet-80sec': 32,
    'cuda-convnet-18pct': 32,
  }

  for (const variant of Object.keys(architectures) as Variant[]) {
    it(`lets ${variant} be saved and loaded with equal outputs and masks`, async () => {
      const inputSize = inputSizes[variant]
      const architecture: Architecture = architectures[variant]
      const classifier = architecture.classifier.map((record) =>
        record.kind === 'linear' && record.units !== 'classes'
          ? { ...record, units: UNITS }
          : record,
      )
      const model = buildModel({ ...architecture, classifier }, { inputSize, classes: 5, seed: 8 })
      const loaded = await roundTrip(model)
      expect(loaded.layers.map((layer) => layer.getConfig())).toEqual(
        model.layers.map((layer) => layer.getConfig()),
      )
      const picture = tf.randomUniform([1, inputSize, inputSize, 3], -1, 1, 'float32', 3)
      const [expected, found] = [model, loaded].map((each) => {
        setTrainingStep(each, 4)
        return tf.tidy(() => (each.apply(picture, { training: true }) as tf.Tensor).dataSync())
      })
      expect(found).toEqual(expected)
      expect(new Set(found).size).toBe(5)
    })
  }

  it('keeps settings that no variant uses', async () => {
    const model = tf.sequential({
      layers: [
        new MaxPooling({
          poolSize: [3, 2],
          padding: [
            [1, 0],
            [0, -1],
          ],
          inputShape: [9, 9, 2],
        }),
        new AveragePooling({
          poolSize: 3,
          strides: 2,
          padding: 1,
          ceilMode: true,
          countIncludePad: false,
        }),
      ],
    })
    const loaded = await roundTrip(model)
    const picture = tf.randomNormal([2, 9, 9, 2])
    const [expected, found] = [model, loaded].map((each) =>
      (each.predict(picture) as tf.Tensor).dataSync(),
    )
    expect(found).toEqual(expected)
  })
})
