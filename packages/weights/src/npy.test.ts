import { describe, expect, it } from 'vitest'
import { openCheckpoint } from './checkpoint.ts'
import { encodeNpyHeader, encodeNpz, openNpy, startsAsNpy } from './npy.ts'
import { bytesSource } from './source.ts'
import type { NamedTensor, StoredDType } from './tensor.ts'
import { type ZipOfEntry, zipOf } from './testing/zip-of.ts'

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const join = (...chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))

/** A file with the header given as text, so that every lie can be told. */
function npyOf(header: string, data: number[] = [], version = 1, claimed = header.length) {
  const length = new Uint8Array(version === 1 ? 2 : 4)
  const view = new DataView(length.buffer)
  if (version === 1) view.setUint16(0, claimed, true)
  else view.setUint32(0, claimed, true)
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0)
  return join(start, length, latin1(header), Uint8Array.from(data))
}

const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`

async function tensorIn(bytes: Uint8Array) {
  const { tensors, format } = await openNpy(bytesSource(bytes, 'x.npy'))
  expect(format).toBe('npy')
  expect([...tensors.keys()]).toEqual(['tensor'])
  const { dtype, storedAs, shape, load } = tensors.get('tensor')!
  return { dtype, storedAs, shape, data: await load() }
}

describe('the header', () => {
  // What numpy.lib.format.write_array of NumPy 1.24 begins with.
  it.each<[StoredDType, number[], string]>([
    ['float32', [2, 3], "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"],
    ['int64', [], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"],
    ['uint8', [2], "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"],
    ['bool', [2], "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }"],
    ['float16', [2], "{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }"],
  ])('of %s %j is byte for byte what NumPy writes', (dtype, shape, text) => {
    const written = `\x93NUMPY\x01\0\x76\0${text.padEnd(117)}\n`
    expect(encodeNpyHeader(shape, dtype)).toEqual(latin1(written))
    if (dtype === 'float32') expect(encodeNpyHeader(shape)).toEqual(latin1(written))
  })

  it('ends at a multiple of 64, no later than it must, and comes back, however long', async () => {
    for (let axes = 1; axes <= 60; axes++) {
      const shape = Array.from({ length: axes }, () => 1)
      const bytes = encodeNpyHeader(shape, 'uint8')
      expect(bytes.length % 64).toBe(0)
      expect(bytes.at(-1)).toBe(0x0a)
      expect(bytes.lastIndexOf(0x7d)).toBeGreaterThan(bytes.length - 1 - 65)
      expect(await tensorIn(join(bytes, Uint8Array.of(7)))).toMatchObject({ shape })
    }
  })

  it('is not written for what NumPy has not', () => {
    expect(() => encodeNpyHeader([1], 'bfloat16')).toThrow(/no element type bfloat16/)
  })
})

describe('a lone array', () => {
  it('as NumPy writes it, of each version', async () => {
    for (const version of [1, 2, 3]) {
      const bytes = npyOf(header("'<f4'", '(2,)'), [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40], version)
      const data = Float32Array.of(1, 2)
      expect(await tensorIn(bytes)).toEqual({
        dtype: 'float32',
        storedAs: 'float32',
        shape: [2],
        data,
      })
    }
  })

  it('column by column, of foreign byte order, of half precision', async () => {
    const fortran = npyOf(header("'|i1'", '(2, 3)', 'True'), [1, 4, 2, 5, 3, 6])
    expect((await tensorIn(fortran)).data).toEqual(Int8Array.of(1, 2, 3, 4, 5, 6))
    const deep = npyOf(header("'|i1'", '(2, 1, 2, 2)', 'True'), [1, 5, 3, 7, 2, 6, 4, 8])
    expect((await tensorIn(deep)).data).toEqual(Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    const big = npyOf(header("'>i2'", '(2,)'), [0, 1, 0xff, 0xfe])
    expect((await tensorIn(big)).data).toEqual(Int16Array.of(1, -2))
    const half = npyOf(header("'<f2'", '(2,)'), [0, 0x38, 0, 0xc0])
    const expected = { dtype: 'float32', storedAs: 'float16', data: Float32Array.of(0.5, -2) }
    expect(await tensorIn(half)).toMatchObject(expected)
  })

  it.each<[string, string, number[]]>([
    ['another order of the keys', "{'shape': (1,), 'descr': '|u1', 'fortran_order': False}", [1]],
    ['double quotes', `{"descr": "|u1", "fortran_order": False, "shape": (1,)}`, [1]],
    ['no blanks', "{'descr':'|u1','fortran_order':False,'shape':(1,)}", [1]],
    [
      'blanks everywhere',
      " { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 1 , ) } ",
      [1],
    ],
    ['whole numbers of Python 2', header("'|u1'", '(1L, 1L)'), [1, 1]],
    ['a comma behind the last of several', header("'|u1'", '(1, 1,)'), [1, 1]],
    ['a scalar', header("'|u1'", '()'), []],
    ['a scalar with a blank', header("'|u1'", '( )'), []],
    ['no byte order', header("'u1'", '(1,)'), [1]],
    ["the machine's byte order", header("'=u1'", '(1,)'), [1]],
  ])('with a header of %s', async (_, text, shape) => {
    expect(await tensorIn(npyOf(text, [9]))).toMatchObject({ shape, data: Uint8Array.of(9) })
  })

  it.each<[string, string]>([
    ['no braces', "'descr': '|u1', 'fortran_order': False, 'shape': (1,)"],
    ['no brace at its end', "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)"],
    ['no brace at its start', "'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"],
    ['another bracket at its start', "['descr': '|u1', 'fortran_order': False, 'shape': (1,)}"],
    ['another bracket at its end', "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)]"],
    ['one brace', '{'],
    ['blanks alone', '    '],
    ['no shape', "{'descr': '|u1', 'fortran_order': False}"],
    ['no order', "{'descr': '|u1', 'shape': (1,)}"],
    ['no type', "{'fortran_order': False, 'shape': (1,)}"],
    ['a fourth key', "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}"],
    ['a key twice', "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}"],
    ['an order that is none', header("'|u1'", '(1,)', 'None')],
    ['words behind a value', "{'descr': '|u1' x, 'fortran_order': False, 'shape': (1,)}"],
    ['words before a key', "{x 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"],
    ['quotes that do not match', `{'descr": '|u1', 'fortran_order': False, 'shape': (1,)}`],
    ['a number for a tuple', header("'|u1'", '1')],
    ['a number in brackets', header("'|u1'", '(1)')],
    ['a comma alone', header("'|u1'", '(,)')],
    ['two commas', header("'|u1'", '(1,,)')],
    ['a gap', header("'|u1'", '(1,,1)')],
    ['a letter of Python 2 alone', header("'|u1'", '(L,)')],
    ['two letters of Python 2', header("'|u1'", '(1LL,)')],
    ['letters before a number', header("'|u1'", '(L1,)')],
    ['a type of two orders', header("'<>u1'", '(1,)')],
    ['a type of nothing', header("'<'", '(1,)')],
    ['text for a tuple', header("'|u1'", "'(1,)'")],
  ])('is not read with a header of %s', async (_, text) => {
    const opening = openNpy(bytesSource(npyOf(text, [9]), 'x.npy'))
    await expect(opening).rejects.toThrow(
      /^x\.npy: array 'tensor' has a header that cannot be read/,
    )
  })

  const good = header("'|u1'", '(2,)')
  it.each<[string, Uint8Array, RegExp]>([
    ['another start', join(Uint8Array.of(0x94), npyOf(good, [1, 2]).subarray(1)), /no \.npy file/],
    ['eleven bytes', npyOf(good, [1, 2]).subarray(0, 11), /no \.npy file/],
    ['version 0', npyOf(good, [1, 2], 0), /unknown version 0/],
    ['version 4', npyOf(good, [1, 2], 4), /unknown version 4/],
    ['a header that goes on', npyOf(good, [], 1, good.length + 1), /truncated: the header/],
    ['a header of 10,001', npyOf(good.padEnd(10_001), [1, 2]), /10001 bytes, over 10000/],
    ['a byte too few', npyOf(good, [1]), /should be \d+ bytes and is \d+/],
    ['a byte too many', npyOf(good, [1, 2, 3]), /should be \d+ bytes and is \d+/],
    ['an impossible shape', npyOf(header("'|u1'", `(${2 ** 53},)`)), /no valid shape/],
    ['a type that is none', npyOf(header("'<f3'", '(1,)'), [1, 2, 3]), /type f3, which cannot/],
    ['complex numbers', npyOf(header("'<c8'", '(0,)')), /an array of texts/],
    ['texts', npyOf(header("'<U1'", '(0,)')), /an array of texts/],
    ['dates', npyOf(header("'<M8[ns]'", '(0,)')), /an array of texts/],
    ['records', npyOf(header("[('a', '<f4'), ('b', '<f4')]", '(0,)')), /an array of texts/],
  ])('is refused with %s', async (_, bytes, message) => {
    await expect(openNpy(bytesSource(bytes, 'x.npy'))).rejects.toThrow(message)
    await expect(openNpy(bytesSource(bytes, 'x.npy'))).rejects.toThrow(/^x\.npy: /)
  })

  it('may have a header of 10,000 bytes, as NumPy reads', async () => {
    const bytes = npyOf(good.padEnd(10_000), [1, 2])
    expect((await tensorIn(bytes)).data).toEqual(Uint8Array.of(1, 2))
  })

  it('is known by all of its first six bytes', () => {
    const start = npyOf(good)
    expect(startsAsNpy(start)).toBe(true)
    for (let place = 0; place < 6; place++) {
      const other = start.slice()
      other[place]! ^= 1
      expect(startsAsNpy(other)).toBe(false)
    }
    expect(startsAsNpy(start.subarray(0, 5))).toBe(false)
  })

  it('lets its file go', async () => {
    let closed = 0
    const close = async () => {
      closed++
    }
    const opened = await openNpy({ ...bytesSource(npyOf(good, [1, 2])), close })
    await opened.close()
    expect(closed).toBe(1)
    await expect((await openNpy(bytesSource(npyOf(good, [1, 2])))).close()).resolves.toBeUndefined()
  })
})

