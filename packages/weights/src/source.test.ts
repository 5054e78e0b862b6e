import { describe, expect, it } from 'vitest'
import { CheckpointError } from './error.ts'
import {
  bytesSource,
  joinedSource,
  type RangeSource,
  readRange,
  reasonOf,
  windowed,
} from './source.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)

/** A source that keeps account of what was read of it. */
function counted(content: Uint8Array, path = 'x') {
  const reads: [offset: number, length: number][] = []
  let closed = 0
  const source: RangeSource = {
    size: content.length,
    path,
    read: async (offset, length) => {
      reads.push([offset, length])
      return content.slice(offset, offset + length)
    },
    close: async () => {
      closed++
    },
  }
  return { source, reads, closed: () => closed }
}

it('bytes in memory are read as views', async () => {
  const source = bytesSource(bytes.subarray(10, 90), 'memory')
  expect(source).toMatchObject({ size: 80, path: 'memory' })
  const part = await source.read(3, 2)
  expect(part).toEqual(Uint8Array.of(13, 14))
  expect(part.buffer).toBe(bytes.buffer)
})

describe('small reads', () => {
  it('one after the other are cut from one larger', async () => {
    const { source, reads } = counted(bytes)
    const window = windowed(source, 20, 8)
    expect(window).toMatchObject({ size: 100, path: 'x' })
    for (const [offset, length] of [
      [30, 4],
      [34, 8],
      [46, 4],
      [30, 20],
    ] as const) {
      expect(await window.read(offset, length)).toEqual(bytes.slice(offset, offset + length))
    }
    expect(reads).toEqual([[30, 20]])
  })

  it('begin a new one where they leave it at either end', async () => {
    const { source, reads } = counted(bytes)
    const window = windowed(source, 20, 8)
    for (const [offset, length] of [
      [30, 4],
      [47, 4],
      [46, 2],
      [29, 1],
    ] as const) {
      expect(await window.read(offset, length)).toEqual(bytes.slice(offset, offset + length))
    }
    expect(reads).toEqual([
      [30, 20],
      [47, 20],
      [46, 20],
      [29, 20],
    ])
  })

  it('go no further than the file, and long ones are not kept', async () => {
    const { source, reads } = counted(bytes)
    const window = windowed(source, 20, 8)
    expect(await window.read(95, 5)).toEqual(bytes.slice(95))
    expect(await window.read(0, 9)).toEqual(bytes.slice(0, 9))
    expect(await window.read(10, 8)).toEqual(bytes.slice(10, 18))
    expect(reads).toEqual([
      [95, 5],
      [0, 9],
      [10, 20],
    ])
  })

  it('read at most 4 KiB from a window of 16 KiB where nothing else is said', async () => {
    const content = new Uint8Array(100_000)
    const { source, reads } = counted(content)
    const window = windowed(source)
    await window.read(0, 4096)
    await window.read(50_000, 4097)
    expect(reads).toEqual([
      [0, 16_384],
      [50_000, 4097],
    ])
  })
})

describe('a range', () => {
  it('may be all of a source, or nothing at its end, for which nothing is read', async () => {
    const { source, reads } = counted(bytes)
    expect(await readRange(source, 0, 100, 'all')).toEqual(bytes)
    expect(await readRange(source, 100, 0, 'nothing')).toEqual(new Uint8Array(0))
    expect(reads).toEqual([[0, 100]])
  })

  it.each([
    [-1, 4, 0],
    [4, -1, 4],
    [99, 2, 99],
    [101, 0, 100],
    [0, 101, 0],
  ])('at %i of %i bytes is refused, at byte %i of the file', async (offset, length, at) => {
    const { source, reads } = counted(bytes)
    const error = await readRange(source, offset, length, 'the header').catch((reason) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect(error).toMatchObject({ path: 'x', offset: at })
    expect(error.message).toMatch(/truncated: the header/)
    expect(reads).toEqual([])
  })

  it('of which less comes than was there says where it ends', async () => {
    const source = { size: 100, path: 'x', read: async () => new Uint8Array(3) }
    const error = await readRange(source, 10, 5, 'the header').catch((reason) => reason)
    expect(error).toBeInstanceOf(CheckpointError)
    expect(error).toMatchObject({ path: 'x', offset: 13 })
  })
})

describe('sources one after the other', () => {
  const cuts = [0, 10, 10, 40, 41, 100]
  const partsOf = () =>
    cuts.slice(1).map((end, index) => counted(bytes.slice(cuts[index], end), `part ${index}`))

  it('are read as one, every range of it', async () => {
    const joined = joinedSource(
      partsOf().map(({ source }) => source),
      'all',
    )
    expect(joined).toMatchObject({ size: 100, path: 'all' })
    for (const offset of [0, 1, 9, 10, 11, 39, 40, 41, 99]) {
      for (const length of [0, 1, 2, 29, 30, 31, 32, 59, 90, 100]) {
        if (offset + length > 100) continue
        const read = await joined.read(offset, length)
        expect([...read]).toEqual([...bytes.subarray(offset, offset + length)])
      }
    }
  })

  it('of each only its own part is read, and all are closed', async () => {
    const parts = partsOf()
    const joined = joinedSource(parts.map(({ source }) => source))
    await joined.read(12, 28)
    await joined.read(38, 3)
    await joined.read(8, 3)
    expect(parts.map(({ reads }) => reads)).toEqual([
      [[8, 2]],
      [],
      [
        [2, 28],
        [28, 2],
        [0, 1],
      ],
      [[0, 1]],
      [],
    ])
    await joined.close!()
    expect(parts.map(({ closed }) => closed())).toEqual([1, 1, 1, 1, 1])
    await expect(joinedSource([bytesSource(bytes)]).close!()).resolves.toBeUndefined()
  })

  it('give a view where the range lies in one that does', async () => {
    const joined = joinedSource([bytesSource(bytes), bytesSource(bytes)])
    expect((await joined.read(120, 10)).buffer).toBe(bytes.buffer)
  })

  it('may be none', async () => {
    const joined = joinedSource([])
    expect(joined.size).toBe(0)
    expect(await joined.read(0, 0)).toEqual(new Uint8Array(0))
  })
})

it('the reason for a failure is that of its innermost cause', () => {
  const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
  const failed = new TypeError('fetch failed', { cause: new Error('tried', { cause: refused }) })
  expect(reasonOf(failed)).toBe('ECONNREFUSED')
  expect(reasonOf(new TypeError('fetch failed', { cause: new Error('no route') }))).toBe('no route')
  expect(reasonOf(new Error('outer', { cause: 'text' }))).toBe('outer')
  expect(reasonOf('text')).toBe('text')
  expect(reasonOf(undefined)).toBe('undefined')
})
