// A .tflite file in a page, by LiteRT.js on the processor and on a GPU: the logits of TensorFlow.js.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import type { Variant } from '@alexnet/core'
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core'
import runtime from '@litertjs/core/wasm/litert_wasm_internal.js?url'
import { beforeAll, expect, it } from 'vitest'
import { BATCH, modelAndPictures, worst } from './testing/every-variant.ts'
import { tfliteFile } from './write.ts'

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  await loadLiteRt(runtime)
})

// Local response normalisation, which cifar-paper has, is none of the GPU's operators: the processor does it.
const cases: [variant: Variant, accelerator: 'wasm' | 'webgpu'][] = [
  ['cifar', 'wasm'],
  ['cifar', 'webgpu'],
  ['cuda-convnet-18pct', 'webgpu'],
  ['cifar-paper', 'webgpu'],
]

it.each(cases)('%s by %s', async (variant, accelerator) => {
  const { loaded, tensors, channelsLast, expected } = await modelAndPictures(variant, 32, 10)
  const chunks = await tfliteFile(loaded, tensors, {}, { batch: BATCH })
  loaded.network.dispose()
  const file = new Uint8Array(await new Blob(chunks).arrayBuffer())
  const model = await loadAndCompile(file, { accelerator, gpuOptions: { precision: 'fp32' } })
  const image = Tensor.fromTypedArray(Float32Array.from(channelsLast), [BATCH, 32, 32, 3])
  const [output] = await model.run([image])
  const logits = await output!.moveTo('wasm')
  expect(worst(logits.toTypedArray() as Float32Array, expected)).toBeLessThan(1e-4)
})
