// Models of the Hub, from a server on loopback that speaks its routes to its own client: what is asked, what is kept,
// what the files beside the weights say, and what a person is told.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { createAlexNet, exportWeights } from '@alexnet/core'
import { type Picture, shapes } from '@alexnet/data'
import { encodeSafetensors } from '@alexnet/weights'
import { modelInfo, pathsInfo } from '@huggingface/hub'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { askHub, parseHubName } from './hub.ts'
import { openModel, preprocessingOf } from './index.ts'
import { COMMIT, type HubServer, startHub } from './testing/hub-server.ts'

const NAME = 'hf:owner/name'
let hub: HubServer
let folder: string
let weights: Uint8Array
let picture: Picture
const text = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

/** As timm writes it, for a LeNet-5 of three classes. */
const timm = {
  architecture: 'lenet5',
  num_classes: 3,
  label_names: ['n1', 'n2', 'n3'],
  label_descriptions: { n1: 'ant', n2: 'bee', n3: 'cat' },
  pretrained_cfg: {
    input_size: [3, 32, 32],
    interpolation: 'bicubic',
    crop_pct: 0.9,
    crop_mode: 'center',
    mean: [0.5, 0.4, 0.3],
    std: [0.2, 0.3, 0.4],
  },
}

beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  const network = createAlexNet({ variant: 'lenet-5', classes: 3, seed: 5 })
  const chunks = encodeSafetensors(await exportWeights(network))
  weights = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
  network.dispose()
  picture = await shapes({ count: 1, size: 40 }).load(0)
})

beforeEach(async () => {
  hub = await startHub()
  folder = await mkdtemp(join(tmpdir(), 'alexnet-hub-'))
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_TOKEN', '')
  vi.stubEnv('ALEXNET_CACHE', folder)
  // Of the records' files: no business of the Hub's.
  vi.stubEnv('ALEXNET_MIRROR', 'http://127.0.0.1:9')
  hub.files.set('README.md', text('# A model'))
  hub.files.set('config.json', text(timm))
  hub.files.set('model.safetensors', weights)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  await rm(folder, { recursive: true })
})

/** What a model says of the picture, and what it is. */
async function opened(name: string) {
  const model = await openModel(name)
  const { labels, preprocessing, variant, origin } = model
  const found = await model.classify(picture)
  model.dispose()
  return { labels, preprocessing, variant, origin, found }
}

describe('a name', () => {
  it.each([
    ['hf:a/b', { repo: 'a/b', file: undefined, revision: 'main' }],
    ['hf:a/b/onnx/m.onnx', { repo: 'a/b', file: 'onnx/m.onnx', revision: 'main' }],
    ['hf:a/b@refs/pr/1', { repo: 'a/b', file: undefined, revision: 'refs/pr/1' }],
    ['hf:a-1/b.c/m.pth@v1', { repo: 'a-1/b.c', file: 'm.pth', revision: 'v1' }],
  ])('is read: %s', (name, expected) => {
    expect(parseHubName(name)).toEqual({ name, ...expected })
  })

  it.each(['hf:a', 'hf:', 'hf:a/b/', 'hf:a/b/../c', 'hf:../b', 'hf:a/b@', 'hf:a b/c'])(
    'is refused: %s',
    (name) => {
      expect(() => parseHubName(name)).toThrow(/a model on the Hub is named hf:owner\/name/)
    },
  )
})

