import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { readCheckpointFile } from './node.ts'
import { encodeNpz } from './npy.ts'
import { encodeSafetensors } from './safetensors.ts'
import { encodeShards } from './shards.ts'
import type { NamedTensor } from './tensor.ts'
import { encodeLayersModel, type ModelFile } from './tfjs.ts'

const join = (chunks: Uint8Array[]) => new Uint8Array(Buffer.concat(chunks))
const weights = new Map<string, NamedTensor>([
  ['a/kernel', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) }],
  ['a/bias', { dtype: 'float32', shape: [3], data: Float32Array.of(-1, 0, 1) }],
])
const filesOf = (files: ModelFile[]) =>
  new Map(files.map(({ path, chunks }) => [path, join(chunks)]))

let folder: string
let server: Server
let served = new Map<string, Uint8Array>()
let knowsRanges = true
let requests: string[] = []
beforeAll(async () => {
  folder = await mkdtemp(joinPath(tmpdir(), 'alexnet-weights-'))
  server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''}`.trim())
    const file = served.get(request.url!.slice(1))
    if (!file) return response.writeHead(404).end()
    const range = knowsRanges && /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    if (!range) return response.end(file)
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)]
    response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file.length}` })
    return response.end(file.subarray(start, end + 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})
const url = (name: string) =>
  new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`)

describe('.npz', () => {
  it('comes back as it was, and is the same file every time', async () => {
    const bytes = join(encodeNpz(weights))
    const read = await readCheckpoint(bytes)
    expect(read.format).toBe('npz')
    expect(read.tensors).toEqual(weights)
    expect(join(encodeNpz(weights))).toEqual(bytes)
  })
})

describe('model.json', () => {
  const model = { topology: { class_name: 'Model' }, weights, shardBytes: 16 }

  it('is cut into shards and comes back, from memory, a folder and a server', async () => {
    const files = filesOf(encodeLayersModel(model))
    expect([...files.keys()]).toEqual([
      'model.json',
      'group1-shard1of3.bin',
      'group1-shard2of3.bin',
      'group1-shard3of3.bin',
    ])
    const json = files.get('model.json')!
    expect((await readCheckpoint(json, { files })).tensors).toEqual(weights)
    for (const [name, bytes] of files) await writeFile(joinPath(folder, name), bytes)
    expect((await readCheckpointFile(joinPath(folder, 'model.json'))).tensors).toEqual(weights)
    served = files
    expect((await readCheckpoint(url('model.json'))).tensors).toEqual(weights)
  })

  it('carries free text', async () => {
    const files = filesOf(encodeLayersModel({ ...model, metadata: { labels: 'a b' } }))
    const read = await readCheckpoint(files.get('model.json')!, { files })
    expect(read.metadata).toMatchObject({ generatedBy: 'alexnet', labels: 'a b' })
    const odd = JSON.stringify({ weightsManifest: [], userDefinedMetadata: { a: 1, b: 'x' } })
    expect((await readCheckpoint(new TextEncoder().encode(odd))).metadata).toEqual({ b: 'x' })
  })

  it('stores float16 on request, as TensorFlow.js reads it', async () => {
    const files = filesOf(encodeLayersModel({ ...model, quantization: 'float16' }))
    const json = JSON.parse(new TextDecoder().decode(files.get('model.json')))
    expect(json.weightsManifest[0].weights[0].quantization).toEqual({ dtype: 'float16' })
    expect((await readCheckpoint(files.get('model.json')!, { files })).tensors).toEqual(weights)
  })

  it('is widened by scale and minimum when it is quantised so', async () => {
    const json = JSON.stringify({
      weightsManifest: [
        {
          paths: ['w.bin'],
          weights: [
            {
              name: 'w',
              shape: [2],
              dtype: 'float32',
              quantization: { dtype: 'uint8', scale: 0.5, min: -1 },
            },
          ],
        },
      ],
    })
    const files = new Map([['w.bin', Uint8Array.of(0, 255)]])
    const read = await readCheckpoint(new TextEncoder().encode(json), { files })
    expect([...(read.tensors.get('w')!.data as Float32Array)]).toEqual([-1, 126.5])
  })

  it.each(['../secret', '/etc/passwd', '..', 'a/b.bin'])('does not read %s', async (name) => {
    const json = JSON.stringify({ weightsManifest: [{ paths: [name], weights: [] }] })
    await writeFile(joinPath(folder, 'evil.json'), json)
    const reading = readCheckpointFile(joinPath(folder, 'evil.json'))
    await expect(reading).rejects.toThrow(/no plain name/)
  })

  it('says which shard is missing, or that they are too short', async () => {
    const files = filesOf(encodeLayersModel(model))
    const json = files.get('model.json')!
    await expect(readCheckpoint(json)).rejects.toThrow(/group1-shard1of3\.bin' beside it/)
    files.set('group1-shard3of3.bin', new Uint8Array(1))
    await expect(readCheckpoint(json, { files })).rejects.toThrow(/'a\/bias' ends at byte 36 .*33/)
    files.delete('group1-shard3of3.bin')
    await expect(readCheckpoint(json, { files })).rejects.toThrow(/shard3of3\.bin', which was not/)
  })
})

describe('shards with hashes', () => {
  it('join to the file that was cut', async () => {
    const files = filesOf(await encodeShards('m.safetensors', encodeSafetensors(weights), 50))
    const list = files.get('m.safetensors.json')!
    const read = await readCheckpoint(list, { files })
    expect(read.format).toBe('safetensors')
    expect(read.tensors).toEqual(weights)
    served = files
    expect((await readCheckpoint(url('m.safetensors.json'))).tensors).toEqual(weights)
  })

  it('do not hide a damaged, exchanged or shortened piece', async () => {
    const files = filesOf(await encodeShards('m', encodeSafetensors(weights), 50))
    const list = files.get('m.json')!
    const first = files.get('m.1of4')!
    const damaged = first.slice()
    damaged[20]! ^= 1
    for (const [piece, message] of [
      [damaged, /m\.1of4: is damaged: its SHA-256 is/],
      [files.get('m.2of4')!, /m\.1of4: is damaged/],
      [first.slice(1), /m\.1of4: should be 50 bytes and is 49/],
    ] as const) {
      files.set('m.1of4', piece)
      await expect(readCheckpoint(list, { files })).rejects.toThrow(message)
      await expect(readCheckpoint(list, { files })).rejects.toThrow(CheckpointError)
    }
  })
})

describe('URLs', () => {
  it('are read by ranges where the server has them, and as a whole where not', async () => {
    const data = new Float32Array(300_000).fill(2)
    const large = new Map<string, NamedTensor>([
      ['first', { dtype: 'float32', shape: [300_000], data }],
      ['last', { dtype: 'float32', shape: [300_000], data }],
    ])
    served = new Map([['large', join(encodeSafetensors(large))]])
    requests = []
    const opened = await openCheckpoint(url('large'))
    expect(await opened.tensors.get('last')!.load()).toEqual(data)
    // One to ask for the size, one for the header, one for the tensor.
    expect(requests.map((request) => request.replace(/\d+-\d+$/, ''))).toEqual([
      '/large bytes=',
      '/large bytes=',
      '/large bytes=',
    ])
    knowsRanges = false
    expect((await readCheckpoint(url('large'))).tensors).toEqual(large)
    knowsRanges = true
  })

  it('that fail say why', async () => {
    await expect(readCheckpoint(url('nothing'))).rejects.toThrow(/nothing: .* answered 404/)
    const nobody = new URL('http://127.0.0.1:9/x')
    await expect(readCheckpoint(nobody)).rejects.toThrow(CheckpointError)
    await expect(readCheckpoint(nobody)).rejects.toThrow(/could not be fetched: .*/)
  })
})
