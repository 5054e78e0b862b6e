import { describe, expect, it } from 'vitest'
import { CheckpointError } from './error.ts'
import { encodeSafetensors, readSafetensors } from './safetensors.ts'
import type { NamedTensor } from './tensor.ts'

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

/** A file with the header given as text, so that every lie can be told. */
function fileOf(header: string, data = new Uint8Array(0), claimedLength = header.length) {
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(claimedLength), true)
  return join([length, new TextEncoder().encode(header), data])
}

describe('safetensors', () => {
  it('gives back every element type, shape and text it was given', () => {
    const tensors = new Map<string, NamedTensor>([
      ['bytes', { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
      ['a.weight', { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1.5, -2, 3e-8, 4) }],
      ['scalar', { dtype: 'int64', shape: [], data: BigInt64Array.of(-5n) }],
      ['empty', { dtype: 'float64', shape: [0, 4], data: new Float64Array(0) }],
    ])
    const read = readSafetensors(join(encodeSafetensors(tensors, { note: 'Grüße' })))
    expect(read.metadata).toEqual({ note: 'Grüße' })
    expect(new Map(read.tensors)).toEqual(tensors)
    expect([...read.tensors.keys()].at(-1)).toBe('bytes')
  })

  it('is laid out as the format says', () => {
    const [header, data] = encodeSafetensors(
      new Map([['w', { dtype: 'float32', shape: [1], data: Float32Array.of(1) } as NamedTensor]]),
    ) as [Uint8Array, Uint8Array]
    const length = Number(new DataView(header.buffer, header.byteOffset).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(header.length).toBe(8 + length)
    expect(JSON.parse(new TextDecoder().decode(header.subarray(8)))).toEqual({
      w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    })
    expect([...data]).toEqual([0, 0, 0x80, 0x3f])
  })

  it('widens float16 and bfloat16, also where the data is not aligned', () => {
    const header = JSON.stringify({
      pad: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      half: { dtype: 'F16', shape: [5], data_offsets: [1, 11] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [11, 15] },
    })
    const words = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555, 0x3f80, 0xc049)
    const data = join([Uint8Array.of(7), new Uint8Array(words.buffer)])
    const { tensors } = readSafetensors(fileOf(header, data))
    expect([...(tensors.get('half')!.data as Float32Array)]).toEqual([
      1,
      -2,
      2 ** -24,
      Number.POSITIVE_INFINITY,
      Math.fround(0.333251953125),
    ])
    expect([...(tensors.get('brain')!.data as Float32Array)]).toEqual([1, -3.140625])
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /only 0 bytes/],
    ['text', new TextEncoder().encode('hello, I am a text file'), /no plausible header length/],
    ['a header that is cut off', fileOf('{}', undefined, 90), /truncated: the header should be 90/],
    ['a header that is no JSON', fileOf('{"a": '), /no JSON/],
    ['a list for a header', fileOf('[]'), /no JSON object/],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}'), /__metadata__/],
    ['an unknown type', fileOf('{"a":{"dtype":"F8","shape":[0],"data_offsets":[0,0]}}'), /'a'.*F8/],
    [
      'a negative extent',
      fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'),
      /shape/,
    ],
    [
      'reversed offsets',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[4,0]}}'),
      /needs 1/,
    ],
    [
      'a huge shape',
      fileOf('{"a":{"dtype":"U8","shape":[9007199254740991,4096],"data_offsets":[0,4]}}'),
      /impossible shape/,
    ],
    [
      'missing data',
      fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
      /truncated.*'a'/,
    ],
    [
      'overlapping tensors',
      fileOf(
        '{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
        new Uint8Array(4),
      ),
      /'a' and 'b' overlap/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, { path: 'x.safetensors' })).toThrow(CheckpointError)
    expect(() => readSafetensors(bytes, { path: 'x.safetensors' })).toThrow(message)
    expect(() => readSafetensors(bytes, { path: 'x.safetensors' })).toThrow(/^x\.safetensors: /)
  })

  it('refuses a file cut at any byte', () => {
    const tensors = new Map<string, NamedTensor>([
      ['a', { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2, 3) }],
    ])
    const whole = join(encodeSafetensors(tensors))
    for (let length = 0; length < whole.length; length++) {
      expect(() => readSafetensors(whole.slice(0, length))).toThrow(CheckpointError)
    }
  })

  it('does not write a tensor whose shape and elements disagree', () => {
    const bad: NamedTensor = { dtype: 'float32', shape: [2], data: new Float32Array(3) }
    expect(() => encodeSafetensors(new Map([['w', bad]]))).toThrow(/'w'.*\[2\].*3 elements/)
  })
})
