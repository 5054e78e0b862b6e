import { describe, expect, it } from 'vitest'
import { CheckpointError } from './error.ts'
import {
  encodeSafetensors,
  encodeSafetensorsHeader,
  openSafetensors,
  readSafetensors,
} from './safetensors.ts'
import { bytesSource } from './source.ts'
import { arrayTypes, type NamedTensor, type StoredDType } from './tensor.ts'

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

/** One tensor's entry of a header. */
const entry = (name: string, dtype: string, shape: unknown, offsets: unknown) =>
  `"${name}":{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}`

describe('element types', () => {
  // The names of the format's documentation, and bytes an element.
  it.each<[StoredDType, string, number]>([
    ['float64', 'F64', 8],
    ['float32', 'F32', 4],
    ['float16', 'F16', 2],
    ['bfloat16', 'BF16', 2],
    ['int64', 'I64', 8],
    ['uint64', 'U64', 8],
    ['int32', 'I32', 4],
    ['uint32', 'U32', 4],
    ['int16', 'I16', 2],
    ['uint16', 'U16', 2],
    ['int8', 'I8', 1],
    ['uint8', 'U8', 1],
    ['bool', 'BOOL', 1],
  ])('%s is written and read as %s', async (dtype, name, size) => {
    const header = encodeSafetensorsHeader([['w', { dtype, shape: [3] }]])
    const text = new TextDecoder().decode(header.subarray(8))
    expect(text.trimEnd()).toBe(`{${entry('w', name, [3], [0, 3 * size])}}`)
    const data = Uint8Array.from({ length: 3 * size }, (_, i) => (i % size === 0 ? 1 : 0))
    const file = join([header, data])
    const read = readSafetensors(file).tensors.get('w')!
    const isHalf = dtype === 'float16' || dtype === 'bfloat16'
    expect(read.dtype).toBe(isHalf ? 'float32' : dtype)
    expect(read.shape).toEqual([3])
    if (!isHalf) expect(read.data).toEqual(new arrayTypes[dtype](data.buffer))
    const opened = await openSafetensors(bytesSource(file))
    expect(opened.tensors.get('w')!.storedAs).toBe(dtype)
    expect(await opened.tensors.get('w')!.load()).toEqual(read.data)
  })
})

