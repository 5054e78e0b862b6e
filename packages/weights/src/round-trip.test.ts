import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpointFile, replaceFile } from './node.ts'
import { encodeNpz } from './npy.ts'
import { encodeOnnxGraph } from './onnx/encode.ts'
import { encodeSafetensors } from './safetensors.ts'
import { encodeShards } from './shards.ts'
import { bytesOf, type NamedTensor } from './tensor.ts'
import { encodeLayersModel, type ModelFile } from './tfjs.ts'

// AlexNet as torchvision has it, with 1000 classes: 244 MB, more than what a small file may claim.
const shapes: [name: string, shape: number[]][] = [
  ['features.0', [64, 3, 11, 11]],
  ['features.3', [192, 64, 5, 5]],
  ['features.6', [384, 192, 3, 3]],
  ['features.8', [256, 384, 3, 3]],
  ['features.10', [256, 256, 3, 3]],
  ['classifier.1', [4096, 9216]],
  ['classifier.4', [4096, 4096]],
  ['classifier.6', [1000, 4096]],
]
/** Numbers that a half turn of the file would not leave as they are. */
const pattern = Float32Array.from({ length: 1 << 16 }, (_, i) => Math.sin(i) / (1 + (i % 7)))

function fullSize(): Map<string, NamedTensor> {
  const tensors = new Map<string, NamedTensor>()
  for (const [name, shape] of shapes) {
    for (const [part, extents] of [
      ['weight', shape],
      ['bias', shape.slice(0, 1)],
    ] as const) {
      const data = new Float32Array(extents.reduce((product, extent) => product * extent, 1))
      for (let place = 0; place < data.length; place += pattern.length) {
        data.set(pattern.subarray(0, Math.min(pattern.length, data.length - place)), place)
      }
      data[0] = tensors.size
      tensors.set(`${name}.${part}`, { dtype: 'float32', shape: extents, data })
    }
  }
  return tensors
}

const tensors = fullSize()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alexnet-round-trip-'))
})
afterAll(() => rm(folder, { recursive: true }))

const file = (path: string, chunks: ModelFile['chunks']): ModelFile[] => [{ path, chunks }]
const node = { op: 'Relu', inputs: ['x'], outputs: ['y'] }
const value = (name: string) => ({ name, dtype: 'float32' as const, shape: [1] })

/** What each format's writer gives, the file to open first. */
const writers: Record<string, () => ModelFile[] | Promise<ModelFile[]>> = {
  safetensors: () => file('model.safetensors', encodeSafetensors(tensors)),
  npz: () => file('model.npz', encodeNpz(tensors)),
  onnx: () => {
    const [inputs, outputs] = [[value('x')], [value('y')]]
    const graph = { name: 'g', nodes: [node], inputs, outputs, initializers: tensors }
    return file('model.onnx', encodeOnnxGraph(graph))
  },
  tfjs: () => encodeLayersModel({ topology: {}, weights: tensors }),
  shards: () => encodeShards('model.safetensors', encodeSafetensors(tensors)),
}

describe('AlexNet at full size comes back bit for bit', () => {
  it.each(Object.keys(writers))('as %s', async (format) => {
    const files = await writers[format]!()
    for (const { path, chunks } of files) await replaceFile(join(folder, path), chunks)
    const opened = await openCheckpointFile(join(folder, files[0]!.path))
    expect([...opened.tensors.keys()]).toEqual([...tensors.keys()])
    for (const [name, { shape, data }] of tensors) {
      const lazy = opened.tensors.get(name)!
      expect(lazy.shape).toEqual(shape)
      // Not by expect, which would look at 61 million numbers one by one.
      expect(Buffer.compare(bytesOf(await lazy.load()), bytesOf(data)), name).toBe(0)
    }
    await opened.close()
    for (const { path } of files) await rm(join(folder, path))
  })
})
