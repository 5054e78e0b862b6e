// A trained run on its way to the Hub and back: what is sent to a server on loopback that speaks the Hub's routes to
// its own client, what the card says, and the same answers from `--weights hf:…`.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAlexNet } from '@alexnet/core'
import { encodePng, shapes } from '@alexnet/data'
import { openModel } from '@alexnet/model'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startBackend } from '../backend.ts'
import { saveModel } from '../model.ts'
import { COMMIT, type HubServer, REPOSITORY, startHub } from '../testing/hub-server.ts'
import { runInProcess } from '../testing/in-process.ts'
import { start, temporaryFolder } from '../testing/run.ts'

const NAME = `hf:${REPOSITORY}`
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let hub: HubServer
const inFolder = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await temporaryFolder()
  await startBackend({ threads: 1 })
  const train =
    'train shapes:120 --variant lenet-5 --batch-size 20 --epochs 2 --no-report --out run'
  const trained = await start(train.split(' '), { cwd: folder.path })
  expect(trained.code, trained.stderr).toBe(0)
  await writeFile(inFolder('a.png'), await encodePng(await shapes().load(0)))
})
afterAll(() => folder.remove())
beforeEach(async () => {
  hub = await startHub()
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_TOKEN', hub.token)
  vi.stubEnv('ALEXNET_CACHE', inFolder('cache'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

const push = (more = '') => runInProcess(`push ${NAME} --weights ${inFolder('run')} ${more}`.trim())
const cardOf = () => hub.files.get('README.md')!.toString()

describe('alexnet push', () => {
  it('sends a run in one commit, which opens again with the same answers', async () => {
    const { stdout } = await push('--private --license cc0-1.0 --json')
    const sent = JSON.parse(stdout)
    expect(sent).toMatchObject({ repository: REPOSITORY, commit: COMMIT })
    expect(hub.created).toMatchObject({
      name: 'drawn',
      organization: 'me',
      type: 'model',
      visibility: 'private',
    })
    const paths = [
      'README.md',
      'model.safetensors',
      'config.json',
      'preprocessor_config.json',
      'onnx/model.onnx',
    ]
    expect(sent.files.map(({ path }: { path: string }) => path)).toEqual(paths)
    expect([...hub.files.keys()].sort()).toEqual([...paths].sort())
    expect(hub.requests.filter((request) => request.includes('/commit/'))).toHaveLength(1)

    const classify = `classify ${inFolder('a.png')} --threads 1 --json --weights`
    const there = await runInProcess(`${classify} ${NAME}`)
    const here = await runInProcess(`${classify} ${inFolder('run')}`)
    expect(JSON.parse(there.stdout)).toEqual(JSON.parse(here.stdout))
    // The ONNX file has the same weights.
    const picture = await shapes().load(0)
    const [ours, onnx] = await Promise.all([openModel(NAME), openModel(`${NAME}/onnx/model.onnx`)])
    expect(await onnx.classify(picture)).toEqual(await ours.classify(picture))
    for (const model of [ours, onnx]) model.dispose()
  })

  it('writes a card of what the run knows', async () => {
    await push('--license apache-2.0')
    const card = cardOf()
    const lines = (await readFile(inFolder('run/log.jsonl'), 'utf8')).trim().split('\n')
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch')
    const [first, second] = epochs
    const best = second.validation.top1 > first.validation.top1 ? second : first
    const { top1, loss, classes, confusion, pictures } = best.validation
    expect(card).toMatch(/^---\nlibrary_name: alexnet\npipeline_tag: image-classification\n/)
    expect(card).toContain('license: "apache-2.0"')
    expect(card).toContain(`            value: ${top1.toFixed(4)}\n`)
    expect(card).toContain(
      `| epoch ${best.epoch}, float32 | ${(100 * top1).toFixed(1)}% | ${(100 * best.validation.top5).toFixed(1)}% | ${loss.toFixed(4)} |`,
    )
    expect(card).toContain(`| ${pictures} pictures held back |`)
    const { labels } = JSON.parse(await readFile(inFolder('run/run.json'), 'utf8'))
    const rows = labels.map((label: string, index: number) =>
      classes[index] === null ? '' : `| ${label} | ${(100 * classes[index]).toFixed(1)}% |`,
    )
    for (const row of rows) expect(card).toContain(row)
    const off = confusion.map((row: number[], of: number) =>
      Math.max(...row.map((count, as) => (as === of ? 0 : count))),
    )
    const most = Math.max(...off)
    expect(/Taken for each other most:\n\n- .* called .*: (\d+) /.exec(card)?.[1]).toBe(
      String(most),
    )
    expect(card).toContain('Recipe `small`: 2 of 2 epochs, 20 pictures a step, sgd, momentum 0.9')
    expect(card).toContain('Data: shapes:120; 10.0% of its training pictures held back.')
    expect(card).toContain(`await openModel('${NAME}')`)
    expect(card).toContain('on pictures from elsewhere expect less')
    // Nobody's disk is told of.
    expect(card).not.toContain(folder.path)
  })

  it('takes a repository that is there, and smaller numbers', async () => {
    hub.exists = true
    await push('--quantize int8')
    expect([...hub.files.keys()]).toContain('onnx/model_quantized.onnx')
    expect(cardOf()).toContain('kept as int8')
    const model = await openModel(NAME)
    expect(model.origin.isInt8).toBe(true)
    model.dispose()
  })

  it('says of a file of weights that nothing is known of it', async () => {
    const labels = ['a|b', '<i>c']
    const options = { variant: 'lenet-5', classes: 2 } as const
    const network = createAlexNet({ ...options, seed: 1 })
    const { preprocessing } = await openModel(inFolder('run'))
    await saveModel(inFolder('file.safetensors'), network, { options, labels, preprocessing })
    await runInProcess(`push ${NAME} --weights ${inFolder('file.safetensors')}`)
    expect(cardOf()).toContain('## Accuracy\n\nNot measured.')
    expect(cardOf()).toContain('Nothing is known of it')
    // Names are other people's words.
    expect(cardOf()).toContain('a\\|b, \\<i\\>c')
  })

  it('sends nothing in a dry run, and prints the card', async () => {
    vi.stubEnv('HF_TOKEN', '')
    const { stdout, stderr } = await push('--dry-run')
    expect(stdout).toMatch(/^---\nlibrary_name: alexnet\n/)
    expect(stderr).toMatch(/onnx\/model\.onnx {2}\d+/)
    expect(hub.requests).toEqual([])
  })

  it('says what is wrong in a line', async () => {
    await expect(runInProcess(`push drawn --weights ${inFolder('run')}`)).rejects.toThrow(
      /a model on the Hub is named hf:owner\/name/,
    )
    await expect(runInProcess(`push ${NAME}/a.bin -w ${inFolder('run')}`)).rejects.toThrow(
      /pushed as a whole: leave \/a\.bin out/,
    )
    vi.stubEnv('HF_TOKEN', '')
    await expect(push()).rejects.toThrow(/put a token that may write into HF_TOKEN/)
    vi.stubEnv('HF_TOKEN', 'hf_reads')
    await expect(push()).rejects.toThrow(/does not let this token write there \(403\)/)
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9')
    await expect(push()).rejects.toThrow(/could not be sent/)
    expect(hub.files.size).toBe(0)
  })
})
