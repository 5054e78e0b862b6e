import { describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { QUANTIZATION_KEY, quantize } from './quantization.ts'
import { encodeSafetensors, openSafetensors, readSafetensors } from './safetensors.ts'
import { bytesSource } from './source.ts'
import type { NamedTensor } from './tensor.ts'

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))
const float32 = (shape: number[], ...values: number[]): NamedTensor => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
})

// Channels of very different sizes, one of zeros only.
const tensors = new Map<string, NamedTensor>([
  ['w', float32([3, 2, 1, 1], 1, -0.4, 1e-4, 2.5e-5, 0, 0)],
  ['b', float32([3], 0.1, 0.2, 0.3)],
  ['steps', { dtype: 'int64', shape: [1], data: BigInt64Array.of(9n) }],
])

describe('int8 weights', () => {
  it('are the nearest of 255 levels of their channel, and come back without being asked', () => {
    const { tensors: small, metadata, largestChange } = quantize(tensors, 'int8')
    expect([...(small.get('w')!.data as Int8Array)]).toEqual([127, -51, 127, 32, 0, 0])
    expect(small.get('b')).toBe(tensors.get('b'))
    const read = readSafetensors(join(encodeSafetensors(small, { ...metadata, note: 'kept' })))
    expect([...read.tensors.keys()].sort()).toEqual(['b', 'steps', 'w'])
    expect(read.metadata).toEqual({ note: 'kept' })
    const { dtype, data } = read.tensors.get('w')!
    expect(dtype).toBe('float32')
    const original = tensors.get('w')!.data as Float32Array
    for (let i = 0; i < 6; i++) {
      const half = [1, 1e-4, 0][Math.floor(i / 2)]! / 127 / 2
      expect(Math.abs((data as Float32Array)[i]! - original[i]!)).toBeLessThanOrEqual(half * 1.0001)
    }
    expect(largestChange.get('w')).toBeLessThanOrEqual(1 / 254 + 1e-9)
    expect(largestChange.get('w')).toBeCloseTo(51 / 127 - 0.4, 6)
  })

  it('stay int8 where that is asked for, and are widened on demand', async () => {
    const { tensors: small, metadata } = quantize(tensors, 'int8')
    const bytes = join(encodeSafetensors(small, metadata))
    const kept = await readCheckpoint(bytes, { dequantize: false })
    expect(kept.tensors.get('w')!.dtype).toBe('int8')
    expect(kept.tensors.get('w.scale')!.shape).toEqual([3])
    const opened = await openCheckpoint(bytes)
    expect(opened.tensors.get('w')).toMatchObject({ dtype: 'float32', storedAs: 'int8' })
    const { data } = readSafetensors(bytes).tensors.get('w')!
    const lazy = opened.tensors.get('w')!
    expect(await lazy.load()).toEqual(data)
    expect(await lazy.loadRows!(1, 2)).toEqual((data as Float32Array).slice(2))
  })

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['no object', '1'],
    ['a tensor that is missing', '{"w":"nothing"}'],
    ['scales that do not fit', '{"w":"b"}'],
  ])('are refused with %s for a list of scales', async (_, text) => {
    const bytes = join(encodeSafetensors(tensors, { [QUANTIZATION_KEY]: text }))
    expect(() => readSafetensors(bytes, { path: 'x' })).toThrow(CheckpointError)
    expect(() => readSafetensors(bytes, { path: 'x' })).toThrow(/^x: .*int8-scales/)
    const opening = openSafetensors(bytesSource(bytes, 'x'))
    await expect(opening).rejects.toThrow(/^x: .*int8-scales/)
  })
})

describe('float16 weights', () => {
  it('halve the file, and change a weight by no more than half a step', () => {
    const { tensors: small, metadata, largestChange } = quantize(tensors, 'float16')
    const read = readSafetensors(join(encodeSafetensors(small, metadata)))
    expect(small.get('w')!.data.byteLength).toBe(12)
    for (const name of ['w', 'b']) {
      const [before, after] = [tensors.get(name)!.data, read.tensors.get(name)!.data]
      for (let i = 0; i < before.length; i++) {
        const change = Math.abs(Number(after[i]) - Number(before[i]))
        expect(change).toBeLessThanOrEqual(largestChange.get(name)!)
      }
    }
  })
})

it('does not quantise what would be lost', () => {
  const huge = new Map([['w', float32([1, 1], 70000)]])
  expect(() => quantize(huge, 'float16')).toThrow(/'w' has the value 70000 at index 0/)
  expect(() => quantize(new Map([['w', float32([1, 1], Number.NaN)]]), 'int8')).toThrow(/'w'.*NaN/)
  expect(() => quantize(tensors, 'int4' as 'int8')).toThrow(/'float16' or 'int8', found "int4"/)
})