describe('openModel', () => {
  it('takes labels and preparation from timm’s config.json, and needs no Hub the next time', async () => {
    const first = await opened(NAME)
    expect(first.variant).toBe('lenet-5')
    expect(first.labels).toEqual(['ant', 'bee', 'cat'])
    expect(first.preprocessing).toEqual({
      resize: 35,
      crop: 32,
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.3, 0.4],
      interpolation: 'bicubic',
    })
    expect(first.origin.name).toBe(NAME)
    const kept = await readFile(join(folder, 'hub/owner/name', COMMIT, 'model.safetensors'))
    expect(new Uint8Array(kept)).toEqual(weights)
    expect(hub.requests.filter((request) => request.includes('README'))).toEqual([])

    // The same again asks what the branch is now, and downloads nothing.
    hub.requests.length = 0
    expect(await opened(NAME)).toEqual(first)
    expect(hub.requests).toEqual([
      'GET /api/models/owner/name/revision/main',
      `POST /api/models/owner/name/paths-info/${COMMIT}`,
    ])
    await hub.close()
    expect(await opened(NAME)).toEqual(first)
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    expect(await opened(NAME)).toEqual(first)
    await expect(openModel(`${NAME}@v1`)).rejects.toThrow(/HF_HUB_OFFLINE keeps from asking/)
  })

  it('does not ask about a commit that it has', async () => {
    await opened(`${NAME}@${COMMIT}`)
    hub.requests.length = 0
    await opened(`${NAME}@${COMMIT}`)
    expect(hub.requests).toEqual([])
  })

  it('goes on where a download broke off, without the token where it is sent on to', async () => {
    hub.token = 'hf_secret'
    vi.stubEnv('HF_TOKEN', hub.token)
    hub.breakAfter = 10_000
    const received: number[] = []
    const model = await openModel(NAME, { onProgress: (now) => received.push(now.received) })
    model.dispose()
    expect(hub.requests.filter((request) => request.includes('/storage/'))).toHaveLength(2)
    expect(received.at(-1)).toBe(weights.length)
    const kept = await readFile(join(folder, 'hub/owner/name', COMMIT, 'model.safetensors'))
    expect(new Uint8Array(kept)).toEqual(weights)
  })

  it('takes labels and preparation as Transformers writes them, and a file by its name', async () => {
    hub.files.set('config.json', text({ id2label: { 0: 'a', 1: 'b', 2: 'c' } }))
    hub.files.set(
      'preprocessor_config.json',
      text({
        do_resize: true,
        size: { shortest_edge: 40 },
        resample: 1,
        do_center_crop: true,
        crop_size: { height: 32, width: 32 },
        do_rescale: true,
        rescale_factor: 0.00392156862745098,
        do_normalize: true,
        image_mean: [0.1, 0.2, 0.3],
        image_std: [1, 2, 3],
      }),
    )
    hub.files.set('checkpoints/best.safetensors', weights)
    const { labels, preprocessing, origin } = await opened(`${NAME}/checkpoints/best.safetensors`)
    expect(labels).toEqual(['a', 'b', 'c'])
    expect(preprocessing).toEqual({
      resize: 40,
      crop: 32,
      mean: [0.1, 0.2, 0.3],
      std: [1, 2, 3],
      interpolation: 'lanczos',
    })
    expect(origin.path).toMatch(/checkpoints.best\.safetensors$/)
  })

  it('reads the same from a folder and from files', async () => {
    for (const [name, bytes] of hub.files) await writeFile(join(folder, name), bytes)
    const expected = (await opened(NAME)).found
    expect((await opened(folder)).found).toEqual(expected)
    const files = [...hub.files].map(([name, bytes]) => new File([bytes as BlobPart], name))
    const model = await openModel(files)
    expect(await model.classify(picture)).toEqual(expected)
    model.dispose()
  })

  it('needs nothing beside the weights', async () => {
    hub.files.delete('config.json')
    const { labels, preprocessing } = await opened(NAME)
    expect(labels).toEqual(['0', '1', '2'])
    expect(preprocessing).toEqual(preprocessingOf('lenet-5'))
  })
})

it('knows of a repository what the Hub’s own client does', async () => {
  const { commit, files } = await askHub(parseHubName(NAME), { hubUrl: hub.url })
  const info = await modelInfo({
    name: 'owner/name',
    additionalFields: ['sha'],
    hubUrl: hub.url,
    revision: 'main',
  })
  expect(commit).toBe(info.sha)
  const paths = ['model.safetensors', 'config.json']
  const known = await pathsInfo({ repo: 'owner/name', paths, revision: commit, hubUrl: hub.url })
  expect(files).toEqual(
    known.map(({ path, size, oid, lfs }) => ({ path, bytes: size, oid, sha256: lfs?.oid })),
  )
})

describe('what is wrong', () => {
  const without = (change: (config: typeof timm) => object) => {
    hub.files.set('config.json', text(change(structuredClone(timm))))
  }

  it.each<[string, () => void, string, RegExp]>([
    ['no such model', () => {}, 'hf:owner/other', /no such model, or no 'main' of it.*HF_TOKEN/],
    ['no such revision', () => {}, `${NAME}@v9`, /no 'v9' of it/],
    ['a private one', () => (hub.token = 'hf_x'), NAME, /the Hub says 401.*needs a token/],
    ['no such file', () => {}, `${NAME}/a.pth`, /no a\.pth in it; there are README\.md, config/],
    ['no file', () => hub.files.delete('model.safetensors'), NAME, /no file in it is called as/],
    ['no Hub', () => vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9'), NAME, /cannot be reached/],
    ['broken JSON', () => hub.files.set('config.json', text('{')), NAME, /config\.json is no JSON/],
    [
      'other labels than classes',
      () => without((config) => ({ ...config, label_names: ['one'] })),
      NAME,
      /3 classes but 1 labels/,
    ],
    [
      'another crop',
      () => without((c) => ({ pretrained_cfg: { ...c.pretrained_cfg, crop_mode: 'squash' } })),
      NAME,
      /crops pictures by 'squash'.*option preprocessing/,
    ],
    [
      'squashed pictures',
      () => hub.files.set('preprocessor_config.json', text({ size: { height: 32, width: 32 } })),
      NAME,
      /does not resize the shorter side and crop a square/,
    ],
  ])('is told: %s', async (_, prepare, name, message) => {
    prepare()
    await expect(openModel(name)).rejects.toThrow(message)
    await expect(openModel(name)).rejects.toMatchObject({
      name: expect.stringMatching(/^(Model|Option)Error$/),
    })
  })

  it('is that the bytes are not the Hub’s', async () => {
    const { files } = hub
    const claimed = new Map(files)
    await opened(NAME)
    await rm(join(folder, 'hub/owner/name', COMMIT), { recursive: true })
    // What git keeps, changed on its way; the answer about it stays in the cache.
    files.set('config.json', text(JSON.stringify(timm).replace('ant', 'ape')))
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    await expect(openModel(NAME)).rejects.toThrow(/config\.json came as other bytes than the Hub's/)
    hub.files = claimed
    expect((await opened(NAME)).labels).toEqual(['ant', 'bee', 'cat'])
  })
})
