import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { readCheckpointFile } from './node.ts'
import { bytesOf, type Checkpoint } from './tensor.ts'

interface Expected {
  format: string
  metadata?: Record<string, string>
  tensors: Record<string, { dtype: string; shape: number[]; bytes: string }>
}

const expected = JSON.parse(readFileSync('fixtures/expected.json', 'utf8')) as Record<
  string,
  Expected
>
const files = Object.keys(expected)
const bytesOfFile = (name: string) => new Uint8Array(readFileSync(`fixtures/${name}`))

function facts({ tensors }: Checkpoint): Expected['tensors'] {
  return Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape: [...shape], bytes: Buffer.from(bytesOf(data)).toString('hex') },
    ]),
  )
}

/** A source like a disk's: no views, and only what was asked for. */
const ranges = (bytes: Uint8Array) => ({
  size: bytes.length,
  path: 'ranges',
  read: async (offset: number, length: number) => bytes.slice(offset, offset + length),
})

describe('files written by PyTorch, NumPy and hand-made ones', () => {
  it.each(files)(
    'reads %s to the same bits, from bytes, ranges, a Blob and a path',
    async (name) => {
      const bytes = bytesOfFile(name)
      const { tensors, format, metadata = {} } = expected[name]!
      const fromBytes = await readCheckpoint(bytes)
      expect(facts(fromBytes)).toEqual(tensors)
      expect(fromBytes.format).toBe(format)
      expect(fromBytes.metadata).toEqual(metadata)
      expect(facts(await readCheckpoint(ranges(bytes)))).toEqual(tensors)
      expect(facts(await readCheckpoint(new Blob([bytes])))).toEqual(tensors)
      expect(facts(await readCheckpointFile(`fixtures/${name}`))).toEqual(tensors)
    },
  )

  it('gives views into the bytes, and one array to tied weights', async () => {
    const bytes = bytesOfFile('views.zip.pt')
    const { tensors } = await readCheckpoint(bytes)
    expect(tensors.get('whole')!.data.buffer).toBe(bytes.buffer)
    expect(tensors.get('tied')!.data).toBe(tensors.get('whole')!.data)
  })

  it('reads of a tensor only its own part of the file', async () => {
    const bytes = bytesOfFile('views.zip.pt')
    let read = 0
    const counted = {
      ...ranges(bytes),
      read: async (offset: number, length: number) => {
        read += length
        return bytes.slice(offset, offset + length)
      },
    }
    const opened = await openCheckpoint(counted)
    read = 0
    await opened.tensors.get('narrowed')!.load()
    expect(read).toBe(2 * 8 * 4)
  })
})

describe('rows', () => {
  it.each(files)('of %s are those of the whole', async (name) => {
    const opened = await openCheckpoint(bytesOfFile(name))
    for (const { shape, load, loadRows } of opened.tensors.values()) {
      if (!loadRows || shape[0]! < 1) continue
      const whole = (await load()) as Float32Array
      const row = whole.length / shape[0]!
      const split = Math.ceil(shape[0]! / 2)
      expect(await loadRows(0, split)).toEqual(whole.slice(0, split * row))
      expect(await loadRows(split, shape[0]! - split)).toEqual(whole.slice(split * row))
      await expect(loadRows(split, shape[0]!)).rejects.toThrow(/rows, not/)
    }
  })

  it('are there for plain tensors alone', async () => {
    const has = async (file: string, name: string) => {
      const tensor = (await openCheckpoint(bytesOfFile(file))).tensors.get(name)!
      return tensor.loadRows !== undefined
    }
    expect(await has('views.zip.pt', 'narrowed')).toBe(true)
    expect(await has('views.zip.pt', 'transposed')).toBe(false)
    const [first] = (await openCheckpoint(bytesOfFile('arrays-compressed.npz'))).tensors.keys()
    expect(await has('arrays-compressed.npz', first!)).toBe(false)
  })
})

describe('what is not a checkpoint', () => {
  const text = (value: string) => new TextEncoder().encode(value)
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /is empty/],
    ['text', text('hello'), /no checkpoint of a known format/],
    ['a web page', text('<!doctype html><html>'), /web page/],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    ['Keras weights', text('\x89HDF\r\n'.replace('\x89', '\x7f')), /known format/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip/],
    ['other JSON', text('{"a": 1}'), /neither a model.json/],
    ['broken JSON', text('{"weightsManifest": [}'), /cut off/],
    ['another pickle', Uint8Array.of(0x80, 4, 0x4e, 0x2e), /torch.save did not write/],
  ])('refuses %s', async (_, bytes, message) => {
    const reading = readCheckpoint(bytes, { path: 'x.bin' })
    await expect(reading).rejects.toThrow(CheckpointError)
    await expect(readCheckpoint(bytes)).rejects.toThrow(message)
  })

  it('does not take a path where bytes are due', async () => {
    await expect(readCheckpoint('x.pt' as unknown as Uint8Array)).rejects.toThrow(/weights\/node/)
  })

  it.each(files)('refuses %s cut at any byte', async (name) => {
    const whole = bytesOfFile(name)
    // Formats without an end mark cannot tell where the last field or pickle was cut off exactly.
    const original = facts(await readCheckpoint(whole))
    const step = Math.max(1, Math.floor(whole.length / 300))
    for (let length = 0; length < whole.length; length += step) {
      try {
        const cut = facts(await readCheckpoint(whole.slice(0, length)))
        expect(['caffe', 'onnx', 'pytorch-tar']).toContain(expected[name]!.format)
        for (const [key, tensor] of Object.entries(cut)) expect(tensor).toEqual(original[key])
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError)
      }
    }
  })
})