describe('a file', () => {
  const numbers = Uint8Array.of(1, 2, 3, 4, 5)
  const first = entry('a', 'U8', [2], [0, 2])
  const second = entry('b', 'U8', [3], [2, 5])

  it('may lie anywhere in memory, and its tensors are views of it', () => {
    const file = fileOf(`{${first},${second}}`, numbers)
    const buffer = new Uint8Array(file.length + 10)
    buffer.set(file, 3)
    const { tensors, format, metadata } = readSafetensors(buffer.subarray(3, 3 + file.length))
    expect([format, metadata]).toEqual(['safetensors', {}])
    expect(tensors.get('a')!.data).toEqual(Uint8Array.of(1, 2))
    expect(tensors.get('b')!.data).toEqual(Uint8Array.of(3, 4, 5))
    expect(tensors.get('b')!.data.buffer).toBe(buffer.buffer)
  })

  it('may name its tensors in another order than they lie, and have empty ones', () => {
    const none = entry('none', 'F32', [0, 3], [2, 2])
    const { tensors } = readSafetensors(fileOf(`{${second},${none},${first}}`, numbers))
    expect([...tensors.keys()]).toEqual(['b', 'none', 'a'])
    expect(tensors.get('b')!.data).toEqual(Uint8Array.of(3, 4, 5))
    expect(tensors.get('none')).toEqual({
      dtype: 'float32',
      shape: [0, 3],
      data: new Float32Array(0),
    })
    const last = entry('last', 'U8', [0], [5, 5])
    expect(readSafetensors(fileOf(`{${last},${second},${first}}`, numbers)).tensors.size).toBe(3)
  })

  it('may have no tensors, no metadata, or null for it, as the reference reader takes', () => {
    for (const header of ['{}', '{"__metadata__":{}}', '{"__metadata__":null}', '{}      ']) {
      const { tensors, metadata } = readSafetensors(fileOf(header))
      expect([tensors.size, metadata]).toEqual([0, {}])
    }
  })

  it.each<[string, Uint8Array, RegExp]>([
    ['seven bytes', new Uint8Array(7), /only 7 bytes \(at byte 0\)/],
    ['eight bytes', new Uint8Array(8), /no JSON/],
    ['a header of 100 MB', fileOf('{}', undefined, 1e8), /truncated.*\(at byte 8\)/],
    [
      'more than that',
      fileOf('{}', undefined, 1e8 + 1),
      /no plausible header length \(at byte 0\)/,
    ],
    ['words behind its header', fileOf('{} x'), /no JSON/],
    ['two headers', fileOf('{}{}'), /no JSON/],
    ['a header one byte too long', fileOf('{}', undefined, 3), /should be 3 bytes, the file has 2/],
    ['a list of texts for metadata', fileOf('{"__metadata__":["a"]}'), /must map names to strings/],
    ['text for metadata', fileOf('{"__metadata__":"a"}'), /must map names to strings/],
    ['a number for metadata', fileOf('{"__metadata__":1}'), /must map names to strings/],
    [
      'one number among texts for metadata',
      fileOf('{"__metadata__":{"a":"b","c":1}}'),
      /must map names to strings \(at byte 8\)/,
    ],
    ['null for a tensor', fileOf('{"a":null}'), /'a' has no dtype/],
    ['a number for a type', fileOf('{"a":{"dtype":1}}'), /'a' has no dtype \(at byte 8\)/],
    ['no shape', fileOf('{"a":{"dtype":"U8","data_offsets":[0,0]}}'), /'a' has no valid shape/],
    ['one offset', fileOf(`{${entry('a', 'U8', [0], [0])}}`), /no valid data_offsets/],
    ['three offsets', fileOf(`{${entry('a', 'U8', [0], [0, 0, 0])}}`), /no valid data_offsets/],
    ['no offsets', fileOf(`{${entry('a', 'U8', [0], 'ab')}}`), /no valid data_offsets/],
    ['a negative offset', fileOf(`{${entry('a', 'U8', [1], [-1, 0])}}`), /no valid data_offsets/],
    ['half an offset', fileOf(`{${entry('a', 'U8', [1], [0.5, 1.5])}}`), /no valid data_offsets/],
    [
      'a tensor shorter than its shape',
      fileOf(`{${entry('a', 'U16', [2], [1, 4])}}`, numbers),
      /needs 4 bytes, its data_offsets hold 3/,
    ],
    [
      'a tensor longer than its shape',
      fileOf(`{${entry('a', 'U8', [2], [0, 5])}}`, numbers),
      /needs 2 bytes, its data_offsets hold 5/,
    ],
    [
      'a gap before the first',
      fileOf(`{${entry('a', 'U8', [4], [1, 5])}}`, numbers),
      /1 bytes before tensor 'a' belong to none/,
    ],
    [
      'a gap between two',
      fileOf(`{${first},${entry('b', 'U8', [1], [4, 5])}}`, numbers),
      /2 bytes before tensor 'b' belong to none/,
    ],
    ['bytes behind the last', fileOf(`{${first}}`, numbers), /3 bytes behind its last tensor/],
    [
      'two tensors of the same bytes',
      fileOf(`{${first},${entry('b', 'U8', [5], [0, 5])}}`, numbers),
      /'a' and 'b' overlap/,
    ],
  ])('is refused with %s, at once or on demand', async (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message)
    expect(() => readSafetensors(bytes)).toThrow(CheckpointError)
    const opening = openSafetensors(bytesSource(bytes, 'x.safetensors'))
    await expect(opening).rejects.toThrow(message)
    await expect(opening).rejects.toThrow(/^x\.safetensors: /)
  })

  it('says at which byte it is broken', () => {
    const header = `{${first},${entry('b', 'U8', [1], [4, 5])}}`
    const place = (text: string, data = numbers) => {
      try {
        return readSafetensors(fileOf(text, data)) && undefined
      } catch (error) {
        return (error as CheckpointError).offset
      }
    }
    expect(place(header)).toBe(8 + header.length + 4)
    expect(place(`{${first}}`)).toBe(8 + first.length + 2 + 2)
    const overlapping = `{${first},${entry('b', 'U8', [4], [1, 5])}}`
    expect(place(overlapping)).toBe(8 + overlapping.length + 1)
    const short = `{${entry('a', 'U8', [3], [2, 4])}}`
    expect(place(short)).toBe(8 + short.length + 2)
    const beyond = `{${entry('a', 'U8', [6], [0, 6])}}`
    expect(place(beyond)).toBe(8 + beyond.length + 5)
    expect(place('{"a":!}')).toBe(8 + 5)
  })

  it('names at most 20,000 tensors', () => {
    const header = (count: number) =>
      `{${Array.from({ length: count }, (_, i) => entry(`${i}`, 'U8', [0], [0, 0])).join()}}`
    expect(readSafetensors(fileOf(header(20_000))).tensors.size).toBe(20_000)
    expect(() => readSafetensors(fileOf(header(20_001)))).toThrow(/over 20000 tensors/)
  })

  it('is read on demand by its header alone, and let go', async () => {
    const file = fileOf(`{"__metadata__":{"by":"me"},${first},${second}}`, numbers)
    const reads: [number, number][] = []
    let closed = 0
    const source = {
      ...bytesSource(file, 'x'),
      read: async (offset: number, length: number) => {
        reads.push([offset, length])
        return file.slice(offset, offset + length)
      },
      close: async () => {
        closed++
      },
    }
    const opened = await openSafetensors(source)
    expect([opened.format, opened.metadata]).toEqual(['safetensors', { by: 'me' }])
    const header = file.length - 8 - numbers.length
    expect(reads).toEqual([
      [0, 8],
      [8, header],
    ])
    expect(await opened.tensors.get('b')!.load()).toEqual(Uint8Array.of(3, 4, 5))
    expect(reads.slice(2)).toEqual([[8 + header + 2, 3]])
    await opened.close()
    expect(closed).toBe(1)
    const inMemory = await openSafetensors(bytesSource(file))
    await expect(inMemory.close()).resolves.toBeUndefined()
  })
})

