// One picture, five models: the page, the command line and the library say the same of it, by one view and by ten.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAlexNet, exportWeights } from '@alexnet/core'
import { openModel, type Prediction, toMetadata } from '@alexnet/model'
import { encodeOnnxGraph } from '@alexnet/weights/onnx'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeSite, folder, PATIENCE, picturesFor, saved } from '../testing/site.ts'

const made = mkdtempSync(join(tmpdir(), 'alexnet-one-answer-'))
const picture = join(folder, 'public/samples/cat.png')
const command = join(folder, '../cli/dist/main.js')

/** What `--weights`, `openModel` and the page's field for files take; the page opens with the first. */
const models: Record<string, string> = {
  'cifar10-int8': 'cifar10-int8',
  'a run’s file': join(folder, 'src/models/shapes-paper.safetensors'),
  'PyTorch’s file': join(folder, 'fixtures/lenet-5.pth'),
  'Caffe’s names': join(made, 'caffe.onnx'),
  ONNX: join(made, 'cifar10.onnx'),
}

const views = ['center', 'ten'] as const
type Answers = Record<(typeof views)[number], Pick<Prediction, 'label' | 'probability'>[]>

/** Caffe's network for small pictures, under the names of its ONNX conversion and without a description. */
async function writeCaffe(path: string): Promise<void> {
  const options = { variant: 'caffe', classes: 7, inputSize: 67, seed: 3 } as const
  const network = createAlexNet(options)
  const tensors = await exportWeights(network)
  network.dispose()
  const layers = { conv1: 0, conv2: 4, conv3: 8, conv4: 10, conv5: 12, fc6: 0, fc7: 3, fc8: 6 }
  const initializers = new Map(
    Object.entries(layers).flatMap(([theirs, index]) => {
      const ours = `${theirs.startsWith('conv') ? 'features' : 'classifier'}.${index}`
      return [
        [`${theirs}_w_0`, tensors.get(`${ours}.weight`)!] as const,
        [`${theirs}_b_0`, tensors.get(`${ours}.bias`)!] as const,
      ]
    }),
  )
  const preprocessing = {
    resize: 75,
    crop: 67,
    mean: [0.48, 0.46, 0.41] as const,
    std: [1 / 255, 1 / 255, 1 / 255] as const,
    interpolation: 'bilinear' as const,
  }
  const metadata = toMetadata({ options, labels: [...'abcdefg'], preprocessing })
  const graph = { name: 'caffe', nodes: [], inputs: [], outputs: [], initializers, metadata }
  writeFileSync(path, Buffer.concat(encodeOnnxGraph(graph)))
}

async function library(weights: string): Promise<Answers> {
  const model = await openModel(weights)
  try {
    return {
      center: await model.classify(picture),
      ten: await model.classify(picture, { views: 'ten' }),
    }
  } finally {
    model.dispose()
  }
}

async function commandLine(weights: string): Promise<Answers> {
  const [center, ten] = await Promise.all(
    views.map(async (of) => {
      const args = [command, 'classify', picture, '--weights', weights, '--views', of, '--json']
      const { stdout } = await promisify(execFile)(process.execPath, args)
      return JSON.parse(stdout)[0].top
    }),
  )
  return { center, ten }
}

async function onPage(page: Page): Promise<Answers> {
  // A page without pictures that takes a model looks at a sample of its own.
  await page.getByRole('button', { name: 'Clear' }).click()
  await picturesFor(page, 'classify').setInputFiles(picture)
  const found = {} as Answers
  for (const of of views) {
    await page.getByLabel(/Ten views/).setChecked(of === 'ten')
    const given = async () => JSON.parse(`${(await saved(page, 'Save as JSON')).bytes}`)
    await expect.poll(async () => (await given()).tenView, { timeout: PATIENCE }).toBe(of === 'ten')
    const { results } = await given()
    expect(results).toHaveLength(1)
    found[of] = results[0].top
  }
  return found
}

/** As the page prints them, and five digits more. */
const printed = (answers: Answers) =>
  Object.fromEntries(
    views.map((of) => [
      of,
      answers[of].map(({ label, probability }) => `${label} ${(100 * probability).toFixed(6)}%`),
    ]),
  )

afterAll(() => rmSync(made, { recursive: true }))

describeSite('One answer', (site) => {
  let page: Page
  beforeAll(async () => {
    await writeCaffe(models['Caffe’s names']!)
    const model = await openModel('cifar10')
    await model.save(models.ONNX!)
    model.dispose()
    page = await site.open('#/classify')
    await page.getByTestId('status').waitFor()
  }, PATIENCE)
  afterAll(() => page.context().close())

  it.each(Object.entries(models))('of %s', async (_, weights) => {
    if (weights !== 'cifar10-int8') {
      await page.getByTestId('weights-file').setInputFiles(weights)
      await page.getByText(`from the file ${weights.split('/').at(-1)}`).waitFor()
    }
    const expected = printed(await library(weights))
    expect(printed(await commandLine(weights))).toEqual(expected)
    expect(printed(await onPage(page))).toEqual(expected)
  })
})
