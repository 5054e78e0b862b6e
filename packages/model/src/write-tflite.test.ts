// Every variant as a .tflite file, run by LiteRT beside TensorFlow.js: the same logits.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { quantize } from '@alexnet/weights'
import { beforeAll, expect, it } from 'vitest'
import { BATCH, cases, FEW, modelAndPictures, worst } from './testing/every-variant.ts'
import { startLiteRt } from './testing/litert.ts'
import { encodeModel, requirePossible, tfliteFile } from './write.ts'

let liteRt: Awaited<ReturnType<typeof startLiteRt>>
beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  liteRt = await startLiteRt()
})

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

async function run(
  file: Uint8Array<ArrayBuffer>,
  image: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const model = await liteRt.loadAndCompile(file, { accelerator: 'wasm' })
  const input = liteRt.Tensor.fromTypedArray(image, model.getInputDetails()[0]!.shape)
  const [output] = await model.run([input])
  const values = Float32Array.from(output!.toTypedArray() as Float32Array)
  for (const used of [input, output!, model]) used.delete()
  return values
}

it.each(cases)('%s at %i pixels', async (variant, inputSize, classes) => {
  const { loaded, tensors, ...pictures } = await modelAndPictures(variant, inputSize, classes)
  const file = join(await tfliteFile(loaded, tensors, {}, { batch: BATCH }))
  const normalized = Float32Array.from(pictures.channelsLast)
  expect(worst(await run(file, normalized), pictures.expected)).toBeLessThan(1e-4)
  loaded.network.dispose()
})

it.each(cases)('%s at %i pixels with smaller weights', async (variant, inputSize, classes) => {
  const { loaded, tensors, ...pictures } = await modelAndPictures(variant, inputSize, classes, FEW)
  const normalized = Float32Array.from(pictures.channelsLast)
  // int8 weights, and inputs that are quantised as they come, layer by layer.
  for (const [kind, bound] of [
    ['float16', 1e-3],
    ['int8', 6e-2],
  ] as const) {
    const small = quantize(tensors, kind)
    const smaller = join(await tfliteFile(loaded, small.tensors, {}, { batch: BATCH }))
    const difference = worst(await run(smaller, normalized), pictures.expected)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(bound)
  }
  loaded.network.dispose()
})

it('takes pixels and gives probabilities, one picture at a time, when asked', async () => {
  const { loaded, pixels, expected } = await modelAndPictures('lenet-5', 32, 10)
  const description = { ...loaded, options: { variant: 'lenet-5', classes: 10 } as const }
  const options = { format: 'tflite', withPreprocessing: true, softmax: true } as const
  const [file, ...others] = await encodeModel(description, options)
  expect(others).toEqual([])
  expect(file!.path).toBe('model.tflite')
  const found = await run(join(file!.chunks), pixels.slice(0, 32 * 32 * 3))
  const exponentials = expected.slice(0, 10).map(Math.exp)
  const sum = exponentials.reduce((total, value) => total + value, 0)
  const probabilities = exponentials.map((value) => value / sum)
  expect(worst(found, probabilities)).toBeLessThan(1e-4)
  loaded.network.dispose()
})

it('says what other formats do not take', () => {
  const softmax = { format: 'onnx', softmax: true } as const
  expect(() => requirePossible(softmax)).toThrow('--softmax is for tflite: ')
  expect(() => requirePossible({ format: 'npz', batch: 4 })).toThrow('--batch is for tflite: ')
  expect(() => requirePossible({ format: 'tflite', batch: 0 })).toThrow('found 0')
  expect(() => requirePossible({ format: 'tflite', only: 'features' })).toThrow(/whole network/)
})
