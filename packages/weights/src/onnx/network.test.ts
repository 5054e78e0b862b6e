import * as ort from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint } from '../checkpoint.ts'
import { quantize } from '../quantization.ts'
import { encodeSafetensors, readSafetensors } from '../safetensors.ts'
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
import { encodeOnnx, type OnnxNetwork } from './network.ts'

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

async function logits(network: Partial<OnnxNetwork>, image: ort.Tensor): Promise<number[]> {
  const session = await ort.InferenceSession.create(
    join(encodeOnnx({ layers, tensors, ...network })),
  )
  const output = await session.run({ image })
  await session.release()
  return [...(output.logits!.data as Float32Array)]
}

const uint8Image = () => new ort.Tensor('uint8', pixels, [2, 19, 19, 3])

describe('networks as ONNX, run by ONNX Runtime', () => {
  it('agree with plain loops in float64, the normalisation of pictures inside', async () => {
    expect(worst(await logits({ preprocessing }, uint8Image()), expectedLogits())).toBeLessThan(
      2e-6,
    )
  })

  it('subtract a mean picture, where that is the normalisation', async () => {
    const mean = Float32Array.from({ length: 1083 }, () => (random() + 1) / 2)
    const inside = { ...preprocessing, mean }
    const found = await logits({ preprocessing: inside }, uint8Image())
    expect(worst(found, expectedLogits(tensors, inside))).toBeLessThan(2e-6)
    expect(worst(found, expectedLogits())).toBeGreaterThan(1e-3)
  })

  it('take normalised float32 pictures channel by channel without it', async () => {
    const data = Float32Array.from({ length: pixels.length }, (_, i) => {
      const [index, rest] = [Math.floor(i / 1083), i % 1083]
      const [c, pixel] = [Math.floor(rest / 361), rest % 361]
      const value = pixels[(index * 361 + pixel) * 3 + c]! / 255
      return (value - preprocessing.mean[c]!) / preprocessing.std[c]!
    })
    const image = new ort.Tensor('float32', data, [2, 3, 19, 19])
    expect(worst(await logits({}, image), expectedLogits())).toBeLessThan(2e-6)
  })

  it('keep float16 and int8 weights small, and widen them when they run', async () => {
    for (const kind of ['float16', 'int8'] as const) {
      const { tensors: small, metadata } = quantize(tensors, kind)
      const file = join(encodeOnnx({ layers, tensors: small, metadata }))
      const opened = await openCheckpoint(file)
      const first = opened.tensors.get('features.0.weight')!
      expect(first).toMatchObject({ dtype: 'float32', storedAs: kind })
      const wide = readSafetensors(join(encodeSafetensors(small, metadata)))
      expect(await first.load()).toEqual(wide.tensors.get('features.0.weight')!.data)
      const found = await logits({ preprocessing, tensors: small }, uint8Image())
      const difference = worst(found, expectedLogits())
      expect(difference).toBeLessThan(kind === 'float16' ? 1e-3 : 2e-2)
      expect(difference).toBeGreaterThan(1e-7)
    }
  })

  it('can be read back as a checkpoint', async () => {
    const file = join(encodeOnnx({ layers, tensors, labels: ['a'], metadata: { note: 'é' } }))
    const { tensors: read, format, metadata } = await readCheckpoint(file)
    expect(format).toBe('onnx')
    expect(metadata).toEqual({ producer: 'alexnet', labels: '["a"]', note: 'é' })
    for (const [name, tensor] of tensors) expect(read.get(name)).toEqual(tensor)
  })

  it('are not written when a layer or a weight is unknown', () => {
    const odd = layer('BatchNormalization', 'norm', {}, 19, 19, 3)
    expect(() => encodeOnnx({ layers: [layers[0]!, odd], tensors })).toThrow(
      /norm: BatchNormalization/,
    )
    const some = new Map([...tensors].slice(1))
    expect(() => encodeOnnx({ layers, tensors: some })).toThrow(/features\.0\.weight is missing/)
    const free = { ...layers[0]!, outputShape: [null, null, null, 3] }
    expect(() => encodeOnnx({ layers: [free], tensors })).toThrow(/input: .* not fixed/)
  })
})