describe('an archive', () => {
  const number = npyOf(header("'|u1'", '(2,)'), [1, 2])
  const text = npyOf(header("'<U1'", '(1,)'), [65, 0, 0, 0])
  const open = (...entries: ZipOfEntry[]) => openCheckpoint(zipOf(entries), { path: 'x.npz' })

  it('gives its arrays of numbers by their names without the ending, and passes over the rest', async () => {
    const { tensors, format, metadata } = await open(
      { name: 'a.npy', data: number },
      { name: 'layer/b.npy.npy', data: number },
      { name: 'names.npy', data: text },
      { name: 'readme.txt', data: latin1('hello') },
      { name: 'c.npy.txt', data: latin1('hello') },
      { name: '__MACOSX/._a.npy', data: latin1('hello') },
      { name: '.hidden.npy', data: latin1('hello') },
      { name: '.folder/d.npy', data: number },
    )
    expect([format, metadata]).toEqual(['npz', {}])
    expect([...tensors.keys()]).toEqual(['a', 'layer/b.npy', '.folder/d'])
    for (const { load } of tensors.values()) expect(await load()).toEqual(Uint8Array.of(1, 2))
  })

  it('of nothing but texts has no numbers, and says so', async () => {
    await expect(open({ name: 'names.npy', data: text })).rejects.toThrow(/^x\.npz: its arrays/)
  })

  it('may hold nothing but what is hidden, and is none without .npy files', async () => {
    const { tensors } = await open({ name: '._a.npy', data: number })
    expect(tensors.size).toBe(0)
    const other = open({ name: 'readme.txt', data: latin1('hello') })
    await expect(other).rejects.toThrow(/neither PyTorch's nor NumPy's: it holds readme\.txt/)
  })

  it('lets its file go', async () => {
    let closed = 0
    const close = async () => {
      closed++
    }
    const source = bytesSource(zipOf([{ name: 'a.npy', data: number }]))
    await (await openCheckpoint({ ...source, close })).close()
    expect(closed).toBe(1)
  })

  it('names the array that is broken, and where it lies', async () => {
    const data = npyOf(header("'|u1'", '(3,)'), [1, 2])
    const opening = open({ name: 'a.npy', data: number }, { name: 'b.npy', data })
    // The directory's first entry takes its header and its data, the second begins with a header of 35 bytes.
    const at = 35 + number.length + 35
    await expect(opening).rejects.toThrow(`(at byte ${at})`)
    await expect(opening).rejects.toThrow(/^x\.npz: array 'b' should be/)
  })

  it('is checked by its CRC-32 where an array is loaded', async () => {
    const { tensors } = await open({ name: 'a.npy', data: number, crc: 1 })
    await expect(tensors.get('a')!.load()).rejects.toThrow(/CRC/)
  })

  it('may hold 8,000 arrays, and not one more', async () => {
    const entries = Array.from({ length: 8_000 }, (_, i) => ({
      name: `${i}.npy`,
      data: i % 2 ? number : text,
    }))
    expect((await open(...entries)).tensors.size).toBe(4_000)
    const more = open(...entries, { name: 'more.npy', data: number })
    await expect(more).rejects.toThrow(/over 8000 arrays/)
  })

  it('is written with the moment at which zip begins, and not of what NumPy has not', async () => {
    const tensors = new Map<string, NamedTensor>([
      ['a', { dtype: 'uint8', shape: [2], data: Uint8Array.of(1, 2) }],
    ])
    const bytes = join(...encodeNpz(tensors))
    // A local header's time and date: midnight, 1 January 1980 (APPNOTE 4.4.6: (month << 5) | day).
    expect([...bytes.subarray(10, 14)]).toEqual([0, 0, 33, 0])
    expect((await openCheckpoint(bytes)).tensors.get('a')!.shape).toEqual([2])
    const bad: NamedTensor = { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2) }
    expect(() => encodeNpz(new Map([['a', bad]]))).toThrow(RangeError)
  })
})