describe('what is written', () => {
  it('has a header of whole eights, no longer than it must be, filled with spaces', () => {
    for (let letters = 1; letters <= 16; letters++) {
      const name = 'n'.repeat(letters)
      const header = encodeSafetensorsHeader([[name, { dtype: 'float32', shape: [2, 3] }]])
      const text = `{${entry(name, 'F32', [2, 3], [0, 24])}}`
      const length = new DataView(header.buffer).getBigUint64(0, true)
      expect(Number(length)).toBe(header.length - 8)
      expect(header.length % 8).toBe(0)
      expect(new TextDecoder().decode(header.subarray(8))).toBe(
        text.padEnd(Math.ceil(text.length / 8) * 8),
      )
    }
  })

  it('is metadata first, then tensors one behind the other, those of large elements first', () => {
    const tensors = new Map<string, NamedTensor>([
      ['a', { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ['b', { dtype: 'float32', shape: [], data: Float32Array.of(1) }],
      ['c', { dtype: 'float64', shape: [2], data: Float64Array.of(1, 2) }],
      ['d', { dtype: 'int32', shape: [1], data: Int32Array.of(5) }],
    ])
    const chunks = encodeSafetensors(tensors, { by: 'me' })
    expect(chunks.map((chunk) => chunk.length).slice(1)).toEqual([16, 4, 4, 3])
    const parts = [
      '"__metadata__":{"by":"me"}',
      entry('c', 'F64', [2], [0, 16]),
      entry('b', 'F32', [], [16, 20]),
      entry('d', 'I32', [1], [20, 24]),
      entry('a', 'U8', [3], [24, 27]),
    ]
    expect(new TextDecoder().decode(chunks[0]!.subarray(8)).trimEnd()).toBe(`{${parts.join()}}`)
    expect([...tensors.keys()]).toEqual(['a', 'b', 'c', 'd'])
  })
})
