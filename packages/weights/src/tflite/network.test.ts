import { readFileSync } from 'node:fs'
import { unzipSync } from 'fflate'
import { beforeAll, describe, expect, it } from 'vitest'
import type { NetworkLayer } from '../network/layers.ts'
import { quantize } from '../quantization.ts'
import { bytesOf, type NamedTensor } from '../tensor.ts'
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
import { encodeTfliteGraph } from './encode.ts'
import { encodeTflite, type TfliteNetwork, tfliteGraph } from './network.ts'

let liteRt: Awaited<ReturnType<typeof startLiteRt>>
beforeAll(async () => {
  liteRt = await startLiteRt()
})

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

/** What the file of a network gives for pictures. */
async function run(
  network: Partial<TfliteNetwork>,
  image: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
): Promise<number[]> {
  const file = join(encodeTflite({ layers, tensors, batch: 2, ...network }))
  const model = await liteRt.loadAndCompile(file, { accelerator: 'wasm' })
  const input = liteRt.Tensor.fromTypedArray(image, model.getInputDetails()[0]!.shape)
  const [output] = await model.run([input])
  const values = [...(output!.toTypedArray() as Float32Array)]
  for (const used of [input, output!, model]) used.delete()
  return values
}

const normalized = Float32Array.from(pixels, (pixel, at) => {
  return (pixel / 255 - preprocessing.mean[at % 3]!) / preprocessing.std[at % 3]!
})

describe('networks as .tflite, run by LiteRT', () => {
  it('agree with plain loops in float64, the normalisation of pictures inside', async () => {
    expect(worst(await run({ preprocessing }, pixels), expectedLogits())).toBeLessThan(2e-6)
  })

  it('subtract a mean picture, where that is the normalisation', async () => {
    const mean = Float32Array.from({ length: 1083 }, () => (random() + 1) / 2)
    const inside = { ...preprocessing, mean }
    const found = await run({ preprocessing: inside }, pixels)
    expect(worst(found, expectedLogits(tensors, inside))).toBeLessThan(2e-6)
    expect(worst(found, expectedLogits())).toBeGreaterThan(1e-3)
  })

  it('take normalised float32 pictures without it, one at a time unless told otherwise', async () => {
    const found = await run({ batch: undefined }, normalized.slice(0, 1083))
    expect(worst(found, expectedLogits().slice(0, 4))).toBeLessThan(2e-6)
  })

  it('give probabilities when asked', async () => {
    const exponentials = expectedLogits().map(Math.exp)
    const sums = [0, 4].map((at) => exponentials.slice(at, at + 4).reduce((a, b) => a + b))
    const expected = exponentials.map((value, at) => value / sums[Math.floor(at / 4)]!)
    expect(worst(await run({ softmax: true }, normalized), expected)).toBeLessThan(2e-6)
  })

  it('keep float16 and int8 weights small', async () => {
    for (const [kind, bound] of [
      ['float16', 1e-3],
      ['int8', 2e-2],
    ] as const) {
      const { tensors: small } = quantize(tensors, kind)
      const difference = worst(
        await run({ preprocessing, tensors: small }, pixels),
        expectedLogits(),
      )
      expect(difference).toBeLessThan(bound)
      expect(difference).toBeGreaterThan(1e-6)
    }
  })

  it('take a channel of zeros as int8', async () => {
    const weight = tensors.get('features.0.weight')!
    const zeros = { ...weight, data: Float32Array.from(weight.data as Float32Array) }
    zeros.data.fill(0, 48, 96)
    const some = new Map(tensors).set('features.0.weight', zeros)
    const found = await run({ tensors: quantize(some, 'int8').tensors }, normalized)
    expect(worst(found, expectedLogits(some))).toBeLessThan(2e-2)
  })
})

describe('poolings, beside PyTorch', () => {
  const { shape, picture, cases } = JSON.parse(
    readFileSync(new URL('../../fixtures/pooling.json', import.meta.url), 'utf8'),
  )
  const input = layer('InputLayer', 'input', {}, ...shape)

  for (const { kind, kernel, stride, padding, countIncludePad, shape: pooled, output } of cases) {
    const className = kind === 'max' ? 'AlexNetMaxPooling' : 'AlexNetAveragePooling'
    it(`${kind} of ${kernel} every ${stride}, padding ${padding}, counted: ${countIncludePad}, to ${pooled}`, async () => {
      const config = { poolSize: [kernel, kernel], strides: stride, padding, countIncludePad }
      const both = [input, layer(className, 'pool', config, ...pooled)]
      const found = await run({ layers: both, batch: 1 }, Float32Array.from(picture))
      expect(worst(found, output)).toBeLessThan(1e-6)
    })
  }
})

