// One picture, five models: the page, the command line and the library say the same of it, by one view and by ten.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAlexNet, exportWeights } from '@alexnet/core'
import { type Model, openModel, type Prediction, toMetadata } from '@alexnet/model'
import { encodeOnnxGraph } from '@alexnet/weights/onnx'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeSite, folder, PATIENCE, picturesFor, saved } from '../testing/site.ts'

const made = mkdtempSync(join(tmpdir(), 'alexnet-five-'))
const picture = join(folder, 'public/samples/cat.png')
const command = join(folder, '../cli/dist/main.js')

/** Caffe's network, small, under the names of its ONNX conversion; of a thousand its weights are drawn. */
async function writeCaffe(path: string): Promise<void> {
  const options = { variant: 'caffe', classes: 7, inputSize: 67, seed: 3 } as const
  const network = createAlexNet(options)
  const tensors = await exportWeights(network)
  network.dispose()
  const names = {
    conv1: 'features.0',
    conv2: 'features.4',
    conv3: 'features.8',
    conv4: 'features.10',
    conv5: 'features.12',
    fc6: 'classifier.0',
    fc7: 'classifier.3',
    fc8: 'classifier.6',
  }
  const initializers = new Map(
    Object.entries(names).flatMap(([theirs, ours]) => [
      [`${theirs}_w_0`, tensors.get(`${ours}.weight`)!] as const,
      [`${theirs}_b_0`, tensors.get(`${ours}.bias`)!] as const,
    ]),
  )
  const preprocessing = {
    resize: 75,
    crop: 67,
    mean: [0.48, 0.46, 0.41] as const,
    std: [1 / 255, 1 / 255, 1 / 255] as const,
    interpolation: 'bilinear' as const,
  }
  const labels = [...'abcdefg']
  const metadata = toMetadata({ options, labels, preprocessing })
  const graph = { name: 'caffe', nodes: [], inputs: [], outputs: [], initializers, metadata }
  writeFileSync(path, Buffer.concat(encodeOnnxGraph(graph)))
}

/** What `--weights`, `openModel` and a page's files take; null is the model that the page opens with. */
const models: Record<string, string> = {
  cifar10: 'cifar10',
  run: join(folder, 'src/models/shapes-paper.safetensors'),
  'PyTorch’s file': join(folder, 'fixtures/lenet-5.pth'),
  'Caffe’s names': join(made, 'caffe.onnx'),
  ONNX: join(made, 'cifar10.onnx'),
}

type Row = Pick<Prediction, 'label' | 'probability'>

function commandLine(weights: string, views: string): Row[] {
  const args = ['classify', picture, '--weights', weights, '--views', views, '--json']
  return JSON.parse(execFileSync(process.execPath, [command, ...args], { encoding: 'utf8' }))[0].top
}

async function page(at: Page): Promise<Row[]> {
  await expect.poll(() => at.locator('.bars').count(), { timeout: PATIENCE }).toBe(1)
  return JSON.parse(`${(await saved(at, 'Save as JSON')).bytes}`).results[0].top
}

/** To the last digit that is printed, and one more. */
function expectSame(found: readonly Row[], expected: readonly Row[]): void {
  expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label))
  for (const [index, { probability }] of expected.entries()) {
    expect(found[index]!.probability).toBeCloseTo(probability, 4)
  }
}

beforeAll(async () => {
  await writeCaffe(models['Caffe’s names']!)
  const model = await openModel('cifar10')
  await model.save(models.ONNX!)
  model.dispose()
}, PATIENCE)
afterAll(() => rmSync(made, { recursive: true }))

describeSite('One answer', (site) => {
  it.each(Object.entries(models))('of %s', async (name, weights) => {
    const opened = await site.open('#/classify')
    await opened.getByTestId('status').waitFor()
    await opened.getByRole('button', { name: 'Clear' }).click()
    if (name !== 'cifar10') {
      await opened.getByTestId('weights-file').setInputFiles(weights)
      await opened.getByText(`from the file ${weights.split('/').at(-1)}`).waitFor()
    }
    await picturesFor(opened, 'classify').setInputFiles(picture)
    const model: Model = await openModel(weights)
    const center = await model.classify(picture)
    expectSame(commandLine(weights, 'center'), center)
    expectSame(await page(opened), center)
    const ten = await model.classify(picture, { views: 'ten' })
    model.dispose()
    expectSame(commandLine(weights, 'ten'), ten)
    await opened.getByLabel(/Ten views/).check()
    await expect
      .poll(async () => (await page(opened))[0]!.probability, { timeout: PATIENCE })
      .toBeCloseTo(ten[0]!.probability, 4)
    expectSame(await page(opened), ten)
    await opened.context().close()
  })
})
