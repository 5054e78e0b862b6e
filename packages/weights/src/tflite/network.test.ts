import { beforeAll, describe, expect, it } from 'vitest'
import { quantize } from '../quantization.ts'
import { startLiteRt } from '../testing/litert.ts'
import {
  expectedLogits,
  layer,
  layers,
  pixels,
  preprocessing,
  random,
  tensors,
  worst,
} from '../testing/reference-network.ts'
import { encodeTflite, type TfliteNetwork } from './network.ts'

let liteRt: Awaited<ReturnType<typeof startLiteRt>>
beforeAll(async () => {
  liteRt = await startLiteRt()
})

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

/** Outputs of the file of a network for two pictures. */
async function run(
  network: Partial<TfliteNetwork>,
  image: Uint8Array | Float32Array,
  shape = [2, 19, 19, 3],
): Promise<number[]> {
  const file = join(encodeTflite({ layers, tensors, batch: 2, ...network }))
  const model = await liteRt.loadAndCompile(file, { accelerator: 'wasm' })
  const input = liteRt.Tensor.fromTypedArray(image, shape)
  const [output] = await model.run([input])
  const values = [...(output!.toTypedArray() as Float32Array)]
  for (const used of [input, output!, model]) used.delete()
  return values
}

describe('networks as .tflite, run by LiteRT', () => {
  it('agree with plain loops in float64, the normalisation of pictures inside', async () => {
    const found = await run({ preprocessing }, pixels)
    expect(worst(found, expectedLogits())).toBeLessThan(2e-6)
  })
  it('q', async () => {
    for (const kind of ['float16', 'int8'] as const) {
      const { tensors: small } = quantize(tensors, kind)
      const found = await run({ preprocessing, tensors: small }, pixels)
      const difference = worst(found, expectedLogits())
      console.log(kind, difference, expectedLogits())
    }
  })
})
void layer, random
