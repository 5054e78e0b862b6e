// Every variant as an ONNX file, run by ONNX Runtime beside TensorFlow.js: the same logits.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures } from '@alexnet/core'
import { quantize } from '@alexnet/weights'
import * as ort from 'onnxruntime-web'
import { beforeAll, expect, it } from 'vitest'
import { BATCH, cases, modelAndPictures, worst } from './testing/every-variant.ts'
import { onnxFile } from './write.ts'

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  ort.env.wasm.numThreads = 1
})

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

async function run(file: Uint8Array, image: ort.Tensor): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(file)
  const { logits } = await session.run({ image })
  const values = logits!.data as Float32Array
  await session.release()
  return values
}

it('has a case for every variant', () => {
  const tested = new Set(cases.map(([variant]) => variant))
  expect([...tested].sort()).toEqual(Object.keys(architectures).sort())
})

it.each(cases)('%s at %i pixels', async (variant, inputSize, classes) => {
  const { loaded, tensors, ...pictures } = await modelAndPictures(variant, inputSize, classes)
  const file = join(onnxFile(loaded, tensors))
  loaded.network.dispose()
  const shape = [BATCH, 3, inputSize, inputSize]
  const found = await run(file, new ort.Tensor('float32', pictures.channelsFirst, shape))
  expect(worst(found, pictures.expected)).toBeLessThan(1e-4)
})

it('takes pixels when the preprocessing is inside, and weights of half precision and int8', async () => {
  const { loaded, tensors, pixels, expected } = await modelAndPictures('lenet-5', 32, 10)
  const inside = { withPreprocessing: true }
  const image = () => new ort.Tensor('uint8', pixels, [BATCH, 32, 32, 3])
  const found = await run(join(onnxFile(loaded, tensors, {}, inside)), image())
  expect(worst(found, expected)).toBeLessThan(1e-4)
  for (const [kind, bound] of [
    ['float16', 1e-3],
    ['int8', 3e-2],
  ] as const) {
    const small = quantize(tensors, kind)
    const file = join(onnxFile(loaded, small.tensors, small.metadata, inside))
    const difference = worst(await run(file, image()), expected)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(bound)
  }
  loaded.network.dispose()
})
