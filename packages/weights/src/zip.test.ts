import { deflateRawSync, crc32 as nodeCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { crc32 } from './crc32.ts'
import { CheckpointError } from './error.ts'
import { bytesSource } from './source.ts'
import { zipOf } from './testing/zip-of.ts'
import { ZipArchive } from './zip.ts'

const content = new TextEncoder().encode('content '.repeat(50))
const open = (bytes: Uint8Array) => ZipArchive.open(bytesSource(bytes, 'x.zip'))
const readFirst = async (bytes: Uint8Array) => {
  const archive = await open(bytes)
  return archive.read([...archive.entries.values()][0]!)
}

describe('zip archives', () => {
  it('are read, stored and deflated, with 32 and 64-bit numbers', async () => {
    const packed = deflateRawSync(content)
    const crc = nodeCrc32(content)
    for (const zip64 of [false, true]) {
      const archive = await open(
        zipOf(
          [
            { name: 'a', data: content },
            { name: 'b', data: packed, method: 8, size: content.length, crc },
          ],
          { zip64 },
        ),
      )
      for (const entry of archive.entries.values()) {
        expect(Buffer.from(await archive.read(entry))).toEqual(Buffer.from(content))
        const part = await archive.entrySource(entry).read(8, 7)
        expect(new TextDecoder().decode(part)).toBe('content')
      }
    }
  })

  it.each<[string, () => Uint8Array, RegExp]>([
    ['a bomb', () => bomb(), /claims to unpack to 4294967294 bytes: impossible/],
    [
      'data that unpacks to more than it says',
      () =>
        zipOf([{ name: 'a', data: deflateRawSync(new Uint8Array(1e6)), method: 8, size: 1000 }]),
      /unpacks to more than the 1000 bytes/,
    ],
    [
      'data that unpacks to less',
      () => zipOf([{ name: 'a', data: deflateRawSync(content), method: 8, size: 500 }]),
      /unpacks to 400 bytes where it claims 500/,
    ],
    [
      'broken deflated data',
      () => zipOf([{ name: 'a', data: content, method: 8, size: 500 }]),
      /deflated data is broken/,
    ],
    [
      'entries that overlap',
      () =>
        zipOf([
          { name: 'a', data: content },
          { name: 'b', data: content, offset: 0 },
        ]),
      /overlaps what comes after/,
    ],
    [
      'a directory without entries',
      () => zipOf([{ name: 'a', data: content }], { count: 3 }),
      /entry 1/,
    ],
    [
      'a name twice',
      () =>
        zipOf([
          { name: 'a', data: content },
          { name: 'a', data: content },
        ]),
      /twice/,
    ],
    [
      'an entry past the end',
      () => zipOf([{ name: 'a', data: content, offset: 1e6 }]),
      /runs into/,
    ],
    [
      'a wrong place',
      () => zipOf([{ name: 'a', data: content, offset: 3 }]),
      /runs into|no header/,
    ],
    ['two sizes', () => zipOf([{ name: 'a', data: content, size: 5 }]), /two sizes/],
    ['damage', () => zipOf([{ name: 'a', data: content, crc: 1 }]), /CRC-32/],
    ['encryption', () => zipOf([{ name: 'a', data: content, flags: 1 }]), /encrypted/],
    ['another method', () => zipOf([{ name: 'a', data: content, method: 93 }]), /method 93/],
    ['no directory', () => content, /directory is missing/],
  ])('are refused: %s', async (_, make, message) => {
    await expect(readFirst(make())).rejects.toThrow(message)
    await expect(readFirst(make())).rejects.toThrow(CheckpointError)
  })

  it('are not believed when they claim a bomb', async () => {
    const before = process.memoryUsage().arrayBuffers
    await expect(readFirst(bomb())).rejects.toThrow(/impossible/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6)
  })
})

function bomb() {
  return zipOf([{ name: 'a', data: deflateRawSync(content), method: 8, size: 0xfffffffe }])
}

it('checks the CRC-32 of an entry that is read piece after piece', async () => {
  const data = Uint8Array.from({ length: 1000 }, (_, i) => i)
  const read = async (crc?: number) => {
    const bytes = zipOf([{ name: 'a', data, ...(crc === undefined ? {} : { crc }) }])
    const archive = await ZipArchive.open(bytesSource(bytes))
    const entry = archive.entrySource(archive.entries.get('a')!)
    const pieces: number[] = []
    for (const [offset, length] of [
      [0, 300],
      [300, 500],
      [800, 200],
    ] as const) {
      pieces.push(...(await entry.read(offset, length)))
    }
    return pieces
  }
  expect(await read()).toEqual([...data])
  await expect(read(1)).rejects.toThrow(/CRC-32/)
})

it('checks the whole of an entry of which a part is wanted', async () => {
  const bytes = zipOf([{ name: 'a', data: content }])
  const entry = [...(await open(bytes)).entries.values()][0]!
  const read = async () => (await open(bytes)).checkedSource(entry).read(8, 7)
  expect(new TextDecoder().decode(await read())).toBe('content')
  bytes[entry.offset + entry.size - 1]! ^= 1
  await expect(read()).rejects.toThrow(/entry 'a' is damaged: its CRC-32/)
})

it('computes the CRC-32 that zlib computes, also in parts', () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) >> 3)
  for (const length of [0, 1, 7, 8, 9, 1000]) {
    expect(crc32(bytes.subarray(0, length))).toBe(nodeCrc32(bytes.subarray(0, length)))
  }
  expect(crc32(bytes.subarray(13), crc32(bytes.subarray(0, 13)))).toBe(nodeCrc32(bytes))
})
