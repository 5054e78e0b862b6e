// Published weights as a user meets them: a local server stands in for the publisher's, and a record of a
// small network for those of @alexnet/weights.

import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAlexNet } from '@alexnet/core'
import { encodePng, shapes } from '@alexnet/data'
import { ModelError } from '@alexnet/model'
import { type BundledWeights, type WeightRecord, weightRecords } from '@alexnet/weights'
import { saveSafetensors } from '@alexnet/weights/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startBackend } from '../backend.ts'
import { bundledWeights, saveModel } from '../model.ts'
import { runInProcess } from '../testing/in-process.ts'
import { start, temporaryFolder } from '../testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let bytes: Buffer
let record: WeightRecord
let server: Server
/** What the server does with the next requests; none when it is to be away. */
let answer: ((path: string) => Buffer | undefined) | undefined
const requests: string[] = []

const preprocessing = {
  resize: 32,
  crop: 32,
  interpolation: 'bilinear' as const,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
} as WeightRecord['preprocessing']
const labels = ['ant', 'bee', 'cat']

beforeAll(async () => {
  folder = await temporaryFolder()
  await startBackend({ threads: 1 })
  const model = createAlexNet({ variant: 'lenet-5', classes: 3, seed: 3 })
  const path = join(folder.path, 'source.safetensors')
  const options = { variant: 'lenet-5', classes: 3 } as const
  await saveModel(path, model, { options, labels, preprocessing })
  bytes = await readFile(path)
  record = {
    name: 'insects',
    description: 'LeNet-5 for three animals',
    urls: ['https://publisher.invalid/models/insects-1.safetensors'],
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    architecture: 'lenet-5',
    classes: 3,
    labels: async () => labels,
    preprocessing,
    metrics: { dataset: 'three animals', top1: 50, source: 'this test' },
    licence: 'none',
  }
  await writeFile(join(folder.path, 'a.png'), await encodePng(await shapes().load(0)))
  server = createServer((request, response) => {
    requests.push(request.url!)
    const content = answer?.(request.url!)
    if (content) response.writeHead(200, { 'content-length': content.length }).end(content)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.close()
  await folder.remove()
})

let caches = 0
/** The program's own, which are away while a test brings others. */
let shipped: BundledWeights[] = []
beforeEach(() => {
  shipped = (bundledWeights as BundledWeights[]).splice(0)
  ;(weightRecords as WeightRecord[]).push(record)
  requests.length = 0
  answer = (path) => (path === '/mirror/insects-1.safetensors' ? bytes : undefined)
  vi.stubEnv('ALEXNET_CACHE', join(folder.path, `cache-${caches++}`))
  vi.stubEnv('ALEXNET_MIRROR', `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`)
})
afterEach(() => {
  ;(bundledWeights as BundledWeights[]).splice(0, bundledWeights.length, ...shipped)
  ;(weightRecords as WeightRecord[]).pop()
  vi.unstubAllEnvs()
  process.exitCode = undefined
})

/** What the command prints, in this process, where the record is known. */
const alexnet = async (line: string) => (await runInProcess(line)).stdout
const inFolder = (name: string) => join(folder.path, name)

describe('--weights NAME', () => {
  it('downloads once, takes labels and preprocessing from the record, then needs no network', async () => {
    const command = `classify ${inFolder('a.png')} --threads 1 --weights insects --top 3 --json`
    const first = JSON.parse(await alexnet(command))
    expect(requests).toEqual(['/mirror/insects-1.safetensors'])
    expect(first[0].top.map(({ label }: { label: string }) => label).sort()).toEqual(labels)
    answer = undefined
    expect(JSON.parse(await alexnet(command))).toEqual(first)
    expect(requests).toHaveLength(1)
    const file = inFolder('source.safetensors')
    expect(JSON.parse(await alexnet(command.replace('insects', file)))).toEqual(first)
  })

  it('without --json, says that it downloads', async () => {
    const { stderr } = await runInProcess('inspect --weights insects')
    expect(stderr).toMatch(/^downloading 'insects' \(0 MB\)\n/)
  })

  it('refuses another variant than the record has', async () => {
    const wrong = alexnet(`inspect --weights insects --variant cifar`)
    await expect(wrong).rejects.toThrow(/of the variant 'lenet-5', not 'cifar'/)
  })

  it('keeps wrong bytes out, and says where they came from', async () => {
    answer = () => Buffer.from(bytes.map((byte) => byte ^ 1))
    const pull = alexnet('inspect --weights insects')
    await expect(pull).rejects.toThrow(
      /weights 'insects' \(0 MB\) could not be downloaded from http:\/\/127.*other bytes than the published/,
    )
    expect(JSON.parse(await alexnet('weights list --json')).at(-1).state).toBe('absent')
  })
})

describe('weights that come with the program', () => {
  const bundled = () => {
    const { urls: _, ...known } = record
    return { ...known, name: 'ours', load: async () => new Uint8Array(bytes) }
  }
  beforeEach(() => {
    ;(bundledWeights as BundledWeights[]).push(bundled())
  })
  it('are used when none are named, which is said on stderr', async () => {
    const command = `classify ${inFolder('a.png')} --threads 1 --top 1 --json`
    const { stdout, stderr } = await runInProcess(command)
    const unnamed = JSON.parse(stdout)
    expect(stderr).toBe(
      "using the weights 'ours' (LeNet-5 for three animals); name others with --weights\n",
    )
    expect(JSON.parse(await alexnet(`${command} --weights ours`))).toEqual(unnamed)
    expect(labels).toContain(unnamed[0].top[0].label)
    expect(requests).toEqual([])
  })

  it('are listed and verified, and neither downloaded nor removed', async () => {
    expect(JSON.parse(await alexnet('weights list --json'))[0]).toMatchObject({
      name: 'ours',
      state: 'bundled',
      bytes: bytes.length,
    })
    expect(await alexnet('weights verify')).toBe('ours: as published\n')
    expect(await alexnet('weights pull ours')).toMatch(/comes with the program/)
    await expect(alexnet('weights remove ours')).rejects.toThrow(/cannot be removed/)
    expect(requests).toEqual([])
  })
})

describe('weights', () => {
  it('pulls, lists, verifies and removes', async () => {
    const state = async () => JSON.parse(await alexnet('weights list --json')).at(-1)
    expect(await state()).toMatchObject({ name: 'insects', state: 'absent', received: 0 })
    expect(await alexnet('weights verify')).toMatch(/no weights are here yet/)
    const path = (await alexnet('weights pull insects')).trim()
    expect(await readFile(path)).toEqual(bytes)
    expect(await state()).toMatchObject({ state: 'cached', received: bytes.length, path })
    expect(await alexnet('weights list')).toMatch(/in the cache\n +LeNet-5 for three animals\n/)
    expect(await alexnet('weights verify insects')).toBe('insects: as published\n')
    expect(process.exitCode).toBe(undefined)
    await writeFile(
      path,
      bytes.map((byte) => byte ^ 1),
    )
    expect(JSON.parse(await alexnet('weights verify --json'))).toEqual([
      { name: 'insects', state: 'damaged' },
    ])
    expect(process.exitCode).toBe(1)
    expect(await alexnet('weights remove insects')).toMatch(/^insects: \d+\.\d kB freed\n$/)
    expect(await alexnet('weights remove insects')).toBe('insects: was not here\n')
    expect((await state()).state).toBe('absent')
  })

  it('takes --mirror before the environment', async () => {
    vi.stubEnv('ALEXNET_MIRROR', 'http://127.0.0.1:9/nothing')
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/`
    await alexnet(`weights pull insects --mirror ${mirror}`)
    expect(requests).toEqual(['/mirror/insects-1.safetensors'])
  })
})

it('without a network, says what to do, in one line', async () => {
  const env = { ALEXNET_CACHE: inFolder('none'), ALEXNET_MIRROR: 'http://127.0.0.1:9/models' }
  const line = ['classify', 'a.png', '--weights', 'imagenet', '--json']
  const result = await start(line, { cwd: folder.path, env })
  expect([result.code, result.stdout]).toEqual([1, ''])
  expect(result.stderr).toMatch(
    /^alexnet: weights 'imagenet' \(244 MB\) could not be downloaded from http:\/\/127\.0\.0\.1:9\/models\/alexnet-owt-7be5be79\.pth: .*Check the network.*put the file at .*none\/alexnet-owt-7be5be79\.pth by hand.*ALEXNET_MIRROR.*\n$/,
  )
})

it('every subcommand has examples in 80 columns', async () => {
  for (const command of ['', 'list ', 'pull ', 'verify ', 'remove ']) {
    const { stdout } = await runInProcess(`weights ${command}--help`).catch((error) => error)
    expect(stdout).toMatch(/Examples:\n {2}\$ alexnet/)
    expect(Math.max(...stdout.split('\n').map((text: string) => text.length))).toBeLessThan(81)
  }
})

it.each([
  ['weights pull', /missing required argument 'name'/],
  ['weights pul imagenet', /unknown command 'pul'/],
  ['weights pull imagnet', /no weights called 'imagnet'; there are: imagenet/],
  [
    'classify a.png --weights imagnet --threads 1',
    /imagnet: no such file or folder, and no weights/,
  ],
  ['classify a.png --weights . --threads 1', /\. holds no model: looked for model\.safetensors/],
  ['classify a.png --threads 1', /no weights are named: give --weights a file.*'imagenet'/],
])('%s', async (line, message) => {
  await expect(alexnet(line)).rejects.toThrow(message)
})

it.each([
  ['{}', /its labels are no list/],
  ['{"labels":["a"],"options":{"classes":2}}', /1 labels for 2 classes/],
  ['{"labels":[],"options":{"variant":"alexnt"}}', /no variant 'alexnt'/],
  ['not json', /cannot be used/],
  ['{"labels":["a"],"options":{},"preprocessing":{"resize":-1}}', /"resize" must be/],
  [
    '{"labels":["a"],"options":{"variant":"cifar"},"preprocessing":{"resize":48,"crop":48,"mean":[0,0,0],"std":[1,1,1],"interpolation":"bilinear"}}',
    /crops pictures to 48 pixels, for a network that takes 32/,
  ],
])('a description of a model is not believed: %s', async (description, message) => {
  const path = inFolder('bad.safetensors')
  await saveSafetensors(path, new Map(), { alexnet: description })
  const inspecting = alexnet(`inspect --weights ${path}`)
  await expect(inspecting).rejects.toThrow(ModelError)
  await expect(inspecting).rejects.toThrow(message)
})