describe('the file', () => {
  it('is known by its mark, has constants at multiples of 16 bytes, and keeps texts', () => {
    const metadata = { note: 'é' }
    const chunks = encodeTflite({ layers, tensors, metadata })
    const file = Buffer.from(join(chunks))
    expect(file.subarray(4, 8).toString()).toBe('TFL3')
    const last = bytesOf(tensors.get('classifier.4.weight')!.data)
    expect(chunks.some((chunk) => chunk.buffer === last.buffer)).toBe(true)
    for (const name of ['classifier.4.weight', 'classifier.4.bias', 'features.0.bias']) {
      const place = file.indexOf(bytesOf(tensors.get(name)!.data))
      expect(place).toBeGreaterThan(0)
      expect(place % 16).toBe(0)
    }
    expect(file.toString()).toContain('{"note":"é"}')
  })

  it('ends with the classes in an archive that is read from the start of the file', async () => {
    const file = join(encodeTflite({ layers, tensors, labels: ['é', 'a\nb'] }))
    const { 'labels.txt': names, ...others } = unzipSync(file)
    expect(new TextDecoder().decode(names)).toBe('é\na b')
    expect(others).toEqual({})
    expect(worst(await run({ labels: ['a'] }, normalized), expectedLogits())).toBeLessThan(2e-6)
  })

  it('has ReLU inside the operator before, and no padding of its own where LiteRT has the same', () => {
    const chain: NetworkLayer[] = [
      layer('InputLayer', 'input', {}, 12, 12, 3),
      layer(
        'AlexNetConvolution',
        'a',
        { kernelSize: [5, 5], strides: 1, padding: 2, groups: 1 },
        12,
        12,
        2,
      ),
      layer('Activation', 'b', { activation: 'relu' }, 12, 12, 2),
      layer('AlexNetMaxPooling', 'c', { poolSize: [3, 3], strides: 2, padding: 0 }, 6, 6, 2),
      layer('Flatten', 'd', {}, 72),
      layer('Dense', 'e', { activation: 'relu' }, 2),
    ]
    const filled = (...shape: number[]): NamedTensor => {
      return { dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }
    }
    const weights = new Map([
      ['a.weight', filled(2, 3, 5, 5)],
      ['a.bias', filled(2)],
      ['e.weight', filled(2, 72)],
      ['e.bias', filled(2)],
    ])
    const { operators } = tfliteGraph({ layers: chain, tensors: weights })
    expect(operators.map(({ op }) => op)).toEqual([
      'CONV_2D',
      'MAX_POOL_2D',
      'RESHAPE',
      'FULLY_CONNECTED',
    ])
  })

  it('is not written past 2 GiB', () => {
    // Memory that nobody touches, several times.
    const data = new Uint8Array(2 ** 29)
    const tensors = Array.from({ length: 4 }, (_, at) => {
      return { name: `${at}`, dtype: 'uint8' as const, shape: [2 ** 29], data }
    })
    const graph = { name: 'large', tensors, operators: [], inputs: [], outputs: [] }
    expect(() => encodeTfliteGraph(graph)).toThrow(/more than 2 GiB cannot be written/)
    expect(encodeTfliteGraph({ ...graph, tensors: tensors.slice(1) })).toHaveLength(7)
  })

  it('is not written when something is unknown or impossible', () => {
    const odd = layer('BatchNormalization', 'norm', {}, 19, 19, 3)
    expect(() => encodeTflite({ layers: [layers[0]!, odd], tensors })).toThrow(
      /norm: BatchNormalization/,
    )
    const some = new Map([...tensors].slice(1))
    expect(() => encodeTflite({ layers, tensors: some })).toThrow(/features\.0\.weight is missing/)
    expect(() => encodeTflite({ layers, tensors, batch: 0 })).toThrow(/batch must be .* found 0/)
    expect(() => encodeTflite({ layers, tensors, batch: 1e9 })).toThrow(/image: .* smaller batch/)
    const settings = { size: 4, alpha: 1, beta: 1, bias: 1 }
    const even = layer('AlexNetLocalResponseNormalization', 'even', settings, 19, 19, 3)
    expect(() => encodeTflite({ layers: [layers[0]!, even], tensors })).toThrow(/even: .* not 4/)
    const flat = [layers[0]!, layer('Flatten', 'flatten', {}, 1083)]
    expect(() => encodeTflite({ layers: flat, tensors })).toThrow(/linear layer after/)
    const wide = { dtype: 'float64' as const, shape: [8], data: new Float64Array(8) }
    expect(() =>
      encodeTflite({ layers, tensors: new Map(tensors).set('features.0.bias', wide) }),
    ).toThrow(/features\.0\.bias is float64/)
  })
})
