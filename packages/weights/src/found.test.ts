import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCheckpoint } from './checkpoint.ts'
import { readCheckpointFile } from './node.ts'
import { bytesOf, type Checkpoint } from './tensor.ts'

// What torch.load, numpy.load and onnx.numpy_helper say of files as people have them (fixtures/make-found.py).
type Expected = Record<string, Record<string, { shape: number[]; bytes: string }>>
const FOLDER = 'fixtures/found/'
const expected = JSON.parse(readFileSync(`${FOLDER}expected.json`, 'utf8')) as Expected

const facts = ({ tensors }: Checkpoint) =>
  Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      { shape: [...shape], bytes: Buffer.from(bytesOf(data)).toString('hex') },
    ]),
  )

describe('files as people have them', () => {
  it('are all looked at', () => {
    const files = readdirSync(FOLDER).filter((name) => !/\.(json|data)$/.test(name))
    expect(Object.keys(expected).sort()).toEqual(files.sort())
    expect(files.length).toBeGreaterThan(55)
  })

  it.each(Object.keys(expected))('%s gives the right names and bits', async (name) => {
    expect(facts(await readCheckpointFile(FOLDER + name))).toEqual(expected[name])
  })
})

it('reads elements beside an ONNX file from memory too, and says when they are not there', async () => {
  const bytes = (name: string) => new Uint8Array(readFileSync(FOLDER + name))
  const files = new Map([['external.onnx.data', bytes('external.onnx.data')]])
  const read = await readCheckpoint(bytes('external.onnx'), { files })
  expect(facts(read)).toEqual(expected['external.onnx'])
  await expect(readCheckpoint(bytes('external.onnx'))).rejects.toThrow(
    /names the file 'external\.onnx\.data' beside it/,
  )
  const cut = new Map([['external.onnx.data', files.get('external.onnx.data')!.slice(0, 100)]])
  await expect(readCheckpoint(bytes('external.onnx'), { files: cut })).rejects.toThrow(/truncated/)
})
