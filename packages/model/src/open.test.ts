// Opening from everything that names a model, and the way back through every format: the same answers.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { cifar10 } from '@alexnet/cifar10'
import { createAlexNet, exportWeights } from '@alexnet/core'
import { encodePng, type Picture, shapes } from '@alexnet/data'
import { encodeSafetensors, type WeightRecord } from '@alexnet/weights'
import { saveSafetensors } from '@alexnet/weights/node'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folderFormats } from './formats.ts'
import { type Model, modelFormats, openModel, preprocessingOf, writtenOnly } from './index.ts'

let folder: string
let pictures: Picture[]
const inFolder = (name: string) => join(folder, name)

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  folder = await mkdtemp(join(tmpdir(), 'alexnet-model-'))
  const drawn = shapes({ count: 4, size: 40 })
  pictures = await Promise.all([0, 1, 2, 3].map((index) => drawn.load(index)))
})
afterAll(() => rm(folder, { recursive: true }))

const topOf = async (model: Model) => {
  const found = await model.classify(pictures)
  model.dispose()
  return found
}

describe('openModel', () => {
  it('takes a name, a record, bytes, a Blob, a file, a folder and an address, all the same', async () => {
    const before = tf.memory().numTensors
    const expected = await topOf(await openModel('cifar10'))
    const bytes = await cifar10.load()
    await writeFile(inFolder('model.safetensors'), bytes)
    const file = new File([new Uint8Array(bytes)], 'mine.safetensors')
    const sources = [
      cifar10,
      new Uint8Array(bytes),
      new Blob([new Uint8Array(bytes)]),
      file,
      [file],
    ]
    for (const source of [...sources, inFolder('model.safetensors'), folder]) {
      expect(await topOf(await openModel(source))).toEqual(expected)
    }
    expect(tf.memory().numTensors).toBe(before)
  })

  it('knows what a model is: variant, labels, preparation, where it came from', async () => {
    const model = await openModel('cifar10')
    expect(model.variant).toBe('cifar')
    expect(model.inputSize).toBe(32)
    expect(model.labels).toEqual(await cifar10.labels())
    expect(model.preprocessing).toEqual(cifar10.preprocessing)
    expect(model.origin).toMatchObject({ name: 'cifar10', bytes: cifar10.bytes, isInt8: false })
    model.dispose()
  })

  const readAgain = modelFormats.filter((format) => !writtenOnly.includes(format))
  it.each(readAgain)('writes %s and opens it again with the same answers', async (format) => {
    const model = await openModel('cifar10')
    const expected = await model.classify(pictures)
    const path = inFolder(`saved-${format}`)
    const written = await model.save(path, { format })
    expect(written).toBeGreaterThan(5_000_000)
    // .npz has no room for a description: what is not in the tensors is told.
    const told =
      format === 'npz' ? { labels: model.labels, preprocessing: model.preprocessing } : {}
    expect(await topOf(await openModel(path, told))).toEqual(expected)
    if (!folderFormats.includes(format)) {
      const bytes = await model.save('bytes', { format })
      expect(bytes).toHaveLength(written)
    }
    model.dispose()
  })

  it('recognises weights without a description', async () => {
    const network = createAlexNet({ variant: 'cifar-paper', classes: 7, seed: 3 })
    await saveSafetensors(inFolder('bare.safetensors'), await exportWeights(network))
    const model = await openModel(inFolder('bare.safetensors'))
    expect(model.variant).toBe('cifar-paper')
    expect(model.labels).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect(model.preprocessing).toEqual(preprocessingOf('cifar-paper'))
    const input = await model.prepare(pictures[0]!)
    const [logits] = await model.logits(input)
    const plain = tf.tidy(() =>
      (network.predict(tf.tensor4d(input, [1, 32, 32, 3])) as tf.Tensor).dataSync(),
    )
    expect([...logits!]).toEqual([...plain])
    model.dispose()
    network.dispose()
  })

  it('takes labels and preprocessing in place of the file’s', async () => {
    const labels = Array.from({ length: 10 }, (_, index) => `kind ${index}`)
    const model = await openModel('cifar10', { labels })
    expect((await model.classify(pictures[0]!))[0]!.label).toMatch(/^kind \d$/)
    model.dispose()
    await expect(openModel('cifar10', { labels: ['one'] })).rejects.toThrow(
      'the model has 10 classes but 1 labels were given',
    )
  })

  it.each([
    ['no JSON', 'no', /cannot be used: .*JSON/],
    ['null', 'null', /it is no object/],
    ['no labels', '{"options":{}}', /its labels are no list of names/],
    ['no options', '{"labels":["a"]}', /it has no options/],
    ['other labels', '{"labels":["a"],"options":{"classes":3}}', /it has 1 labels for 3 classes/],
    ['no variant', '{"labels":["a"],"options":{"variant":"vgg"}}', /there is no variant 'vgg'/],
    ['no preparation', '{"labels":["a"],"options":{}}', /it has no preprocessing/],
  ])('refuses a description that is broken: %s', async (_, description, message) => {
    const before = tf.memory().numTensors
    const tensors = new Map([
      ['features.0.bias', { dtype: 'float32' as const, shape: [1], data: new Float32Array(1) }],
    ])
    const chunks = encodeSafetensors(tensors, { alexnet: description })
    const opening = openModel(new Blob(chunks as BlobPart[]), { name: 'broken.safetensors' })
    await expect(opening).rejects.toThrow(message)
    await expect(opening).rejects.toMatchObject({ name: 'ModelError' })
    await expect(opening).rejects.toThrow(/^broken\.safetensors: its description/)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('says what it takes, and what there is', async () => {
    await expect(openModel(5 as never)).rejects.toThrow(
      /a model is opened from a name \(cifar10, cifar10-int8, imagenet\), a path, a URL/,
    )
    await expect(openModel('cifar')).rejects.toThrow(
      'cifar: no such file or folder, and no weights of that name: did you mean cifar10 or cifar10-int8?',
    )
    await expect(openModel('./nowhere.pth')).rejects.toThrow(/nowhere\.pth/)
    await expect(openModel([])).rejects.toThrow('no file of weights was given')
    await expect(openModel('cifar10', { variant: 'paper' })).rejects.toThrow(
      "cifar10 holds weights of the variant 'cifar', not 'paper': leave the variant out",
    )
    await expect(openModel('cifar10', { keepInt8: true })).rejects.toThrow('has no int8 weights')
  })
})

describe('explain', () => {
  it('gives a map, a drawing and the class, by name or number', async () => {
    const model = await openModel('cifar10')
    const found = await model.explain(pictures[0]!, { target: 'ship' })
    expect(found).toMatchObject({ method: 'grad-cam', target: { index: 8, label: 'ship' } })
    expect(found.map!.data).toHaveLength(found.map!.width * found.map!.height)
    // The picture and the map over it, side by side with a gap of 8.
    expect([found.picture.width, found.picture.height]).toEqual([2 * 448 + 24, 448 + 16])
    const over = await model.explain(pictures[0]!, { target: 8, layout: 'over', side: 64 })
    expect([over.picture.width, over.picture.height]).toEqual([64, 64])
    expect(over.map).toEqual(found.map)
    const file = await encodePng(pictures[0]!)
    expect((await model.explain(file, { target: 8 })).map).toEqual(found.map)
    await expect(model.explain(pictures[0]!, { target: 'shp' })).rejects.toThrow(
      "there is no class 'shp': did you mean ship?",
    )
    await expect(model.explain(null)).rejects.toThrow("'grad-cam' explains a picture: give one")
    await expect(model.explain(pictures[0]!, { method: 'neighbours' })).rejects.toThrow(
      'needs pictures to look among',
    )
    model.dispose()
  })
})

describe('downloads', () => {
  it('of a record of a program’s own are checked by its hash', async () => {
    const { load: _, ...known } = cifar10
    const record: WeightRecord = {
      ...known,
      name: 'mine',
      urls: ['http://127.0.0.1:9/mine.safetensors'],
    }
    process.env.XDG_CACHE_HOME = inFolder('cache')
    await expect(openModel(record)).rejects.toThrow(/weights 'mine'.*could not be downloaded/)
  })
})

it('ends before anything is opened when its signal says so', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(openModel('cifar10', { signal })).rejects.toThrow('enough')
})
