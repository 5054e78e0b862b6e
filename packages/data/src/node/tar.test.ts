import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFixture } from '../testing.ts'
import { openTar, readEntry, readTar } from './tar.ts'

/** An archive, and the name, size and CRC-32 of what Python's tarfile finds in it. */
interface Case {
  name: string
  tar: string
  entries: [name: string, size: number, checksum: number][]
}

const cases = readFixture<Case[]>('tars.json')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-tar-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function contents(name: string, bytes: Uint8Array) {
  const path = join(folder, name)
  await writeFile(path, bytes)
  const file = await openTar(path)
  try {
    const { entries, others, warnings } = await readTar(file)
    const found = []
    for (const entry of entries) {
      const data = await readEntry(file, entry)
      found.push([entry.name, data.length, crc32(data)])
    }
    return { found, others, warnings }
  } finally {
    await file.close()
  }
}

describe('readTar', () => {
  it.each(cases)('finds what tarfile finds: $name', async ({ name, tar, entries }) => {
    for (const bytes of [gunzipSync(Buffer.from(tar, 'base64')), Buffer.from(tar, 'base64')]) {
      const { found, others, warnings } = await contents('a.tar', bytes)
      expect(found).toEqual(entries)
      expect(others).toEqual([])
      expect(warnings).toHaveLength(name === 'without an end mark' ? 1 : 0)
    }
  })

  it('says where an archive is cut off, wherever that is', async () => {
    const { tar, entries } = cases.find(({ name }) => name === 'pax, long name')!
    const bytes = gunzipSync(Buffer.from(tar, 'base64'))
    const between = bytes.lastIndexOf('b.jpg')
    const end = between + 2 * 512
    // Also behind the header of a long name, whose file is missing then.
    for (const length of [...Array.from({ length: end / 128 }, (_, at) => at * 128 + 100), 1024]) {
      await expect(contents('cut.tar', bytes.subarray(0, length))).rejects.toThrow(
        /cut\.tar: is cut off: the (header|file|name) at byte \d+ goes on to \d+, it ends at \d+/,
      )
    }
    // Between two files nothing is missing but the end mark.
    const last = bytes.subarray(0, between)
    const { found, warnings } = await contents('cut.tar', last)
    expect(found).toEqual(entries.slice(0, 1))
    expect(warnings[0]).toContain("cut.tar: ends without a tar file's end mark")
  })

  it('says that archives were joined, and which packings are not read', async () => {
    const { tar } = cases.find(({ name }) => name === 'contiguous')!
    const bytes = gunzipSync(Buffer.from(tar, 'base64'))
    const { warnings } = await contents('joined.tar', Buffer.concat([bytes, bytes]))
    expect(warnings[0]).toContain('joined.tar: goes on behind its end mark')
    const packed = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(100)])
    await expect(contents('a.tar.zst', packed)).rejects.toThrow('unpack it with unzstd')
    const cut = Buffer.from(tar, 'base64').subarray(0, 100)
    await expect(contents('a.tar.gz', cut)).rejects.toThrow('a.tar.gz: cannot be unpacked')
  })
})
